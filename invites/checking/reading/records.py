"""The records of a file as they stand in it, with all their columns: for files made out of an admin's own."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from invites.checking.catalog import file_problem
from invites.checking.cells.text import is_blank
from invites.checking.reading.dialect import Dialect, find_dialect
from invites.checking.reading.encoding import Source, open_source
from invites.checking.reading.header import Header, is_what_is_wrong, read_header
from invites.checking.reading.workbook import Sheet, open_workbook
from invites.checking.report import Limits, Problem

_ENDS = ("\r\n", "\n", "\r")


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the file: its number as the spreadsheet shows it, and every cell."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file whose columns are known, and how it is written. `says_delimiter`: it begins with a `sep=` line.

    A workbook has the ways of a text that every Excel opens: UTF-16 and tabs.
    """

    rows: Callable[[], Iterator[list[str]]]
    header: Header
    header_record: Record
    codec: str
    has_mark: bool
    delimiter: str
    says_delimiter: bool
    line_end: str

    @property
    def what_is_wrong_position(self) -> int | None:
        """The index of the column *What is wrong*, if there is one."""
        return next((place for place, name in enumerate(self.header_record.cells) if is_what_is_wrong(name)), None)

    def __iter__(self) -> Iterator[Record]:
        """The records below the header that are not blank. Raises csv.Error where the file can't be read on."""
        for record in _records(self.rows()):
            if record.number > self.header_record.number:
                yield record


def open_records(
    stream: BinaryIO,
    *,
    limits: Limits,
    name: str = "",
    codec: str | None = None,
    while_waiting: Callable[[], None] | None = None,
) -> RecordFile | Problem:
    """Look at the file's kind, encoding and columns. What is wrong with its rows is not seen here.

    `name` is the file's: a workbook is read only if it is called .xlsx. `codec` is the one that a text which is not
    Unicode is known to be in, so that a few words without context leave no doubt. `while_waiting` is called every few
    seconds while a workbook is read.
    """
    if name.lower().endswith(".xlsx"):
        sheet = open_workbook(stream, limits, while_waiting=while_waiting)
        if isinstance(sheet, Problem):
            return sheet
        if sheet is not None:
            return open_sheet_records(sheet, limits=limits)
    source = open_source(stream, limits)
    in_doubt = ("unreadable", "unsure_spelling")
    if codec and (source.code in in_doubt if isinstance(source, Problem) else source.codec != codec):
        source = _open_as(stream, codec, source)
    if isinstance(source, Problem):
        return source
    dialect = find_dialect(source.open_text())
    if isinstance(dialect, Problem):
        return dialect
    if csv.field_size_limit() < limits.max_cell:
        csv.field_size_limit(limits.max_cell)
    first_line = next(iter(source.open_text()), "")
    return _open(
        lambda: _rows_of_text(source, dialect),
        limits,
        codec=source.codec,
        has_mark=source.start > 0,
        delimiter=dialect.delimiter,
        says_delimiter=dialect.lines_before > 0,
        line_end=next((end for end in _ENDS if first_line.endswith(end)), "\r\n"),
    )


def open_sheet_records(sheet: Sheet, *, limits: Limits) -> RecordFile | Problem:
    """The records of a sheet that was read before. They are written in UTF-16 with tabs, which every Excel opens."""
    return _open(
        sheet.rows,
        limits,
        codec="utf-16-le",
        has_mark=True,
        delimiter="\t",
        says_delimiter=False,
        line_end="\r\n",
    )


def _open(rows: Callable[[], Iterator[list[str]]], limits: Limits, **ways: Any) -> RecordFile | Problem:
    try:
        first = next(_records(rows()), None)
    except csv.Error:
        return file_problem("unclosed_quote", row=1, line=1)
    if first is None:
        return file_problem("empty")
    header = read_header(list(first.cells), limits=limits)
    return header if isinstance(header, Problem) else RecordFile(rows, header, first, **ways)


def _open_as(stream: BinaryIO, codec: str, found: Source | Problem) -> Source | Problem:
    """The file in that encoding; as it was found if it is Unicode already, or can't be read in that encoding."""
    if codec.startswith("utf-16") or (isinstance(found, Source) and "utf" in (codec[:3], found.codec[:3])):
        return found
    # Files of ours in other encodings are never valid UTF-8, so somebody has saved this one as UTF-8.
    if codec != "utf-8" and _can_read(Source(stream, "utf-8", "", 0, 0)):
        return found
    known = Source(stream, codec, "", 0, 0)
    return known if _can_read(known) else found


def _can_read(source: Source) -> bool:
    try:
        for _ in source.open_text():
            pass
    except UnicodeDecodeError:
        return False
    return True


def _rows_of_text(source: Source, dialect: Dialect) -> Iterator[list[str]]:
    reader = csv.reader(source.open_text(), delimiter=dialect.delimiter, strict=True)
    for _ in range(dialect.lines_before):
        next(reader)
    return reader


def _records(rows: Iterator[list[str]]) -> Iterator[Record]:
    for number, cells in enumerate(rows, start=1):
        if not all(is_blank(cell) for cell in cells):
            yield Record(number, cells)
