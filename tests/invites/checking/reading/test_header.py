"""Column names that are missing: the page suggests which of the file's columns each of them might be."""

from __future__ import annotations

import pytest

from invites.checking import Limits, Problem
from invites.checking.reading.header import read_header

AGAIN = "in your spreadsheet, save as CSV, and choose the file again."


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (["Mails", "Given", "Family"], 'Is "Email" called Mails, "First name" called Given and "Last name" called Family? Rename them'),
        (["Email", "Given", "Surname"], 'Is "First name" called Given and "Last name" called Surname? Rename them'),
        (["Emial", "Given", "Last nmae"], 'Is "Email" called Emial, "First name" called Given and "Last name" called Last nmae? Rename them'),
        (["Email", "Given", "Shift"], 'Is "First name" called Given? Rename it'),
        (["Email", "First name", "Surname"], "Is it Surname? Rename it"),
        (["Emial", "First name", "Last name"], '"Emial" looks like "Email". Rename it'),
    ],
)  # fmt: skip
def test_suggests_a_column_for_each_that_is_missing(names: list[str], hint: str) -> None:
    problem = read_header(names, limits=Limits())

    assert isinstance(problem, Problem)
    assert (problem.code, problem.hint) == ("missing_column", f"{hint} {AGAIN}")


def test_suggests_no_column_twice() -> None:
    problem = read_header(["Email", "Fastname", "Shift"], limits=Limits())

    assert isinstance(problem, Problem)
    assert problem.hint.count("Fastname") == 1
