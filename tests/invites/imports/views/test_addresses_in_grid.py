"""Two people with one address in the grid: what it says, and the buttons that decide, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites.imports import corrections
from invites.models import Batch
from tests.files import csv_of
from tests.invites.imports.grid import counts, downloaded, grid_url, outcome, text
from tests.pages import url_of

Run = Callable[..., Batch]


@pytest.fixture
def couple(start: Run) -> Batch:
    return start(csv_of("x@example.com,Ann,Ek,", "x@example.com,Bo,<Ray>,", "cyd@@example.com,Cyd,Lam,"))


def said(response: Any) -> str:
    found = re.search(r'<p id="grid-said">([^<]*)</p>', text(response))
    assert found
    return found[1]


def row_of(html: str, number: int) -> str:
    return html[html.index(f'id="row-{number}"') :].partition("</tr>")[0]


def test_the_row_says_whose_address_it_is_and_has_two_buttons(ines: Client, couple: Batch) -> None:
    html = row_of(text(ines.get(grid_url(couple))), 3)

    assert "This is also the address of Ann Ek in row 2" in html
    buttons = re.findall(r'value="(\w+:3:2)" data-choice>\s*<bdi>([^<]*)</bdi>', html)
    assert buttons == [("other:3:2", "Keep Ann Ek"), ("this:3:2", "Keep Bo &lt;Ray&gt;")]


@pytest.mark.parametrize(
    ("do", "announced", "outcomes"),
    [
        (
            "other:3:2",
            "Row 3 is skipped. The same address is in row 2, which was kept. 1 left to fix.",
            ["waiting", "skipped address_of_another"],
        ),
        (
            "this:3:2",
            "Row 3 is kept. Row 2 is skipped. 1 left to fix.",
            ["skipped address_of_another", "waiting"],
        ),
        (
            "this:3:4",
            "Someone else changed row 3 in the meantime. The page now shows their change.",
            ["waiting", "problem"],
        ),
    ],
)
def test_a_button_decides(script: Client, couple: Batch, do: str, announced: str, outcomes: list[str]) -> None:
    response = script.post(grid_url(couple), {"do": do})

    assert said(response) == announced
    assert [outcome(couple, number) for number in (2, 3)] == outcomes
    assert "data-choice" not in row_of(text(response), 3) or outcomes[1] == "problem"


def test_without_javascript_a_button_submits_the_form(ines: Client, couple: Batch) -> None:
    cells = {"cell-3-0": "x@example.com", "seen-3": "0", "cell-4-0": "cyd@@example.com", "seen-4": "0"}
    response = ines.post(grid_url(couple), {"do": "this:3:2", **cells})

    assert response.headers["Location"] == f"{grid_url(couple)}#row-3"
    assert outcome(couple, 3) == "waiting"
    assert "Undo" in row_of(text(ines.get(grid_url(couple))), 3)


@pytest.mark.parametrize(
    "do", ["this", "this:3", "other:3:x", "this:99:2", "other:4:2", "this:2:3", "this:3:999999999"]
)
def test_a_button_that_does_not_fit_decides_nothing(script: Client, couple: Batch, do: str) -> None:
    assert script.post(grid_url(couple), {"do": do}).status_code == 200
    assert counts(couple) == (2, 0, 0, 0)


def test_one_button_keeps_the_first_of_each(ines: Client, script: Client, couple: Batch) -> None:
    html = text(ines.get(grid_url(couple), {"kind": "address_of_another"}))
    assert "Keep the first person in 1 row" in html
    assert "The first row with this address is invited, and this row is skipped." in html

    response = script.post(grid_url(couple) + "?kind=address_of_another", {"do": "all:address_of_another"})
    assert counts(couple) == (1, 0, 1, 0)
    assert "Keep the first person" not in text(response)


def test_the_page_of_the_import_says_which_row_was_kept(
    ines: Client, couple: Batch, by: Membership, work: Callable[[Batch], Batch]
) -> None:
    corrections.keep_person(couple, 3, 2, is_this=True, by=by)
    ines.post(grid_url(couple), {"do": "others"})
    couple.refresh_from_db()
    work(couple)

    html = text(ines.get(url_of(couple)))
    assert "The same address is in row 3, which was kept" in html
    assert "someone else’s address" in html
    report = text(ines.get(url_of(couple), {"outcome": "address_of_another"}))
    assert "Ann Ek" in report
    assert "Bo &lt;Ray&gt;" not in report


@pytest.mark.parametrize("this", [False, True])
def test_a_corrected_file_keeps_the_first_or_asks_again(
    ines: Client, couple: Batch, by: Membership, read_only: AccessSelection, *, this: bool
) -> None:
    """Nobody is invited or skipped by a decision that can't be seen in the new import."""
    corrections.keep_person(couple, 3, 2, is_this=this, by=by)
    lines = downloaded(ines.get(grid_url(couple, "imports:batch_problems_file")))
    grant = {"roles": [role.pk for role in read_only.roles], "sites": [site.pk for site in read_only.sites]}
    file = SimpleUploadedFile("team.csv", lines.replace(b"cyd@@", b"cyd@"), content_type="text/csv")
    ines.post(reverse("imports:import", args=["acme"]) + f"?correct={couple.pk}", {**grant, "file": file})

    couple.refresh_from_db()
    third = "problem" if this else "problem skipped_by_admin"
    assert [outcome(couple, number) for number in (2, 3, 4)] == ["waiting", third, "waiting"]
