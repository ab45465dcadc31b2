"""The pages of an import speak of one row as one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, User
from invites import tasks
from invites.imports.stop import stop_import
from invites.imports.upload import correct_batch
from invites.models import Batch
from tests.files import csv_of
from tests.invites.imports.late_rows import fix
from tests.pages import url_of, words_of

Start = Callable[..., Batch]
Work = Callable[[Batch], Batch]
SEVERAL = re.compile(
    r"\b(these|those|other|the) rows\b|\brows (that are|were|to)\b|\bthese people\b|\b(of|fix) them\b", re.I
)
ONE_LEFT = ("ann@example.com", "ben@@example.com")
MANY_LEFT = ("ann@example.com", "ben@@example.com", "cat@@example.com")


@pytest.fixture
def read(ines: Client) -> Callable[..., str]:
    """What the admin reads on the page of an import, in its grid and in the dialog for a corrected file."""

    def read(batch: Batch, *, grid: bool = True) -> str:
        pages = [ines.get(url_of(batch)), ines.get("/o/acme/users/")]
        if grid:
            pages += [
                ines.get(url_of(batch, "imports:batch_problems")),
                ines.get(f"/o/acme/import/?correct={batch.pk}"),
            ]
        assert [page.status_code for page in pages] == [200] * len(pages)
        return " | ".join(map(words_of, pages))

    return read


def test_one_row_to_fix_is_not_several(start: Start, read: Callable[..., str]) -> None:
    one = read(start(csv_of(*ONE_LEFT)))

    assert not SEVERAL.findall(one)
    for sentence in (
        "Fix the row, upload a corrected file, or continue without it.",
        "Nobody has been invited yet. Correct the row here, or in your spreadsheet.",
        "Download this row",
        "2 rows, 1 with a problem",
        "Row to fix in team.csv",
        "Invite the other 1",
    ):
        assert sentence in one


def test_several_rows_to_fix_are_several(start: Start, read: Callable[..., str]) -> None:
    many = read(start(csv_of(*MANY_LEFT, "dan@example.com")))

    for sentence in (
        "Fix the rows, upload a corrected file, or continue without them.",
        "Nobody has been invited yet. Correct the rows here, or in your spreadsheet.",
        "Download these rows",
        "4 rows, 2 with problems",
        "Rows to fix in team.csv",
        "Invite the other 2",
    ):
        assert sentence in many


def test_one_row_that_is_left_is_not_several(imported: Start, read: Callable[..., str]) -> None:
    one = read(imported(csv_of(*ONE_LEFT)))
    many = read(imported(csv_of("dan@example.com", *MANY_LEFT[1:])))

    assert not SEVERAL.findall(one)
    assert "Fix the row " in one
    assert "Everyone else has been invited. Fix this row to invite the person with the same import." in one
    assert "Fix the rows " in many
    assert "Everyone else has been invited. Fix these rows to invite their people with the same import." in many


def test_one_fixed_row_is_not_one_of_several(imported: Start, by: Membership, read: Callable[..., str]) -> None:
    batch = imported(csv_of(*ONE_LEFT))
    fix(batch, by, 3)

    page = read(batch)

    assert not SEVERAL.findall(page)
    assert "never emailed" not in page
    assert "1 row of this file hasn’t been invited yet It is fixed and can be invited." in page
    assert "Invite 1 more user" in page


def test_one_row_of_a_stopped_import_is_not_several(start: Start, by: Membership, read: Callable[..., str]) -> None:
    batch = start(csv_of("ann@example.com"))
    stop_import(by, batch)
    batch.refresh_from_db()
    assert batch.can_be_continued

    page = read(batch, grid=False)

    assert not SEVERAL.findall(page)
    assert "It can be invited with the same access and message." in page


def test_one_person_who_was_never_emailed_is_not_several(
    client_of: Callable[[User | None], Client],
    start: Start,
    by: Membership,
    work: Work,
    acme: Organization,
    colleague: Membership,
) -> None:
    """Its inviter lost the permission before the time of the import came."""
    batch = work(start(csv_of("ann@example.com"), send_at=timezone.now() + timedelta(days=1)))
    Batch.objects.filter(pk=batch.pk).update(send_at=timezone.now() - timedelta(seconds=1))
    by.roles.set([acme.roles.get(name="ReadOnly")])
    tasks.start_scheduled_imports()
    work(batch)

    page = words_of(client_of(colleague.user).get(url_of(batch)))

    assert "1 person was never emailed" in page
    assert "To invite this person after all, download the row and import it again." in page
    assert "Download this row" in page


def test_one_row_with_the_address_of_another_is_not_several(ines: Client, start: Start) -> None:
    batch = start(csv_of("ann@example.com,Ann,Lee,", "ann@example.com,Bob,Fox,"))

    page = words_of(ines.get(url_of(batch, "imports:batch_problems"), {"kind": "address_of_another"}))

    assert "The first row with this address is invited, and this row is skipped." in page


def test_a_job_on_one_row_does_not_speak_of_others(ines: Client, imported: Start, by: Membership) -> None:
    batch = imported(csv_of(*ONE_LEFT))
    correct_batch(batch, file_name="fixed.csv", content=[b"email\n"], selection=None, by=by)
    batch.refresh_from_db()

    pages = [ines.get(url_of(batch)), ines.get(url_of(batch, "imports:batch_stop"))]

    assert not SEVERAL.findall(" | ".join(map(words_of, pages)))
