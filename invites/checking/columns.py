"""The records of a file, many at a time and by columns: what the check looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from invites.checking.workbook import SheetRows

# So many lists at a time: few enough to be gone again before Python's collector of garbage looks at them, and many
# enough for what is done once for all of them.
_RECORDS = 256
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class Records(Protocol):
    """What gives the records as lists of cells: csv.reader is one. `line_num` is the last line of the last record."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Columns:
    """Records that stand below one another, by columns: `cells[column][place]`. `lines` has where each one starts.

    A record of another width, or with a line break in a cell, is in `apart` by its place, and blank in the columns.
    """

    cells: Sequence[Sequence[str]]
    lines: Sequence[int]
    apart: dict[int, list[str]]
    longer: Sequence[int]  # the places of those that go over several lines

    def record(self, place: int) -> list[str]:
        """All cells of one record."""
        return self.apart[place] if place in self.apart else [column[place] for column in self.cells]


def take_columns(records: Records, width: int) -> Columns | None:
    """The next records; None after the last one. Raises csv.Error where the text can't be read on."""
    line = records.line_num + 1
    rows = list(islice(records, _RECORDS))
    if not rows:
        return None
    lines: Sequence[int] = range(line, records.line_num + 1)
    longer: Sequence[int] = ()
    if len(lines) != len(rows):
        lines, longer = _find_lines(rows, line)
    apart = {place: rows[place] for place in longer}
    if isinstance(records, SheetRows):
        # Its rows are no lines, whatever stands in their cells.
        apart |= {place: cells for place, cells in enumerate(rows) if any("\n" in cell for cell in cells)}
    if set(map(len, rows)) != {width}:
        apart |= {place: cells for place, cells in enumerate(rows) if len(cells) != width}
    for place in apart:
        rows[place] = [""] * width
    return Columns(list(zip(*rows, strict=True)), lines, apart, longer)


def _find_lines(rows: list[list[str]], line: int) -> tuple[list[int], list[int]]:
    """The line at which each record starts, and the places of those that go on over more than one."""
    lines, longer = [], []
    for place, cells in enumerate(rows):
        lines.append(line)
        if breaks := sum(len(_LINE_BREAK.findall(cell)) for cell in cells if "\n" in cell or "\r" in cell):
            longer.append(place)
        line += 1 + breaks
    return lines, longer
