"""Files of ours: no spreadsheet runs a cell of them, at whichever delimiter it splits, and every cell comes back."""

from __future__ import annotations

import csv
import io
import sys
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from invites.checking import DELIMITERS, CsvLines, Limits, RecordFile, escape_formula, open_records, unescape_formula
from invites.imports.record_writer import RecordWriter, can_hold
from tests.cases import for_each

SIGNS = "=+-@\0＝＋－＠﹦﹢﹣﹫"
SEPARATORS = [*DELIMITERS, "\r", "\n"]
# Some in which the check reads a file: a file of ours is written as the admin's own.
CODECS = ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252", "mac_roman"]
HEADER = ["Email", "First name", "Last name", "Description", "What is wrong"]

# Text of the kind that goes wrong, and any other. A file with NUL is refused, and half of a pair is no text.
nasty = st.text(alphabet="'\"=+-@ ;,|\t\r\n\u200b\ufeff＝x", max_size=12)
any_text = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
cells = st.one_of(nasty, any_text)


def starts_a_formula(cell: str) -> bool:
    """Whether a spreadsheet that drops what nobody sees would run it."""
    shown = "".join(each for each in cell if unicodedata.category(each) not in ("Cf", "Cc") or each == "\0")
    return shown.lstrip(' "\xa0\u3000').startswith(tuple(SIGNS))


@for_each("sign", SIGNS)
@for_each("before", ["", " ", '"', "\u200b", "\u3000", "'", "\x01", "\ufeff \u2060"])
def test_a_sign_is_escaped_wherever_a_cell_can_start(sign: str, before: str) -> None:
    for start in ("", *(f"x{separator}" for separator in SEPARATORS)):
        cell = f"{start}{before}{sign}cmd|' /C calc'!A0"
        assert escape_formula(cell) == f"{start}'{before}{sign}cmd|' /C calc'!A0"
        assert unescape_formula(escape_formula(cell)) == cell


def test_no_invisible_character_hides_a_formula() -> None:
    invisible = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"]
    assert [each for each in invisible if escape_formula(f"{each}=x") != f"'{each}=x"] == []
    assert [each for each in invisible if escape_formula(f"x;{each}=x") != f"x;'{each}=x"] == []


@pytest.mark.parametrize("cell", ["\tx", "\rx", "\nx", "'\tx"])
def test_a_tab_or_line_break_at_the_start_is_escaped(cell: str) -> None:
    assert escape_formula(cell) == f"'{cell}"


@for_each("cell", ["", "x", "'x", "a=b", "Anna-Maria", "a@b.co", "one, two; three", "a\r\nb", "1+1"])
def test_other_cells_are_unchanged(cell: str) -> None:
    assert escape_formula(cell) == cell


@given(cells)
@example("x;=cmd|' /C calc'!A0")
@example("''=x")
@example("'x,'=y")
def test_any_cell_comes_back_as_it_was(cell: str) -> None:
    assert unescape_formula(escape_formula(cell)) == cell


@given(st.lists(cells, min_size=1, max_size=5), st.sampled_from([*DELIMITERS]), st.sampled_from([*DELIMITERS]))
@example(["x;=cmd"], ",", ";")
@example(["x", 'y;"=cmd'], ",", ";")
@example(["x\r\n=cmd"], ",", ";")
def test_no_delimiter_makes_a_formula_of_a_part_of_a_cell(row: list[str], written: str, read: str) -> None:
    assume(not any("\0" in cell for cell in row))
    line = CsvLines(written).line(map(escape_formula, row))

    for record in csv.reader(io.StringIO(line, newline=""), delimiter=read):
        assert not any(map(starts_a_formula, record))
    # A program that knows nothing of quotes.
    for piece in line.replace("\r", "\n").split("\n"):
        assert not any(map(starts_a_formula, piece.split(read)))


@pytest.mark.parametrize("separator", SEPARATORS)
def test_a_cell_with_any_delimiter_is_quoted(separator: str) -> None:
    for delimiter in DELIMITERS:
        assert CsvLines(delimiter).line([f"a{separator}b", "c"]) == f'"a{separator}b"{delimiter}c'


def file_like(codec: str, delimiter: str, *, says_delimiter: bool) -> RecordFile:
    """An admin's own file, in that encoding and with that delimiter."""
    said = f"sep={delimiter}\r\n" if says_delimiter else ""
    text = said + delimiter.join(HEADER[:4]) + "\r\n"
    marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    found = open_records(io.BytesIO(marks.get(codec, b"") + text.encode(codec)), limits=Limits())
    assert isinstance(found, RecordFile)
    return found


@given(
    st.lists(st.lists(cells, min_size=4, max_size=4), min_size=1, max_size=4),
    st.sampled_from(CODECS),
    st.sampled_from([*DELIMITERS]),
    st.booleans(),
)
@example([["x;=cmd", "'=y", "\u200b=z", "a\r\nb"]], "utf-8-sig", ",", False)
@example([["Ã©", "Ã\xa0", "x", "y"]], "cp1252", ";", False)
@example([["√©", "x", "x", "y"]], "mac_roman", ",", True)
def test_a_file_of_ours_is_read_back_exactly(
    rows: list[list[str]], codec: str, delimiter: str, says_delimiter: bool
) -> None:
    like = file_like(codec if codec.startswith("utf") else "ascii", delimiter, says_delimiter=says_delimiter)
    if not codec.startswith("utf"):
        like = replace(like, codec=codec)
    writer = RecordWriter(like, in_utf8=not can_hold(like, (cell for row in rows for cell in row)))
    lines = [
        [*HEADER[:4], writer.mark(HEADER[4])],
        *([*map(escape_formula, row), f"Row {number}. Wrong"] for number, row in enumerate(rows, start=2)),
    ]

    content = writer.start() + b"".join(map(writer.line, lines))

    found = open_records(io.BytesIO(content), limits=Limits(), codec=like.codec)
    assert isinstance(found, RecordFile), found
    assert [[unescape_formula(cell) for cell in record.cells[:4]] for record in found] == rows
