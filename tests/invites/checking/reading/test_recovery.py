"""Rows with broken quotation marks, and all others, which must be read as if nothing were wrong."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invites.checking import Limits, Problem, Row, open_records
from invites.checking.reading.broken_record import BrokenRecord
from invites.checking.reading.columns.header import Header, read_header
from invites.checking.reading.delimited_text import DelimitedText
from invites.checking.reading.dialect import Dialect
from invites.checking.reading.encodings.encoding import Source
from invites.checking.reading.recovery import RecoveredRecords, Unrecoverable
from tests.checking import read_rows

COLUMNS = ["Email", "First name", "Last name", "Description"]
HEADER = "Email,First name,Last name,Description\n"
GOOD = "".join(f"person{n}@company.com,Anna,Berg,Day\n" for n in range(9))


def recovered(text: str, *, delimiter: str = ",") -> RecoveredRecords:
    data = text.encode()
    source = Source(io.BytesIO(data), "utf-8", "UTF-8", 0, len(data))
    header = read_header(COLUMNS, limits=Limits())
    assert isinstance(header, Header)
    return RecoveredRecords(DelimitedText(source, Dialect(delimiter, 0)), header, 1)


def problems_of(text: str) -> list[tuple[str, int | None, int | None]]:
    report, _ = read_rows(text.encode())
    return [(problem.code, problem.row, problem.line) for problem in report.problems]


def lines_of(*rows: str) -> str:
    return HEADER + "".join(f"{row}\n" for row in rows)


# --- What is recovered ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('bob@company.com,"Bob,Ray,Day', ["bob@company.com", "Bob", "Ray", "Day"]),
        ('"bob@company.com,Bob,Ray,Day', ["bob@company.com", "Bob", "Ray", "Day"]),
        ('bob@company.com,Bob,Ray,"Day', ["bob@company.com", "Bob", "Ray", "Day"]),
        ('bob@company.com,"Bob "Bo" R",Ray,Day', ["bob@company.com", 'Bob "Bo" R', "Ray", "Day"]),
        ('bob@company.com,"Bob" ,Ray,Day', ["bob@company.com", "Bob", "Ray", "Day"]),
        ('"bob@company.com","Bob \\"Bo\\"",Ray,Day', ["bob@company.com", 'Bob "Bo"', "Ray", "Day"]),
    ],
)
def test_suggests_the_cells_of_a_row_that_is_whole_without_its_marks(line: str, cells: list[str]) -> None:
    _, rows = read_rows(lines_of("anna@company.com,Anna,Berg,", line, "carl@company.com,Carl,Gray,").encode())
    assert [row.number for row in rows] == [2, 3, 4]
    broken = rows[1]
    assert list(broken.cells or ()) == cells
    assert [(problem.code, problem.fix, problem.row) for problem in broken.problems] == [
        ("broken_quote", "keep_cells", 3)
    ]
    assert line in str(broken.problems[0].params["found"])


def test_shows_the_text_of_a_row_whose_cells_are_not_certain() -> None:
    line = 'bob@company.com,"Bob "B, o" R",Ray,Day'
    _, rows = read_rows(lines_of("anna@company.com,Anna,Berg,", line, "carl@company.com,Carl,Gray,").encode())
    assert list(rows[1].cells or ()) == [line, "", "", ""]
    assert [(problem.code, problem.suggestion) for problem in rows[1].problems] == [("broken_quote", None)]
    assert (rows[1].email_key, rows[0].is_valid, rows[2].is_valid) == ("", True, True)


def test_each_broken_row_is_a_problem_of_its_own() -> None:
    text = (
        HEADER + GOOD + 'bob@company.com,"Bob,Ray,Day\n' + GOOD.replace("person", "p") + 'carl@company.com,Carl,Gray,"x'
    )
    assert problems_of(text) == [("broken_quote", 11, 11), ("broken_quote", 21, 21)]


def test_a_broken_row_can_have_several_lines() -> None:
    text = HEADER + GOOD + 'bob@company.com,Bob,Ray,"Day "early"\nand late"\n' + GOOD.replace("person", "p")
    _, rows = read_rows(text.encode())
    assert problems_of(text) == [("broken_quote", 11, 11)]
    assert [(row.number, row.line) for row in rows][9:11] == [(11, 11), (12, 13)]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(['bob@company.com,"Bob,Ray,', "carl,Carl,Gray,", GOOD], id="a row without an address below"),
        pytest.param(["carl@,Carl,Gray,", 'bob@company.com,"Bob,Ray,', GOOD], id="an address with a typo above"),
        pytest.param([GOOD, 'bob@company.com,"Bob,Ray,', "c@company.com,Carl,Gray"], id="too few cells below"),
        pytest.param(
            [GOOD, 'bob@company.com,"Bob,Ray,', "x", "x", "x", "x", "x", GOOD], id="many lines that are no row"
        ),
        pytest.param([GOOD, '"B "a, b",Ray,', '"B "a, b",Ray,', GOOD], id="two unclear rows in succession"),
    ],
)
def test_rejects_the_file_if_the_rows_around_are_in_doubt(rows: list[str]) -> None:
    text = lines_of(*(row.removesuffix("\n") for row in rows))
    report, _ = read_rows(text.encode())
    assert (report.verdict, report.rows) == ("rejected", 0)
    broken = next(number for number, line in enumerate(text.splitlines(), start=1) if '"' in line)
    assert (report.problems[0].row, report.problems[0].line) == (broken, broken)


def test_rejects_the_file_if_the_column_names_are_broken() -> None:
    assert problems_of('Email,First name,"Last name\n' + GOOD) == [("unclosed_quote", 1, 1)]


def test_records_for_other_files_have_the_broken_row() -> None:
    text = lines_of("anna@company.com,Anna,Berg,", 'bob@company.com,"Bob,Ray,Day', "carl@company.com,Carl,Gray,")
    stored = open_records(io.BytesIO(text.encode()), limits=Limits(), recover=True)
    assert not isinstance(stored, Problem)
    records = list(stored)  # type: ignore[arg-type]
    assert records[1].cells == ["bob@company.com", "Bob", "Ray", "Day"]
    assert records[1].as_written == ['bob@company.com,"Bob,Ray,Day', "", "", ""]
    assert [record.as_written for record in records[::2]] == [record.cells for record in records[::2]]
    with pytest.raises(csv.Error):
        list(open_records(io.BytesIO(text.encode()), limits=Limits()))  # type: ignore[arg-type]


# --- What must hold for any file ------------------------------------------------------------------

PIECES = st.sampled_from(['"', '""', ",", "\n", "\r\n", "\r", "a", " ", "b@company.com,Bob,Ray,", "b@company.com", "é"])
TEXTS = st.lists(PIECES, max_size=30).map("".join)


def read_all(records: Any) -> tuple[list[tuple[list[str], int]], csv.Error | None]:
    """The records up to an error, each with the number of lines read so far; and the error."""
    found: list[tuple[list[str], int]] = []
    try:
        found += ((list(cells), records.line_num) for cells in records)
    except csv.Error as error:
        return found, error
    return found, None


@given(TEXTS)
@example('a,"b\r\n\r\nc",d\r\r\n')
@example('"",""\n""\n')
def test_valid_text_is_read_like_the_csv_reader_reads_it(text: str) -> None:
    text = HEADER + text
    expected, error = read_all(csv.reader(io.StringIO(text, newline=""), strict=True))
    found, doubt = read_all(recovered(text))
    assert found[: len(expected)] == expected[: len(found)]
    if error is None:
        assert doubt is None
        assert found == expected
    if isinstance(doubt, Unrecoverable):
        assert doubt.number == len(found) + 1


NAMES = st.sampled_from(["Anna", "Bob", "Jean-Luc", "O'Neil", "Fox, Jr", 'Al "Bo" Lee', "Zoë"])
DESCRIPTIONS = st.sampled_from(["", "Day", "Night, late", 'The "boss"', "two\nlines", "Backup:\nx@company.com, Al, 5"])
PEOPLE = st.lists(st.tuples(NAMES, NAMES, DESCRIPTIONS), min_size=3, max_size=9)
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])


def written(people: list[tuple[str, str, str]], quoting: int) -> list[str]:
    """Each row as a CSV program writes it."""
    rows = []
    for number, person in enumerate(people):
        out = io.StringIO()
        csv.writer(out, quoting=quoting, lineterminator="\n").writerow([f"p{number}@company.com", *person])  # type: ignore[arg-type]
        rows.append(out.getvalue())
    return rows


def remove_mark(row: str, at: int) -> str:
    marks = [place for place, character in enumerate(row) if character == '"']
    return row[: marks[at % len(marks)]] + row[marks[at % len(marks)] + 1 :] if marks else row


def add_mark(row: str, at: int) -> str:
    at %= len(row)
    return f'{row[:at]}"{row[at:]}'


def undouble(row: str, at: int) -> str:
    return row.replace('""', '"', 1 + at % 3)


BREAK = st.tuples(st.sampled_from([remove_mark, add_mark, undouble]), st.integers(0, 200))


def by_address(rows: list[Row]) -> dict[str, tuple[str, ...]]:
    return {row.email_key: tuple(row.values) for row in rows if row.is_valid}


@given(PEOPLE, QUOTING, st.integers(0, 8), BREAK)
def test_no_other_row_changes_if_one_is_broken(
    people: list[tuple[str, str, str]], quoting: int, at: int, how: tuple[Callable[[str, int], str], int]
) -> None:
    rows = written(people, quoting)
    _, good_rows = read_rows((HEADER + "".join(rows)).encode())
    good = by_address(good_rows)
    at %= len(rows)
    rows[at] = how[0](rows[at], how[1])
    report, found_rows = read_rows((HEADER + "".join(rows)).encode())
    assert report.verdict in ("ok", "problems", "rejected", "undecided")
    if report.verdict in ("rejected", "undecided"):
        return
    found = by_address(found_rows)
    hidden = {key for key in good if key not in found} - {f"p{at}@company.com"}
    text_of_problems = "".join(str(row.cells) for row in found_rows if row.problems)
    # Nobody disappears: who isn't among the valid rows is in a row with a problem.
    assert all(key in text_of_problems for key in hidden)
    assert all(found[key] == good[key] for key in found if key in good and key != f"p{at}@company.com")
    assert set(found) <= set(good) | {f"p{at}@company.com"} | ({""} if "" in found else set())


@given(PEOPLE, QUOTING, st.lists(st.tuples(st.integers(0, 8), st.integers(0, 200)), min_size=2, max_size=4))
def test_nobody_disappears_if_marks_are_missing_in_several_rows(
    people: list[tuple[str, str, str]], quoting: int, breaks: list[tuple[int, int]]
) -> None:
    rows = written(people, quoting)
    addresses = [f"p{number}@company.com" for number in range(len(people))]
    for at, mark in breaks:
        rows[at % len(rows)] = add_mark(rows[at % len(rows)], mark)
    report, found_rows = read_rows((HEADER + "".join(rows)).encode())
    if report.verdict in ("rejected", "undecided"):
        return
    broken = {at % len(rows) for at, _mark in breaks}
    found = by_address(found_rows)
    text_of_problems = "".join(str(row.cells) for row in found_rows if row.problems)
    for number, address in enumerate(addresses):
        if number not in broken:
            assert address in found or address in text_of_problems


def test_reading_stops_at_the_first_row_in_doubt() -> None:
    records = recovered(HEADER + GOOD + 'bob@company.com,"Bob,Ray,\n' + "x\n" * 9)
    assert len(list(islice(records, 10))) == 10
    with pytest.raises(Unrecoverable) as error:
        next(records)
    assert (error.value.number, error.value.line) == (11, 10)


@pytest.mark.exhaustive
def test_stops_where_many_lines_would_be_read_again_for_each_row() -> None:
    """Each of these rows leaves a quotation mark open, wherever one starts to read."""
    row = 'person@company.com,Anna","Berg,Day\n'
    text = HEADER + GOOD + row * 500
    with pytest.raises(Unrecoverable):
        list(recovered(text))
    assert len(list(recovered(HEADER + GOOD + row * 5 + GOOD))) == 1 + 9 + 5 + 9
    # A single mark is found at once, so each row of a large file may have one.
    assert len(list(recovered(HEADER + 'person@company.com,"Anna,Berg,Day\n' * 4_000))) == 4_001


def test_broken_records_are_lists() -> None:
    assert BrokenRecord(["a"], raw='"a', marked=0, is_certain=True) == ["a"]
