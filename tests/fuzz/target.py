"""What must be true for any bytes, for the fuzzer and for tests with mutated files.

This uses plain asserts without pytest or Django, because the fuzzer has its own environment.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from invites.checking import (
    ANY_DOMAIN,
    COLUMNS,
    FIND_OUT,
    Cells,
    Check,
    Limits,
    Preview,
    Problem,
    ReadingOptions,
    Report,
    Row,
    check_cells,
    escape_formula,
    hint_of,
    message_of,
    open_records,
    write_table,
)
from invites.checking.reading.records import RecordFile
from tests.workbooks import workbook_of

# Small enough that files of a few thousand bytes come to each of them.
LIMITS = Limits(max_bytes=20_000, max_rows=60, max_columns=12, max_cell=600, max_line=2_400)
TITLES = [column.title for column in COLUMNS]
# What files consist of.
WORDS = (
    *TITLES, "What is wrong", "sep=;", ",", ";", "\t", "|", '"', '""', "\r\n",
    "@", "anna@company.com", "mailto:", "www.company.com", "a@b.co,A,B\n", "xn--", "\u200b", "\u202e", "\u00e9", "\ufffd",
    "\x00", "\x1a", "\x85", "<sheetData>", "</sheetData>", '<row r="1">', '<c r="A1" t="inlineStr"><is><t>', "</t></is></c>",
    "</row>", "Row 2. ", "'=", "Full name", "Name", "Given name,Surname", "Teljes n\u00e9v", "\u59d3\u540d", "displayName",
    "version:v1.0\n", "#TYPE a\n", "Anna van Dyk", "Berg, Anna", "Crew 2026\n", "Total: 2,,,\n", ",,a note", '<row hidden="1" r="2">',
)  # fmt: skip
_ROWS_OF_A_SHEET = 1 << 20


def take(data: bytes) -> None:
    """Check one file. XML is the sheet of a workbook."""
    if data.startswith(b"<sheetData"):
        look_at(workbook_of(data.decode("utf-8", "replace")))
    look_at(data)


def look_at(data: bytes, options: ReadingOptions = FIND_OUT) -> Report:
    """Check the file and its report. Raises AssertionError if something isn't as it must be.

    If something has to be decided first, accept what is suggested, with each of the encodings, and check again.
    """
    check = Check(io.BytesIO(data), limits=LIMITS, options=options)
    rows: list[Row] = []
    for block in check.blocks():
        assert len(block) == len(list(block)) > 0, "a block is not empty, and has as many rows as it says"
        rows += block
    report = check.report
    _look_at_counts(report)
    if report.verdict == "rejected":
        _look_at_rejection(report)
        return report
    if report.verdict == "undecided":
        assert options == FIND_OUT, "what is suggested leaves nothing open"
        assert not rows, "nothing is read before it is decided"
        for decided in _look_at_decisions(report):
            look_at(data, decided)
        return report
    assert report.rows == len(rows) <= LIMITS.max_rows
    is_sheet = not report.delimiter
    _look_at_places(rows, lines=_ROWS_OF_A_SHEET if is_sheet else data.count(b"\n") + data.count(b"\r") + 1)
    for row in rows:
        _look_at_row(row)
    assert report.valid == _look_at_addresses(rows), "an address is invited once"
    in_tails = [row for row in rows if any(row.number in tail for tail in report.tails)]
    assert len(in_tails) == report.not_people
    assert all(row.problems and "@" not in "".join(row.cells or ()) for row in in_tails), "only rows without an @"
    assert report.problem_rows == sum(bool(row.problems) for row in rows) - report.not_people
    if (table := check.table_to_store) is None:
        found = open_records(io.BytesIO(data), limits=LIMITS, options=options, recover=True)
        assert isinstance(found, RecordFile), "a file whose rows were checked can be handed out"
        _look_at_records(found, rows)
    else:
        _look_at_stored_table(table, rows)
    _check_again([row for row in rows if row.problems], report)
    return report


def _look_at_counts(report: Report) -> None:
    assert report.verdict in ("ok", "problems", "undecided", "rejected")
    assert report.rows == report.valid + report.skipped + report.problem_rows, "the rows add up"
    assert min(report.valid, report.skipped, report.problem_rows) >= 0
    assert (report.verdict == "problems") == bool(report.problem_rows)
    assert report.problem_count == sum(report.problems_by_code.values()) == len(report.problems)
    assert report.skipped == len(report.duplicates) + report.not_people
    for problem in report.problems:
        _look_at_words(problem)
    for notice in (*report.warnings, *report.duplicates):
        assert message_of(notice)
        assert _is_shown(message_of(notice) + notice.value), "nothing invisible is shown"


def _look_at_words(problem: Problem) -> None:
    assert message_of(problem)
    assert hint_of(problem).endswith(".")
    assert len(problem.value) <= 80 * len("\u27e8U+10FFFF\u27e9")
    assert len(message_of(problem)) + len(hint_of(problem)) < 2_000, "a sentence stays a sentence"
    assert _is_shown(message_of(problem) + hint_of(problem) + problem.value), "nothing invisible is shown"


def _is_shown(text: str) -> bool:
    return not re.search("[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def _look_at_rejection(report: Report) -> None:
    assert report.problems == [report.rejection], "what is wrong with a file stands alone"
    assert (report.rows, report.valid, report.skipped) == (0, 0, 0), "nobody is in it"


def _look_at_decisions(report: Report) -> list[ReadingOptions]:
    """The options that accept what is suggested, one for each encoding."""
    decisions = report.decisions
    assert decisions is not None
    assert decisions.open, "something is open"
    assert decisions.problem is None
    assert (report.rows, report.valid, report.skipped) == (0, 0, 0), "nobody is in it yet"
    stored = json.dumps(decisions.preview.as_json())
    assert Preview.from_json(json.loads(stored)) == decisions.preview, "a preview can be stored"
    assert message_of(decisions.as_problem())
    samples = decisions.samples()
    assert _is_shown("".join(name for names in samples.values() for name in names)), "nothing invisible is shown"
    options = decisions.as_options()
    # An address is always there, but a file needn't have the names.
    options = replace(options, not_in_file=(*options.not_in_file, *decisions.missing))
    assert ReadingOptions.from_json(json.loads(json.dumps(options.as_json()))) == options, "options can be stored"
    if "email" in decisions.missing:
        return []
    codecs = [table.name for table in decisions.preview.tables] if "encoding" in decisions.open else [options.encoding]
    return [replace(options, encoding=codec) for codec in codecs]


def _look_at_stored_table(table: Iterable[list[str]], rows: list[Row]) -> None:
    """What is stored instead of the file is read without any options, and has the same people in the same rows."""
    stored = io.BytesIO()
    write_table(table, stored)
    check = Check(stored, limits=replace(LIMITS, max_bytes=1_000_000, max_columns=100), first_row=0)
    again = [row for block in check.blocks() for row in block]
    assert check.report.verdict in ("ok", "problems"), "what is stored needs no decisions"
    assert [row.number for row in again] == [row.number for row in rows]
    for row, same in zip(rows, again, strict=True):
        if any(problem.code == "broken_quote" for problem in row.problems):
            assert same.problems, "a broken row stays a problem"
        else:
            assert _values_of(row) == _values_of(same), "the people are the same"


def _values_of(row: Row) -> Cells:
    return _check_cells(row.values if row.cells is None else row.cells).values


def _look_at_places(rows: list[Row], *, lines: int) -> None:
    """Row numbers and lines increase, and stay within the lines of the file."""
    number = line = 0
    for row in rows:
        assert number < row.number, "numbers of rows rise"
        assert line < row.line <= lines, "lines rise, and are lines of the file"
        # The line that says `sep=;` has no row.
        assert row.number <= row.line
        number, line = row.number, row.line
        for problem in row.problems:
            assert (problem.row, problem.line) == (row.number, row.line)
            assert problem.column is None or problem.column in Cells._fields


def _look_at_addresses(rows: list[Row]) -> int:
    """Each address is invited once. Who repeats it is skipped with the same name, and a problem with another name."""
    first: dict[str, Row] = {}
    for row in rows:
        names = _name_of(row)
        if row.duplicate_of is not None:
            repeated = first[row.email_key]
            assert repeated.number == row.duplicate_of < row.number, "a duplicate names the row it repeats"
            assert names == _name_of(repeated), "nobody with another name is skipped"
        elif row.is_valid:
            assert row.email_key not in first
            first[row.email_key] = row
        elif row.problems[0].code == "address_of_another":
            repeated = first[row.email_key]
            assert len(row.problems) == 1
            assert row.problems[0].params["number"] == repeated.number < row.number
            assert names != _name_of(repeated)
    return len(first)


def _name_of(row: Row) -> str:
    """The name without regard to case, spaces and Unicode forms, written in another way than in the check."""
    name = unicodedata.normalize("NFC", f"{row.values.first_name} {row.values.last_name}")
    return unicodedata.normalize("NFC", " ".join(re.split(r"\s+", name.casefold())))


def _look_at_row(row: Row) -> None:
    if not row.problems:
        assert row.email_key == row.values.email.lower()
        for column, value in zip(COLUMNS, row.values, strict=True):
            assert len(value) <= column.longest
            assert value or not column.is_required
        again = _check_cells(row.values)
        assert not again.problems, "what was accepted is accepted again"
        assert again.values == row.values, "and is in its normal form"
        return
    assert row.cells is not None
    assert row.duplicate_of is None
    for problem in row.problems:
        if problem.suggestion is not None and problem.column is not None:
            again = _check_cells(row.cells._replace(**{problem.column: problem.suggestion}))
            left = [each.code for each in again.problems if each.column == problem.column]
            assert not left, "what is suggested fixes the cell"


def _check_cells(cells: Cells) -> Row:
    return check_cells(cells, row=2, line=2, allowed=ANY_DOMAIN)


def _look_at_records(found: RecordFile, rows: list[Row]) -> None:
    """The records for a file of problem rows are the rows that were checked."""
    records = {record.number: record.cells for record in found}
    numbers = {row.number for row in rows}
    assert [number for number in records if number in numbers] == [row.number for row in rows]
    for number in records.keys() - numbers:
        beside = records[number][found.header.width :]
        assert not any(map(str.strip, records[number][: found.header.width])), "only a note isn't a row"
        assert any(beside[1:]), "a note is separated from the table"
    for row in rows:
        if row.cells is not None:
            assert found.header.pick(records[row.number]) == row.cells


def _check_again(problem_rows: list[Row], report: Report) -> None:
    """Check the problem rows as a file of their own, which may be rejected because of a cell."""
    if not problem_rows:
        return
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(TITLES)
    writer.writerows([escape_formula(cell) for cell in row.cells or ()] for row in problem_rows)
    check = Check(io.BytesIO(file.getvalue().encode("utf-8", "surrogatepass")), limits=Limits())
    for _ in check.blocks():
        pass
    _look_at_counts(check.report)
    assert check.report.rows <= len(problem_rows)
