"""Read the records of a file as written, with all columns, to make other files from it."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from invites.checking.catalog import file_problem
from invites.checking.cells.text import is_blank
from invites.checking.reading.dialect import Dialect, find_dialect
from invites.checking.reading.encoding import Source
from invites.checking.reading.file import open_file, read_records
from invites.checking.reading.header import Header, is_what_is_wrong, read_header
from invites.checking.reading.workbook import Workbook, read_sheet
from invites.checking.report import Limits, Problem

_LINE_ENDS = ("\r\n", "\n", "\r")


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the file: its number as the spreadsheet shows it, and every cell."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file whose columns are known, and how it is written. `says_delimiter`: it begins with a `sep=` line.

    A workbook counts as a text that every Excel opens: UTF-16 with tabs.
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
        return next(
            (position for position, name in enumerate(self.header_record.cells) if is_what_is_wrong(name)), None
        )

    def __iter__(self) -> Iterator[Record]:
        """The records below the header that aren't blank. Raises csv.Error where the file can't be read further."""
        for record in _number_records(self.rows()):
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
    """Find out the kind of the file, its encoding and columns. Its rows aren't checked.

    `codec` is the known encoding of a text that isn't Unicode, so that a few words without context cause no doubt. For
    `while_waiting` see `open_file`. `name` is the name of the file; nothing depends on it.
    """
    file = open_file(stream, limits, while_waiting=while_waiting)
    if isinstance(file, Workbook):
        return open_sheet_records(file.sheets[0].text, limits=limits)
    source = _apply_codec(file, codec, stream) if codec else file
    if isinstance(source, Problem):
        return source
    dialect = find_dialect(source.open_text())
    if isinstance(dialect, Problem):
        return dialect
    first_line = next(iter(source.open_text()), "")
    return _open(
        lambda: _rows_of_text(source, dialect, limits),
        limits,
        codec=source.codec,
        has_mark=source.start > 0,
        delimiter=dialect.delimiter,
        says_delimiter=dialect.lines_before > 0,
        line_end=next((end for end in _LINE_ENDS if first_line.endswith(end)), "\r\n"),
    )


def open_sheet_records(text: BinaryIO, *, limits: Limits) -> RecordFile | Problem:
    """The records of a sheet that was read before, from its text."""
    return _open(
        lambda: read_sheet(text),
        limits,
        codec="utf-16-le",
        has_mark=True,
        delimiter="\t",
        says_delimiter=False,
        line_end="\r\n",
    )


def _open(rows: Callable[[], Iterator[list[str]]], limits: Limits, **format: Any) -> RecordFile | Problem:
    try:
        first = next(_number_records(rows()), None)
    except csv.Error:
        return file_problem("unclosed_quote", row=1, line=1)
    if first is None:
        return file_problem("empty")
    header = read_header(list(first.cells), limits=limits)
    return header if isinstance(header, Problem) else RecordFile(rows, header, first, **format)


def _apply_codec(found: Source | Problem, codec: str, stream: BinaryIO) -> Source | Problem:
    """The file in this encoding, or as it was found if it is Unicode or can't be read in this encoding."""
    is_in_doubt = isinstance(found, Problem) and found.code in ("unreadable", "unsure_spelling")
    if not is_in_doubt and (isinstance(found, Problem) or found.codec == codec):
        return found
    if codec.startswith("utf-16") or (isinstance(found, Source) and "utf" in (codec[:3], found.codec[:3])):
        return found
    # Our files in other encodings are never valid UTF-8, so somebody has saved this one as UTF-8.
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


def _rows_of_text(source: Source, dialect: Dialect, limits: Limits) -> Iterator[list[str]]:
    rows = read_records(source, dialect.delimiter, limits)
    for _ in range(dialect.lines_before):
        next(rows)
    return iter(rows)


def _number_records(rows: Iterator[list[str]]) -> Iterator[Record]:
    """The rows that aren't blank, numbered as the spreadsheet shows them."""
    for number, cells in enumerate(rows, start=1):
        if not all(is_blank(cell) for cell in cells):
            yield Record(number, cells)
