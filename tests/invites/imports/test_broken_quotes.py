"""Rows with broken quotation marks: fixed in the grid, or in the file of problem rows."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import correction_jobs, corrections
from invites.imports.corrections import Edit
from invites.imports.upload import correct_batch
from invites.models import Batch
from tests.files import HEADER
from tests.invites.imports.grid import counts, downloaded, grid_url, outcome, row, text
from tests.pages import text_of

Run = Callable[..., Batch]

CERTAIN, UNCLEAR = 'bob@example.com,"Bob,Ray,Day', 'eve@example.com,"Eve "E, v" e",Fox,Day'
PEOPLE = (
    "ann@example.com,Ann,Lee,Night",
    CERTAIN,
    "carl@example.com,Carl,Gray,",
    "dana@example.com,Dana,Fox,",
    UNCLEAR,
    "finn@example.com,Finn,Lam,",
    "gus@example.com,Gus,Hill,",
)


def file_of(*people: str, header: str = HEADER, encoding: str = "utf-8") -> bytes:
    return "".join(f"{line}\r\n" for line in (header, *people)).encode(encoding)


@pytest.fixture
def broken(start: Run) -> Batch:
    batch = start(file_of(*PEOPLE))
    assert batch.state == Batch.State.NEEDS_CORRECTION
    return batch


def emails_of(batch: Batch) -> list[str]:
    return list(batch.rows.filter(outcome="waiting").order_by("number").values_list("email", flat=True))


def test_each_broken_row_is_a_row_to_fix(ines: Client, broken: Batch) -> None:
    assert counts(broken) == (2, 0, 0, 0)
    assert (row(broken, 3).cells, row(broken, 6).cells) == (
        ["bob@example.com", "Bob", "Ray", "Day"],
        [UNCLEAR, "", "", ""],
    )
    told = unescape(text_of(text(ines.get(grid_url(broken)))))
    assert f"The quotation marks in this row don’t match: {CERTAIN}" in told
    assert "Keep these cells" in told
    assert len(emails_of(broken)) == 5


def test_the_cells_that_are_certain_are_kept_with_one_click(broken: Batch, by: Membership) -> None:
    corrections.apply_suggestion(broken, 3, 1, by=by)
    assert outcome(broken, 3) == "waiting"
    assert row(broken, 3).email == "bob@example.com"
    corrections.undo(broken, 3, by=by)
    assert outcome(broken, 3) == "problem"

    correction_jobs.apply_to_all(broken, "broken_quote", by=by)
    assert (outcome(broken, 3), outcome(broken, 6)) == ("waiting", "problem")


def test_an_unclear_row_is_typed_in_the_grid(broken: Batch, by: Membership) -> None:
    cells = ("eve@example.com", "Eve", "Fox", "Day")
    corrections.edit_cells(broken, [Edit(6, place, cell, 0) for place, cell in enumerate(cells)], by=by)
    assert outcome(broken, 6) == "waiting"
    assert row(broken, 6).first_name == "Eve"


def test_the_file_of_problem_rows_has_them_and_can_be_uploaded_again(
    ines: Client, broken: Batch, by: Membership, read_only: AccessSelection
) -> None:
    file = downloaded(ines.get(grid_url(broken, "imports:batch_problems_file"))).decode()
    lines = file.splitlines()
    assert lines[1].startswith('bob@example.com,Bob,Ray,Day,"Row 3. ')
    doubled = UNCLEAR.replace('"', '""')
    assert lines[2].startswith(f'"{doubled}",,,,"Row 6. ')
    fixed = file.replace(lines[2], "eve@example.com,Eve,Fox,Day,Row 6")

    correct_batch(broken, file_name="rows.csv", content=[fixed.encode()], selection=read_only, by=by)
    tasks.check_batch(broken.pk)

    broken.refresh_from_db()
    assert broken.state != Batch.State.NEEDS_CORRECTION, broken.notice
    assert emails_of(broken) == [f"{name}@example.com" for name in ("ann", "bob", "carl", "dana", "eve", "finn", "gus")]


def test_a_broken_row_that_is_removed_from_the_file_stays_skipped(
    ines: Client, start: Run, by: Membership, read_only: AccessSelection
) -> None:
    broken = start(file_of(*PEOPLE, "hal@@example.com,Hal,Orr,"))
    file = downloaded(ines.get(grid_url(broken, "imports:batch_problems_file"))).decode().splitlines()
    fixed = "\r\n".join([file[0], file[3].replace("@@", "@"), ""])

    correct_batch(broken, file_name="rows.csv", content=[fixed.encode()], selection=read_only, by=by)
    tasks.check_batch(broken.pk)

    broken.refresh_from_db()
    assert (outcome(broken, 3), outcome(broken, 6)) == ("problem skipped_by_admin", "problem skipped_by_admin")
    assert outcome(broken, 9) == "waiting"
    assert row(broken, 3).cells == [CERTAIN, "", "", ""]


def test_a_corrected_file_with_broken_quotes_is_not_used(
    ines: Client, broken: Batch, by: Membership, read_only: AccessSelection
) -> None:
    file = downloaded(ines.get(grid_url(broken, "imports:batch_problems_file"))).decode()
    damaged = file.replace("bob@example.com,Bob", 'bob@example.com,"Bob')

    correct_batch(broken, file_name="rows.csv", content=[damaged.encode()], selection=read_only, by=by)
    tasks.check_batch(broken.pk)

    broken.refresh_from_db()
    assert [reason["code"] for reason in broken.notice][:2] == ["file_not_used", "unclosed_quote"]
    assert counts(broken) == (2, 0, 0, 0)


def test_rows_of_a_file_that_is_stored_as_a_table_stay_broken(
    ines: Client, start: Run, by: Membership, read_only: AccessSelection
) -> None:
    """The rows of a file with a line above its column names are stored without it."""
    broken = start(file_of(HEADER, *PEOPLE, header="#TYPE Selected.Example.Person"))
    assert (broken.first_row, counts(broken)) == (0, (2, 0, 0, 0))
    assert row(broken, 4).cells == ["bob@example.com", "Bob", "Ray", "Day"]
    file = downloaded(ines.get(grid_url(broken, "imports:batch_problems_file"))).decode("utf-16").splitlines()
    header, bob, eve = file

    correct_batch(
        broken,
        file_name="rows.csv",
        content=["\r\n".join(["\ufeff" + header, bob, ""]).encode("utf-16-le")],
        selection=read_only,
        by=by,
    )
    tasks.check_batch(broken.pk)

    broken.refresh_from_db()
    assert (outcome(broken, 4), outcome(broken, 7)) == ("problem", "problem skipped_by_admin"), eve
    assert len(emails_of(broken)) == 5
