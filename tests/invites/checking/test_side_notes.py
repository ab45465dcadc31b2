"""A note beside the table doesn't block the person in its row, and no shifted row is taken for one."""

from __future__ import annotations

import csv
import io
import random

import pytest

from invites.checking import Check, message_of
from tests.checking import read_rows
from tests.workbooks import sheet_of, workbook_of

HEADER = ["Email", "First name", "Last name", "Description"]
ANNA = ["anna@company.com", "Anna", "Berg", ""]
BOB = ["bob@company.com", "Bob", "Ray", "nights"]


def text_of(*rows: list[str], delimiter: str = ",") -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue().encode()


def padded(*rows: list[str], width: int = 6) -> list[list[str]]:
    return [row + [""] * (width - len(row)) for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_note_is_ignored_and_reported_once(delimiter: str) -> None:
    rows = padded(HEADER, [*ANNA, "", "ask Tom"], BOB)
    report, found = read_rows(text_of(*rows, delimiter=delimiter))
    assert [row.values for row in found] == [tuple(ANNA), tuple(BOB)]
    assert [message_of(notice) for notice in report.warnings] == ["1 note beside the table was ignored: row 2"]


def test_many_notes_are_counted() -> None:
    people = [[f"a{n}@company.com", "Anna", "Berg", "", "", "note", ""] for n in range(600)]
    report, found = read_rows(text_of(*padded(HEADER, *people, width=7)))
    assert (report.valid, len(found), len(report.warnings)) == (600, 600, 1)
    assert message_of(report.warnings[0]) == (
        "600 notes beside the table were ignored: rows 2, 3, 4, 5, 6 and 595 more"
    )


def test_a_row_with_only_a_note_isnt_a_row() -> None:
    report, found = read_rows(text_of(*padded(HEADER, ANNA, ["", "", "", "", "", "call first"], BOB)))
    assert ([row.number for row in found], report.rows) == ([2, 4], 2)
    assert message_of(report.warnings[0]).endswith("row 3")


def test_a_row_with_a_note_may_have_a_problem() -> None:
    report, _ = read_rows(text_of(*padded(HEADER, ["anna@company", *ANNA[1:], "", "note"], BOB)))
    assert [problem.code for problem in report.problems] == ["email_no_ending"]


@pytest.mark.parametrize(
    "rows",
    [
        [HEADER, [*ANNA, "", "note"]],  # The header has no column for it.
        [[*HEADER, ""], [*ANNA, "", "note"]],
        [[*HEADER, ""], [*ANNA, "note"]],  # Nothing separates it.
        [[*HEADER, "", ""], [*ANNA, "note", ""]],
        [[*HEADER, "", ""], [*ANNA, "and", "note"]],
        [[*HEADER, "", ""], [*ANNA, "", "note", ""]],  # Longer than the header.
        [[*HEADER, "", "", ""], [*ANNA, "", "note"]],  # Shorter.
        [[*HEADER, "", ""], BOB, [*ANNA, "", "note"]],  # An earlier row is shorter.
        [[*HEADER, "", ""], [*BOB, "more", ""], [*ANNA, "", "note"]],  # The column before it isn't empty.
    ],
)
def test_other_cells_are_problems_because_the_row_may_be_shifted(rows: list[list[str]]) -> None:
    report, _ = read_rows(text_of(*rows))
    assert (report.problems[-1].code, report.problems[-1].row) == ("too_many_cells", len(rows))
    assert all(notice.code != "notes_beside" for notice in report.warnings)


def test_a_workbook_says_which_column_a_cell_is_in() -> None:
    rows = [HEADER, [*ANNA, "", "note"], [*BOB, "close"], ["eva@company.com", "Eva", "Lee", "", "", "late"]]
    report, found = read_rows(workbook_of(sheet_of(rows)))
    assert [(row.number, row.is_valid) for row in found] == [(2, True), (3, False), (4, False)]
    assert [problem.code for problem in report.problems] == ["cell_without_column"] * 2


def test_notes_are_still_notes_in_the_table_that_is_stored() -> None:
    rows = [HEADER, [*ANNA, "", "note"], ["bob@company", *BOB[1:]]]
    check = Check(io.BytesIO(workbook_of(sheet_of(rows))))
    list(check.blocks())
    assert check.report.verdict == "problems"
    table = list(check.table_to_store or ())
    again = Check(io.BytesIO(text_of(*table)), first_row=0)
    found = [row for block in again.blocks() for row in block]
    assert [(row.number, row.is_valid) for row in found] == [(2, True), (3, False)]
    assert [notice.code for notice in again.report.warnings if notice.code == "notes_beside"] == ["notes_beside"]


def test_no_cell_of_a_person_changes_and_no_shifted_row_is_a_note() -> None:
    """Rows as spreadsheets write them, with notes, and rows in which commas aren't quoted."""
    chosen = random.Random(15)
    texts = ["", "nights", "north", "Lyon 2"]
    for _ in range(400):
        width = chosen.choice([4, 5, 6, 8])
        is_padded = chosen.random() < 0.8
        rows: list[list[str]] = []
        expected: list[list[str]] = []
        shifted = set()
        for n in range(2, chosen.randint(3, 12)):
            person = [f"p{n}@company.com", "Anna", "Berg", chosen.choice(texts)]
            beside = [""] * (width - 4)
            if width > 5 and chosen.random() < 0.3:
                beside[chosen.randint(1, width - 5)] = "a note"
            cells = person + (beside if is_padded or any(beside) else [])
            if chosen.random() < 0.2:
                # A cell with one or more commas, which isn't quoted.
                place = chosen.randint(1, 3)
                cells = [*cells[:place], *chosen.choice([["a", " b"], ["a", "b", " c"]]), *cells[place + 1 :]]
                shifted.add(n)
            rows.append(cells)
            expected.append(person)
        report, found = read_rows(text_of(HEADER + [""] * (width - 4), *rows))
        for row, cells, person in zip(found, rows, expected, strict=True):
            if row.is_valid and row.number not in shifted:
                assert list(row.values) == person
            if row.number in shifted and len(cells) > 4 and any(cells[4:]):
                assert not row.is_valid, (width, cells)
        told = [notice for notice in report.warnings if notice.code == "notes_beside"]
        if shifted == set(range(2, len(rows) + 2)):
            assert not told
