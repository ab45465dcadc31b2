"""Files whose column names are separated by another delimiter than the rows."""

from __future__ import annotations

import pytest

from tests.checking import read_rows

NAMES = "Email,First name,Last name,Description"
ROWS = ("anna@company.com;Anna;Berg;Days, nights", "bob@company.com;Bob;Smith;")


@pytest.mark.parametrize("header", [NAMES, f"{NAMES};;;", f"\r\n;;;\r\n{NAMES};;;"])
def test_reads_rows_that_were_added_where_excel_writes_semicolons(header: str) -> None:
    report, rows = read_rows("\r\n".join([header, *ROWS, ""]).encode())
    assert (report.verdict, report.delimiter) == ("ok", "semicolon")
    first = header.count("\n") + 2
    assert [(row.number, row.line, *row.values) for row in rows] == [
        (first, first, "anna@company.com", "Anna", "Berg", "Days, nights"),
        (first + 1, first + 1, "bob@company.com", "Bob", "Smith", ""),
    ]


def test_reads_commas_below_semicolons() -> None:
    lines = (NAMES.replace(",", ";"), "anna@company.com,Anna,Berg,Days; nights")
    report, [row] = read_rows("\n".join(lines).encode())
    assert (report.verdict, report.delimiter) == ("ok", "comma")
    assert row.values.description == "Days; nights"


def test_a_broken_quotation_mark_is_a_problem_of_its_row_here_too() -> None:
    lines = (f"{NAMES};;;", *ROWS, 'cat@company.com;"Cat;Ray;', "dan@company.com;Dan;Fox;", "eve@company.com;Eve;May;")
    report, rows = read_rows("\n".join(lines).encode())
    assert [(problem.row, problem.line) for problem in report.problems] == [(4, 4)]
    assert len(rows) == 5


def test_most_rows_decide() -> None:
    lines = (NAMES, "anna@company.com,Anna,Berg,", "bob@company.com,Bob,Smith,", "cat@company.com;Cat;Ray;")
    report, rows = read_rows("\n".join(lines).encode())
    assert report.delimiter == "comma"
    assert [row.is_valid for row in rows] == [True, True, False]
