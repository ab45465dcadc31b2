"""Column names that are missing: the page suggests which of the file's columns each of them might be."""

from __future__ import annotations

import pytest

from invites.checking import Limits, Problem, hint_of
from invites.checking.reading.columns.header import read_header

RENAME = "in your spreadsheet, save the file as CSV, and upload it again"


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (["Mails", "Given", "Family"],
         f"Rename these columns {RENAME}: “Mails” → “Email”, “Given” → “First name”, “Family” → “Last name”."),
        (["Email", "Given", "Surname"],
         f"Rename these columns {RENAME}: “Given” → “First name”, “Surname” → “Last name”."),
        (["Emial", "Given", "Last nmae"],
         f"Rename these columns {RENAME}: “Emial” → “Email”, “Given” → “First name”, “Last nmae” → “Last name”."),
        (["Email", "Given", "Shift"], f"Is “Given” the column “First name”? Rename it {RENAME}."),
        (["Email", "First name", "Surname"], f"Is “Surname” the column “Last name”? Rename it {RENAME}."),
        (["Emial", "First name", "Last name"], f"“Emial” looks like “Email”. Rename it {RENAME}."),
    ],
)  # fmt: skip
def test_suggests_a_column_for_each_that_is_missing(names: list[str], hint: str) -> None:
    problem = read_header(names, limits=Limits())

    assert isinstance(problem, Problem)
    assert (problem.code, hint_of(problem)) == ("missing_column", hint)


def test_suggests_no_column_twice() -> None:
    problem = read_header(["Email", "Fastname", "Shift"], limits=Limits())

    assert isinstance(problem, Problem)
    assert hint_of(problem).count("Fastname") == 1
