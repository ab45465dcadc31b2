"""Rows that stand below one another in a file, by columns: what the check hands out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from invites.checking.report import Row


@dataclass(frozen=True, slots=True)
class Block:
    """Up to 256 records of a file, the blank ones among them.

    The cells of nearly all are good as they stand, and the columns say all about them: a place in each column is a
    record. `apart` has the others by their places: the row that a closer look made of the record, which may be a valid
    one, or None for a blank record, which is no row.
    """

    numbers: range
    lines: Sequence[int]
    emails: Sequence[str]
    first_names: Sequence[str]
    last_names: Sequence[str]
    descriptions: Sequence[str]
    apart: dict[int, Row | None]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.numbers) - sum(row is None for row in self.apart.values())

    def __iter__(self) -> Iterator[Row]:
        """The rows, in order."""
        for place in range(len(self.numbers)):
            if self.apart.get(place, True) is not None:
                yield self.row_at(place)

    def row_at(self, place: int) -> Row:
        """The row that the record at `place` is. Raises IndexError for a blank record."""
        if place in self.apart:
            row = self.apart[place]
            if row is None:
                raise IndexError(f"The record {self.numbers[place]} is blank")
            return row
        email = self.emails[place]
        return Row(
            self.numbers[place],
            self.lines[place],
            email,
            email,
            self.first_names[place],
            self.last_names[place],
            self.descriptions[place],
        )
