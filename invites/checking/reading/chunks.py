"""Read records in chunks and turn each chunk into columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from invites.checking.reading.broken_record import BrokenRecord
from invites.checking.reading.workbooks.workbook import SheetRows

# Enough to amortize the work per chunk, and few enough to be freed before Python's garbage collector runs.
RECORDS_AT_ONCE = 256
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_CsvReader = type(csv.reader(()))


class Records(Protocol):
    """An iterator over records as lists of cells, such as csv.reader. `line_num` is the last line read so far."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Columns:
    """Consecutive records by columns: `cells[column][position]`. `lines` has the line at which each record starts.

    A record with another number of cells than the header, with a line break in a cell, or with broken quotation marks
    is irregular: it is in `irregular_rows` by its position, and its cells in the columns are empty.
    """

    cells: Sequence[Sequence[str]]
    lines: Sequence[int]
    irregular_rows: dict[int, list[str]]
    multiline: Sequence[int]  # the positions of records that span several lines

    def record(self, position: int) -> list[str]:
        """All cells of one record."""
        if position in self.irregular_rows:
            return self.irregular_rows[position]
        return [column[position] for column in self.cells]


def take_columns(records: Records, width: int) -> Columns | None:
    """The next chunk of records; None after the last one. Raises csv.Error where the text can't be read further."""
    line = records.line_num + 1
    rows = list(islice(records, RECORDS_AT_ONCE))
    if not rows:
        return None
    lines: Sequence[int] = range(line, records.line_num + 1)
    multiline: Sequence[int] = ()
    if len(lines) != len(rows):
        lines, multiline = _find_lines(rows, line)
    irregular = {position: rows[position] for position in multiline}
    if isinstance(records, SheetRows):
        # The rows of a sheet aren't lines, so a line break in a cell doesn't show in their number.
        irregular |= {position: cells for position, cells in enumerate(rows) if any("\n" in cell for cell in cells)}
    elif not isinstance(records, _CsvReader):
        irregular |= {position: cells for position, cells in enumerate(rows) if isinstance(cells, BrokenRecord)}
    for position in irregular:
        rows[position] = [""] * width
    cells = _transpose(rows)
    if cells is None or len(cells) != width:
        irregular |= {position: cells for position, cells in enumerate(rows) if len(cells) != width}
        cells = list(zip(*[row if len(row) == width else [""] * width for row in rows], strict=True))
    return Columns(cells, lines, irregular, multiline)


def _transpose(rows: list[list[str]]) -> list[tuple[str, ...]] | None:
    """The rows as columns; None if some are longer than others."""
    try:
        return list(zip(*rows, strict=True))
    except ValueError:
        return None


def _find_lines(rows: list[list[str]], line: int) -> tuple[list[int], list[int]]:
    """The line at which each record starts, and the positions of the records that span several lines."""
    lines, multiline = [], []
    for position, cells in enumerate(rows):
        lines.append(line)
        if breaks := sum(len(_LINE_BREAK.findall(cell)) for cell in cells if "\n" in cell or "\r" in cell):
            multiline.append(position)
        line += 1 + breaks
    return lines, multiline
