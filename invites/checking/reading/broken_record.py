"""A record whose quotation marks are broken."""

from __future__ import annotations

from collections.abc import Iterable


class BrokenRecord(list[str]):
    """The cells of a record that isn't valid CSV.

    If they are certain (`is_certain`), they are the cells that were meant, and `marked` is the index of the first one
    with a broken quotation mark. Otherwise the text of all lines is in the column of the address, which is `marked`,
    and all other cells are empty. `raw` has the same text in both cases, without the last line end.
    """

    def __init__(self, cells: Iterable[str], *, raw: str, marked: int, is_certain: bool) -> None:
        super().__init__(cells)
        self.raw, self.marked, self.is_certain = raw, marked, is_certain


def as_written(record: list[str], *, email_at: int) -> list[str]:
    """The record for another file. A broken one has its text in the column of the address, so it stays a problem."""
    if not isinstance(record, BrokenRecord):
        return record
    cells = [""] * len(record)
    cells[email_at] = record.raw
    return cells
