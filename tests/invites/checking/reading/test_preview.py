"""A preview is small, whatever the file: it is stored with the import until somebody has answered."""

from __future__ import annotations

import io
import json

import pytest

from invites.checking import Check, Decisions, Preview, ReadingOptions
from tests.cases import for_each
from tests.growth import Function, grows_too_fast
from tests.workbooks import sheet_of, workbook_of

LARGEST = 700_000
ROWS = [["Email", "First name", "Last name"], ["anna@company.com", "Anna", "Berg"]]
WIDE = [f"column {number}" for number in range(99)]


def decisions_of(data: bytes, options: ReadingOptions = ReadingOptions()) -> Decisions:  # noqa: B008 - frozen
    check = Check(io.BytesIO(data), options=options)
    assert list(check.blocks()) == []
    assert check.report.decisions is not None, check.report.problems
    return check.report.decisions


def text_of(rows: list[list[str]], codec: str = "utf-8") -> bytes:
    return "\n".join(",".join(cells) for cells in rows).encode(codec)


LARGE = {
    "a cell": lambda: text_of([["Mail", "Given", "Family"], ["anna@company.com", "x" * 900_000, "Berg"]]),
    "columns": lambda: text_of([["Mail", *WIDE], *[["anna@company.com", *["x" * 5_000] * 99]] * 40]),
    "Chinese": lambda: text_of([["Mail", *WIDE], *[["anna@company.com", *["漢" * 500] * 99]] * 40]),
    "encodings": lambda: text_of([["Mail", *WIDE], *[["p@company.com", *["Hegedűs" * 30] * 99]] * 40], "cp1250"),
    "encodings and a cell": lambda: text_of([*ROWS, ["p@company.com", "Péter", "Hegedűs", "x" * 900_000]], "cp1250"),
    "sheets": lambda: workbook_of(*[sheet_of(ROWS)] * 1_000),
    "wide sheets": lambda: workbook_of(*[sheet_of([*ROWS, *[["x" * 190] * 26] * 24])] * 150),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", LARGE)
def test_a_preview_is_small_and_can_be_stored(kind: str) -> None:
    preview = decisions_of(LARGE[kind]()).preview
    stored = json.dumps(preview.as_json())
    assert len(stored) < LARGEST
    assert Preview.from_json(json.loads(stored)) == preview


def test_more_sheets_than_anybody_has_are_rejected() -> None:
    check = Check(io.BytesIO(workbook_of(*[sheet_of(ROWS)] * 1_001)))
    assert list(check.blocks()) == []
    assert check.report.problems[0].code == "workbook_too_heavy"


@pytest.mark.exhaustive
def test_a_chosen_sheet_of_a_large_workbook_can_be_read() -> None:
    rows = [["Email", "First name", "Last name", *["x" * 190] * 20], *[[*ROWS[1], *["x" * 190] * 20]] * 24]
    check = Check(io.BytesIO(workbook_of(*[sheet_of(rows)] * 300)), options=ReadingOptions(sheets=("Sheet299",)))
    assert sum(len(block) for block in check.blocks()) == 24


def test_samples_show_what_is_spelled_differently_in_a_long_cell() -> None:
    data = text_of(
        [[*ROWS[0], "Description"], ["p@company.com", "Peter", "Nagy", "x" * 5_000 + " Hegedűs " + "y" * 900]]
    )
    samples = decisions_of(data.decode().encode("cp1250")).samples()
    assert any("Hegedűs" in name for name in samples["cp1250"])


@for_each(
    "before, repeated, after",
    [
        ("", "My title\n", "Email,First name,Last name\nanna@company.com,Anna,Berg\n"),
        ("", "\n", "Mail,Given,Family\nanna@company.com,Anna,Berg\n"),
        ("Mail,Given,Family\n", "anna@company.com,Anna,Berg\n", ""),
        ("Mail", ",Given", "\nanna@company.com,Anna\n"),
        ("Mail,Full name\nanna@company.com,", "Anna ", "\n"),
        ("Mail,Full name\n", "anna@company.com,Maria Elena Rossi\n", ""),
        ("", "Name (first) / ", ",Email\nAnna,anna@company.com\n"),
        ("Email,First name,Last name\n", "p@company.com,Péter,Hegedűs\n", ""),
        ("Email,First name,Last name\np@company.com,Péter,", "Hegedűs ", "\n"),
        ("version:v1.0\n", "#TYPE a\n", "Mail,Given,Family\nanna@company.com,Anna,Berg\n"),
    ],
)
def test_no_file_in_doubt_takes_more_than_linear_time(before: str, repeated: str, after: str) -> None:
    def check(text: str) -> object:
        data = text.encode("cp1250")
        return [list(Check(io.BytesIO(data), options=options).blocks()) for options in (ReadingOptions(), SPLIT)]

    function: Function = check
    assert not all(grows_too_fast(function, (before, repeated, after)) for _ in range(3))


SPLIT = ReadingOptions(encoding="cp1250", header_row=1, columns={"email": 0, "full_name": 1}, name_order="first-last")
