"""Correct the rows that are left after an import has ended, with a file of them.

The file of the import was deleted, so nothing is merged: the records become edits, as if they were typed into the grid.
They correct rows, and never add any: those would be people of another file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from invites.checking import Cells, Limits
from invites.imports.corrected_file import CHUNK, Corrections, read_corrections
from invites.imports.corrections import correct_row
from invites.imports.other_people import Comparison
from invites.imports.selectors.grid import grid_rows
from invites.models import Batch, Row
from invites.reasons import ExplainedError, as_reason


class LateCorrections:
    """The records of the corrected file, by the rows of the import that they belong to.

    `unused` is how many of them belong to none, or have more cells than the file has columns.
    """

    def __init__(self, batch: Batch, corrections: Corrections) -> None:
        self._corrections = corrections
        self._found, self._places = set[int](), dict[int, int]()
        comparison = Comparison()
        for number, before in _cells_of(batch):
            if (place := corrections.places.get(number)) is None:
                continue
            self._found.add(number)
            record = corrections.read(place)
            comparison.add(before, corrections.person(record))
            if corrections.fits(record):
                self._places[number] = place
        comparison.check()
        self.unused = len(corrections.places) + len(corrections.added) - len(self._places)

    def apply(self, row: Row) -> bool:
        """Correct the row without saving it, or skip it if it was removed from the file. False if nothing changes."""
        if row.number not in self._found:
            is_left = row.outcome == Row.Outcome.PROBLEM and row.reason == Row.Reason.NONE
            if is_left:
                row.reason = Row.Reason.SKIPPED_BY_ADMIN
            return is_left
        if row.number not in self._places:
            return False
        return correct_row(row, self._corrections.person(self._corrections.read(self._places[row.number])))


def _cells_of(batch: Batch) -> Iterator[tuple[int, Cells]]:
    """The rows that are left, by their numbers."""
    rows = grid_rows(batch).values_list("number", "edit", "cells")
    last = -1
    while chunk := list(rows.filter(number__gt=last)[:CHUNK]):
        for number, edit, cells in chunk:
            yield number, Cells(*(edit["cells"] if edit else cells or ()))
        last = chunk[-1][0]


def read_late_corrections(
    batch: Batch, upload: BinaryIO, *, by: int, limits: Limits, keep: Callable[[], None]
) -> LateCorrections:
    """Read the corrected file; `by` is the id of the user whose file it is. Calls `keep` again and again.

    Raises ExplainedError for a file that can't be read, that doesn't say which rows it corrects, or that is about other
    people.
    """
    wider = replace(limits, max_columns=2 * limits.max_columns)
    try:
        corrections = read_corrections(upload, by=by, limits=wider, codec="utf-8", keep=keep)
    except csv.Error as error:
        raise ExplainedError("unclosed_quote", as_reason("unclosed_quote")) from error
    if corrections is None:
        raise ExplainedError("not_these_rows", as_reason("not_these_rows"))
    return LateCorrections(batch, corrections)
