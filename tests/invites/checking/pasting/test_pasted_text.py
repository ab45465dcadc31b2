"""Pasted text as a table: cells with any delimiter, lists of addresses, and the rows' numbers."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invites.checking import (
    ANY_DOMAIN,
    MOST_PASTED_ROWS,
    Cells,
    Check,
    Row,
    check_cells,
    count_lines,
    read_pasted,
    understand,
)
from tests.cases import for_each

HEADER = ("Email", "First name", "Last name", "Description")


def imported(text: str) -> Check:
    """The check of an import of this text, with its rows read."""
    pasted = read_pasted(text)
    return Check(io.BytesIO(pasted.content()), options=pasted.options, first_row=pasted.first_row)


def rows_of(text: str) -> list[Row]:
    check = imported(text)
    return [row for block in check.blocks() for row in block]


def people_of(text: str) -> list[tuple[int, str, str, str]]:
    return [(row.number, row.values.first_name, row.values.last_name, row.values.email) for row in rows_of(text)]


@for_each("delimiter", ["\t", ";", ",", "|"])
@for_each("end", ["\n", "\r\n", "\r"])
def test_cells_are_read_with_their_column_names(delimiter: str, end: str) -> None:
    lines = [["Last name", "E-mail", "First name"], ["Ek", "ann@x.example", "Ann"], ["ناصر", "farah@x.example", "فرح"]]
    text = end.join(delimiter.join(cells) for cells in lines) + end * 3

    assert people_of(text) == [(2, "Ann", "Ek", "ann@x.example"), (3, "فرح", "ناصر", "farah@x.example")]


@pytest.mark.parametrize(
    "header", ["Email\tFirst name\tLast name", "E-Mail\tVorname\tNachname", "Email\tGiven name\tSurname"]
)
def test_column_names_are_those_of_files(header: str) -> None:
    """What a file is asked about, a pasted table is asked about, too."""
    text = f"{header}\nann@x.example\tAnn\tEk\n"
    pasted, uploaded = imported(text), Check(io.BytesIO(text.encode()))
    for check in (pasted, uploaded):
        list(check.blocks())

    assert pasted.report.verdict == uploaded.report.verdict
    assert (pasted.report.rows, pasted.report.columns) == (uploaded.report.rows, uploaded.report.columns)


def test_the_number_of_a_row_is_its_line() -> None:
    text = "\nEmail\tFirst name\tLast name\n\nann@x.example\tAnn\tEk\n\xa0\nbo@x.example\tBo\tLi\n\n\n"

    assert [number for number, *_rest in people_of(text)] == [4, 6]


def test_a_cell_may_have_a_line_break() -> None:
    text = 'Email\tFirst name\tLast name\tDescription\nann@x.example\tAnn\tEk\t"two\nlines"\nbo@x.example\tBo\tLi\t\n'
    first, second = rows_of(text)

    assert (first.number, first.values.description, second.number) == (2, "two\nlines", 4)


def test_a_quotation_mark_that_is_never_closed_swallows_nobody() -> None:
    text = 'First name\tLast name\tEmail\n"Ann\tEk\tann@x.example\nBo\tLi\tbo@x.example\nChi\t"Vo\tchi@x.example\n'

    assert [row.number for row in rows_of(text)] == [2, 3, 4]
    assert read_pasted(text).has_quotes is False


def test_a_table_without_column_names_is_a_table() -> None:
    for delimiter in "\t;,":
        text = "\n".join(
            delimiter.join(cells) for cells in (["Ann", "Ek", "ann@x.example"], ["Bo", "Li", "bo@x.example"])
        )
        check = imported(text)
        list(check.blocks())

        assert check.report.verdict == "undecided"
        assert check.report.decisions is not None
        assert len(check.report.decisions.columns) == 3


def test_a_sep_line_is_no_row() -> None:
    assert people_of("sep=;\nEmail;First name;Last name\nann@x.example;Ann;Ek") == [(3, "Ann", "Ek", "ann@x.example")]


@for_each(
    "text, people",
    [
        ("Ann Ek <ann@x.example>\nBo Li <bo@x.example>", [(1, "Ann", "Ek"), (2, "Bo", "Li")]),
        ("Ann Ek <ann@x.example>; Bo Li <bo@x.example>", [(1, "Ann", "Ek"), (2, "Bo", "Li")]),
        ("Ann Ek <ann@x.example>;\r\nBo Li <bo@x.example>;\r\n", [(1, "Ann", "Ek"), (2, "Bo", "Li")]),
        ("\n\nAnn Ek <ann@x.example>\n\nBo Li <bo@x.example>", [(3, "Ann", "Ek"), (5, "Bo", "Li")]),
        ("Email\nAnn Ek <ann@x.example>", [(2, "Ann", "Ek")]),
        ("Ek, Ann <ann@x.example>; Bo Li <bo@x.example>", [(1, "Ann", "Ek"), (2, "Bo", "Li")]),
        ("\xa0Ann\xa0Ek\xa0<ann@x.example>\xa0", [(1, "Ann", "Ek")]),
        ("\ufeffAnn Ek <ann@x.example>", [(1, "Ann", "Ek")]),
        ("Ludwig van Dyk <l@x.example>", [(1, "Ludwig", "van Dyk")]),
    ],
)
def test_a_list_is_read(text: str, people: list[tuple[int, str, str]]) -> None:
    assert [(number, first, last) for number, first, last, _email in people_of(text)] == people


def test_addresses_without_names_need_no_question() -> None:
    first, second = rows_of("chiara.rossi@x.example\n\ninfo@x.example\n")

    assert (first.number, second.number) == (1, 3)
    assert [problem.suggestion for problem in first.problems] == ["Chiara", "Rossi"]
    assert [problem.suggestion for problem in second.problems] == [None, None]


def test_the_order_of_names_is_asked_if_it_is_unclear() -> None:
    check = imported("小林 花 <hana@x.example>\n佐藤 健 <ken@x.example>")
    list(check.blocks())

    assert check.report.verdict == "undecided"


def test_every_name_is_found_below_many_rows_without_one() -> None:
    text = "\n".join([*(f"a{at}@x.example" for at in range(200)), "Ann Ek <ann@x.example>"])

    assert people_of(text)[-1] == (201, "Ann", "Ek", "ann@x.example")


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t\t\n", "\xa0", "\u200b\n"])
def test_nothing_is_found_in_a_blank_text(text: str) -> None:
    assert read_pasted(text).rows == ()


@pytest.mark.parametrize("count", [1, MOST_PASTED_ROWS, MOST_PASTED_ROWS + 1])
def test_counts_people_without_column_names(count: int) -> None:
    lines = [f"a{at}@x.example\tAnn\tEk" for at in range(count)]

    assert read_pasted("\n".join(["Email\tFirst name\tLast name", *lines])).people_at_most == count
    assert read_pasted("\n".join(lines)).people_at_most == count
    assert read_pasted("; ".join(f"a{at}@x.example" for at in range(count))).people_at_most == count
    assert count_lines("\r\n".join(lines)) == count


def test_a_list_of_thousands_is_not_read_but_a_table_with_many_cells_is() -> None:
    assert read_pasted("a@x.example; " * 10_001).is_too_long
    rows = "\n".join(f"a{at}@x.example,Ann,Ek{',' * 30}" for at in range(MOST_PASTED_ROWS))
    assert read_pasted(rows).people_at_most == MOST_PASTED_ROWS


SIGNS = st.text(st.sampled_from("aé@.,;:<>()[]\"'\\ \t\n\r\0|=花ن\u200b\ud800“”-"), max_size=60)


@given(SIGNS)
@settings(max_examples=300)
def test_any_text_has_a_result_and_each_row_one_number(text: str) -> None:
    pasted = read_pasted(text)
    numbers = [row.number for row in pasted.rows]

    assert numbers == sorted(set(numbers))
    assert all(1 <= row.line <= len(pasted.lines) for row in pasted.rows)
    assert {each.row.number for each in understand(pasted).rows} <= set(numbers)


# Cells of good rows: no spreadsheet changes them when they are copied.
LETTERS = st.characters(codec="utf-8", categories=["L"])
NAMES = st.text(LETTERS, min_size=1, max_size=12)
TEXTS = st.text(LETTERS | st.sampled_from(" \n\t\",;|'<>()=&.!?-"), max_size=30)


def cell_of_a_spreadsheet(value: str) -> str:
    """As spreadsheets copy a cell to the clipboard."""
    quoted = value.replace('"', '""')
    return f'"{quoted}"' if any(sign in value for sign in '"\t\n') else value


@given(st.lists(st.tuples(NAMES, NAMES, TEXTS), min_size=1, max_size=5))
def test_a_good_row_is_the_same_as_in_an_uploaded_file(people: list[tuple[str, str, str]]) -> None:
    table = [HEADER, *((f"a{at}@x.example", *person) for at, person in enumerate(people))]
    good = [cells for cells in table[1:] if not check_cells(Cells(*cells), row=2, line=2, allowed=ANY_DOMAIN).problems]
    text = "\n".join("\t".join(map(cell_of_a_spreadsheet, cells)) for cells in [HEADER, *good])
    uploaded = "\r\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in cells) for cells in [HEADER, *good])
    values: list[Any] = [row.values for row in rows_of(text)]
    check = Check(io.BytesIO(uploaded.encode("utf-8-sig")))

    assert values == [row.values for block in check.blocks() for row in block]
