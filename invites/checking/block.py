"""Consecutive rows of a file, by columns: what a check yields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from invites.checking.columns import Cells
from invites.checking.problem import Notice
from invites.checking.report import Row


@dataclass(frozen=True, slots=True)
class Block:
    """Up to 256 consecutive records of a file, including blank ones.

    Nearly all of them are valid as written, and `columns` holds their cells: one sequence for each column of the
    registry. `flagged_rows` holds the others by position: a row that was checked in full (and may be valid), or None
    for a blank record, which isn't a row. `doubts` are the warnings about cells of valid rows, by position.
    """

    numbers: range
    lines: Sequence[int]
    columns: Sequence[Sequence[str]]
    flagged_rows: dict[int, Row | None]
    doubts: dict[int, list[Notice]] = field(default_factory=dict)

    @property
    def emails(self) -> Sequence[str]:
        return self.columns[0]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.numbers) - sum(row is None for row in self.flagged_rows.values())

    def __iter__(self) -> Iterator[Row]:
        """The rows, in order."""
        for position in range(len(self.numbers)):
            if self.flagged_rows.get(position, True) is not None:
                yield self.row_at(position)

    def row_at(self, position: int) -> Row:
        """The row at this position. Raises IndexError for a blank record."""
        if position in self.flagged_rows:
            row = self.flagged_rows[position]
            if row is None:
                raise IndexError(f"The record {self.numbers[position]} is blank")
            return row
        cells = Cells(*[column[position] for column in self.columns])
        return Row(self.numbers[position], self.lines[position], cells)
