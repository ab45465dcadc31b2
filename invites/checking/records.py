"""The records of a file as they stand in it, with all their columns: for files made out of an admin's own."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from invites.checking.catalog import file_problem
from invites.checking.decode import Source, open_source
from invites.checking.dialect import Dialect, find_dialect
from invites.checking.header import Header, is_ours, read_header
from invites.checking.report import Limits, Problem
from invites.checking.text import is_blank

_ENDS = ("\r\n", "\n", "\r")


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the file: its number as the spreadsheet shows it, and every cell."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file whose columns are known. `ours` is the index of its column *What is wrong*, if it has one."""

    source: Source
    dialect: Dialect
    header: Header
    header_record: Record
    line_end: str

    @property
    def ours(self) -> int | None:
        return next((place for place, name in enumerate(self.header_record.cells) if is_ours(name)), None)

    def __iter__(self) -> Iterator[Record]:
        """The records below the header that are not blank. Raises csv.Error where the file can't be read on."""
        for record in _records(self.source, self.dialect):
            if record.number > self.header_record.number:
                yield record


def open_records(stream: BinaryIO, *, limits: Limits, codec: str | None = None) -> RecordFile | Problem:
    """Look at the file's kind, encoding and columns. What is wrong with its rows is not seen here.

    `codec` is the one that a file which is not Unicode is known to be in.
    """
    source = open_source(stream, limits)
    if codec and (source.code == "unreadable" if isinstance(source, Problem) else source.codec != codec):
        source = _open_as(stream, codec, source)
    if isinstance(source, Problem):
        return source
    dialect = find_dialect(source.open_text())
    if isinstance(dialect, Problem):
        return dialect
    if csv.field_size_limit() < limits.max_cell:
        csv.field_size_limit(limits.max_cell)
    try:
        first = next(_records(source, dialect), None)
    except csv.Error:
        return file_problem("unclosed_quote", row=1, line=1)
    if first is None:
        return file_problem("empty")
    header = read_header(list(first.cells), limits=limits)
    if isinstance(header, Problem):
        return header
    first_line = next(iter(source.open_text()), "")
    return RecordFile(source, dialect, header, first, next((end for end in _ENDS if first_line.endswith(end)), "\r\n"))


def _open_as(stream: BinaryIO, codec: str, found: Source | Problem) -> Source | Problem:
    """The file in a one-byte encoding, unless it is Unicode; as it was found where it can't be read so."""
    if isinstance(found, Source) and found.codec.startswith("utf"):
        return found
    known = Source(stream, codec, "", 0, 0)
    try:
        for _ in known.open_text():
            pass
    except UnicodeDecodeError:
        return found
    return known


def _records(source: Source, dialect: Dialect) -> Iterator[Record]:
    reader = csv.reader(source.open_text(), delimiter=dialect.delimiter, strict=True)
    for _ in range(dialect.lines_before):
        next(reader)
    for number, cells in enumerate(reader, start=1):
        if not all(is_blank(cell) for cell in cells):
            yield Record(number, cells)
