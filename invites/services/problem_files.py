"""The problem rows of a batch as a file for a spreadsheet, and back again into the file of the batch.

The file is made from the admin's own: its columns, its delimiter, its encoding, and a last column *What is wrong*
that begins with the number of the row. When it comes back, its rows take the place of those in the stored file.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from typing import BinaryIO, cast

from accounts.errors import RuleBroken
from invites.checking import Problem, Record, RecordFile, inert, open_records, restore
from invites.models import Batch, Row
from invites.queries.grid import LEFT, grid_rows, mended_rows
from invites.queries.rows import cells_now, reasons
from invites.services.checks import limits, stored_upload

WRONG = "What is wrong"
DESCRIPTION = "Description"
_ROW_NUMBER = re.compile(r"\s*Row (\d{1,9})\b")
_BOMS = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
_IN_MEMORY = 4 * 1024 * 1024


def problem_file(batch: Batch) -> Iterator[bytes]:
    """The rows that are left to fix, with every cell as it stands now; pieces of the file.

    In the encoding of the admin's own file, or in UTF-8 where a mended cell can't be written in that. Raises RuleBroken
    when the batch waits no more for a correction of this file.
    """
    stored = _stored(batch)
    left = {row.number: row for row in grid_rows(batch).filter(LEFT)}
    # Looked at last: all that was read until now is of one file then.
    waiting = Batch.objects.filter(pk=batch.pk, state=Batch.State.NEEDS_CORRECTION, created_at=batch.created_at)
    if not waiting.exists():
        raise RuleBroken("moved_on", "This file is no longer waiting to be corrected.")
    return _lines(stored, left)


def _lines(stored: RecordFile, left: dict[int, Row]) -> Iterator[bytes]:
    mended = [cells_now(row) for row in left.values() if row.mended]
    layout = _Layout(stored, with_description=any(cells[3] for cells in mended))
    writer = _Writer(stored, sure=[cell for cells in mended for cell in cells])
    yield writer.start()
    yield writer.line([*(inert(name) for name in layout.names), WRONG])
    for record in stored:
        if row := left.get(record.number):
            cells = layout.fill(record.cells, cells_now(row) if row.mended else None)
            wrong = f"Row {row.number}. {'. '.join(reasons(row))}"
            width = len(layout.names)
            # What stands beyond the last column stays beyond it.
            yield writer.line([*map(inert, cells[:width]), inert(wrong), *map(inert, cells[width:])])


def merge_corrected(batch: Batch, upload: BinaryIO, *, name: str) -> BinaryIO | None:
    """The batch's file with the corrected rows in it; None when `upload` is no file of problem rows.

    A corrected row takes the place of the row whose number its column *What is wrong* says; without a number it
    is added at the end. Rows that were mended in the page keep what was put there, unless they are in the upload.
    Sets `batch.left_out`: those left out before, and those that were taken out of the file. Raises RuleBroken
    "unreadable" for an upload whose kind, encoding or columns do not fit.
    """
    stored = _stored(batch)
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
    layout = _Layout(stored, with_description=with_description)
    taken = {number: incoming.fit(cells, layout) for number, cells in placed.items()}
    last = [incoming.fit(cells, layout) for cells in added]
    sure = [cell for cells in (*taken.values(), *last, *mended.values()) for cell in cells]

    def merged(writer: _Writer) -> BinaryIO:
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

    out = merged(_Writer(stored, sure))
    again = open_records(out, limits=limits())
    out.seek(0)
    if isinstance(again, RecordFile) and again.codec == stored.codec:
        return out
    # Without the words that were mended the encoding is not certain any more; UTF-8 with its mark always is.
    return merged(_Writer(stored, sure, plain=True))


def _stored(batch: Batch) -> RecordFile:
    found = open_records(stored_upload(batch), limits=limits(), name=batch.file_name)
    if isinstance(found, Problem):
        raise RuleBroken("unreadable", found.message)
    return found


class _Layout:
    """The columns of the stored file, and where ours stand; with a description where it is needed and missing."""

    def __init__(self, stored: RecordFile, *, with_description: bool) -> None:
        self.names = list(stored.header_record.cells)
        *places, description = stored.header.positions
        if description is None and with_description:
            description = len(self.names)
            self.names.append(DESCRIPTION)
        self.places: list[int | None] = [*places, description]

    def fill(self, cells: list[str], person: list[str] | None) -> list[str]:
        """The cells of a record, with the four of a person put in."""
        filled = cells + [""] * (len(self.names) - len(cells))
        for place, value in zip(self.places, person or (), strict=False):
            if place is not None:
                filled[place] = value
        return filled


class _Incoming:
    """The columns of a corrected file, and how its records become such of the stored one."""

    def __init__(self, corrected: RecordFile) -> None:
        self.names = [restore(name).strip() for name in corrected.header_record.cells]
        self.places = corrected.header.positions
        self.ours = corrected.ours

    def person(self, cells: list[str]) -> list[str]:
        return ["" if place is None or place >= len(cells) else cells[place] for place in self.places]

    def fit(self, cells: list[str], layout: _Layout) -> list[str]:
        """The record in the stored file's columns; what stands beyond the last column stays beyond it."""
        by_name: dict[str, list[str]] = {}
        for name, cell in zip_longest(self.names, cells[: len(self.names)], fillvalue=""):
            by_name.setdefault(name, []).append(cell)
        others = [same.pop(0) if (same := by_name.get(name.strip())) else "" for name in layout.names]
        return [*layout.fill(others, self.person(cells)), *cells[len(self.names) :]]


class _Writer:
    """Lines of CSV as bytes, in the encoding, with the delimiter and the line ends of a file."""

    def __init__(self, like: RecordFile, sure: list[str], *, plain: bool = False) -> None:
        """`sure` are cells that have to come out as they are: where they can't, and if `plain`, it becomes UTF-8."""
        codec = "utf-8-sig" if like.codec == "utf-8" and like.has_mark else like.codec
        self.codec = "utf-8-sig" if plain or not _can_hold(codec, sure) else codec
        self._bom = _BOMS.get(self.codec, b"")
        self._codec = self.codec.removesuffix("-sig")
        self._like = like
        self._buffer = io.StringIO()
        # With both signs in the line end the writer puts quotes around cells with either of them.
        self._csv = csv.writer(self._buffer, delimiter=like.delimiter, lineterminator="\r\n")

    def start(self) -> bytes:
        """What stands before the first row."""
        said = f"sep={self._like.delimiter}{self._like.line_end}" if self._like.says_delimiter else ""
        return self._bom + said.encode(self._codec)

    def line(self, cells: list[str]) -> bytes:
        self._csv.writerow(cells)
        text = self._buffer.getvalue().removesuffix("\r\n") + self._like.line_end
        self._buffer.seek(0)
        self._buffer.truncate()
        # Only our own words can hold what the encoding has no sign for.
        return text.encode(self._codec, "replace")

    def blank(self) -> bytes:
        return self._like.line_end.encode(self._codec)


def _can_hold(codec: str, cells: list[str]) -> bool:
    try:
        for cell in cells:
            cell.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
