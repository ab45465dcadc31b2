"""Put the rows of a corrected file back into the file of the batch."""

from __future__ import annotations

import csv
import re
import tempfile
from itertools import zip_longest
from typing import BinaryIO, cast

from accounts.errors import RuleBroken
from invites.checking import Problem, Record, RecordFile, open_records, restore
from invites.models import Batch, Row
from invites.queries.grid import grid_rows, mended_rows
from invites.queries.rows import cells_now
from invites.services.checks import limits, stored_upload
from invites.services.problem_files import open_stored
from invites.services.record_files import Layout, RecordWriter, can_hold

_ROW_NUMBER = re.compile(r"\s*Row (\d{1,9})\b")
_IN_MEMORY = 4 * 1024 * 1024


def merge_corrected(batch: Batch, upload: BinaryIO, *, name: str) -> BinaryIO | None:
    """The batch's file with the corrected rows in it; None when `upload` is no file of problem rows.

    A corrected row takes the place of the row whose number its column *What is wrong* says; without a number it
    is added at the end. Rows that were mended in the page keep what was put there, unless they are in the upload.
    Sets `batch.left_out`: those left out before, and those that were taken out of the file. Raises RuleBroken
    "unreadable" for an upload whose kind, encoding or columns do not fit.
    """
    stored = open_stored(batch, stored_upload(batch))
    corrected = open_records(upload, limits=limits(), name=name, codec=stored.codec)
    if isinstance(corrected, Problem):
        # What was mended in the page would be lost with a batch that is refused.
        raise RuleBroken("unreadable", f"{corrected.message}. {corrected.hint}")
    if corrected.ours is None:
        return None
    try:
        return _merge(batch, stored, corrected)
    except csv.Error as error:
        message = "A quotation mark in this file is never closed. Save it from your spreadsheet as CSV again."
        raise RuleBroken("unreadable", message) from error


def _merge(batch: Batch, stored: RecordFile, corrected: RecordFile) -> BinaryIO:
    rows = {row.number: row for row in grid_rows(batch)}
    placed: dict[int, list[str]] = {}
    added: list[list[str]] = []
    ours = corrected.ours or 0
    for record in corrected:
        cells = [restore(cell) for cell in record.cells]
        said = _ROW_NUMBER.match(cells[ours]) if len(cells) > ours else None
        number = int(said[1]) if said else 0
        if number in rows and number not in placed:
            placed[number] = cells
        else:
            added.append(cells)
    batch.left_out = [
        number for number, row in rows.items() if number not in placed and row.outcome == Row.Outcome.PROBLEM
    ]
    mended = {row.number: cells_now(row) for row in mended_rows(batch) if row.number not in placed}
    kept = {number for number, row in rows.items() if row.mended and row.mended["keep"]}
    incoming = _Incoming(corrected)
    people = [incoming.person(cells) for cells in (*placed.values(), *added)]
    with_description = any(cells[3] for cells in (*people, *mended.values()))
    layout = Layout(stored, with_description=with_description)
    taken = {number: incoming.fit(cells, layout) for number, cells in placed.items()}
    last = [incoming.fit(cells, layout) for cells in added]
    sure = [cell for cells in (*taken.values(), *last, *mended.values()) for cell in cells]

    def merged(writer: RecordWriter) -> BinaryIO:
        out = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - the caller reads it
        out.write(writer.start())
        at = 1
        for record in (Record(stored.header_record.number, layout.names), *stored):
            # Blank lines count as rows of the spreadsheet.
            out.writelines(writer.blank() for _ in range(record.number - at))
            at = record.number + 1
            cells = taken.get(record.number) or layout.fill(record.cells, mended.get(record.number))
            if record.number in kept and record.number not in taken:
                del cells[len(layout.names) :]
            out.write(writer.line(cells))
        for cells in last:
            out.write(writer.line(cells))
        out.seek(0)
        return out

    out = merged(RecordWriter(stored, in_utf8=not can_hold(stored, sure)))
    again = open_records(out, limits=limits())
    out.seek(0)
    if isinstance(again, RecordFile) and again.codec == stored.codec:
        return out
    # Without the words that were mended the encoding is not certain any more; UTF-8 with its mark always is.
    return merged(RecordWriter(stored, in_utf8=True))


class _Incoming:
    """The columns of a corrected file, and how its records become such of the stored one."""

    def __init__(self, corrected: RecordFile) -> None:
        self.names = [restore(name).strip() for name in corrected.header_record.cells]
        self.places = corrected.header.positions
        self.ours = corrected.ours

    def person(self, cells: list[str]) -> list[str]:
        return ["" if place is None or place >= len(cells) else cells[place] for place in self.places]

    def fit(self, cells: list[str], layout: Layout) -> list[str]:
        """The record in the stored file's columns; what stands beyond the last column stays beyond it."""
        by_name: dict[str, list[str]] = {}
        for name, cell in zip_longest(self.names, cells[: len(self.names)], fillvalue=""):
            by_name.setdefault(name, []).append(cell)
        others = [same.pop(0) if (same := by_name.get(name.strip())) else "" for name in layout.names]
        return [*layout.fill(others, self.person(cells)), *cells[len(self.names) :]]
