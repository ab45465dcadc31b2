"""Merge the rows of a corrected file into the file of the batch.

Both may have 200,000 rows. Only one chunk of them is in memory at a time, and the position on disk of each row of the
corrected file.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from typing import BinaryIO, NamedTuple

from django.db.models import Q

from invites.checking import (
    Cells,
    Column,
    Decisions,
    Limits,
    Problem,
    Record,
    RecordFile,
    is_what_is_wrong,
    open_records,
    unescape_formula,
)
from invites.imports.authors import DELETED_ACCOUNT, authors_of
from invites.imports.not_people import known_rows_to_keep
from invites.imports.other_people import Comparison
from invites.imports.problem_file import open_stored
from invites.imports.record_writer import Layout, RecordWriter, can_hold
from invites.imports.upload_parts import new_file, stored_upload
from invites.models import Batch, Row
from invites.reasons import ExplainedError, as_reason, problem_reason

CHUNK = 1_000
_ROW_NUMBER = re.compile(r"\s*Row (\d{1,9})\b")


@dataclass(frozen=True)
class Merged:
    """The file of the batch with the corrected rows, the numbers of its skipped rows, and its rows without an address.

    `authors` are the users whose rows it has, besides `by`; `row_editors` says who edited which of its rows.
    """

    file: BinaryIO
    skipped_numbers: list[int]
    known_rows: dict[str, list[int]]
    authors: set[int]
    row_editors: dict[int, list[int]]


def merge_corrected(
    batch: Batch, upload: BinaryIO, *, by: int, limits: Limits, keep: Callable[[], None] = lambda: None
) -> Merged | None:
    """Merge the corrected rows; None when `upload` isn't a file of problem rows.

    A corrected row replaces the row whose number its column *What is wrong* says; without a number it is added at the
    end. Rows that were edited in the page stay as edited, unless they are in the upload. Skipped are those that were
    skipped before, and those that were removed from the file. `by` is the id of the user who corrects it.
    Changes nothing, and calls `keep` again and again.
    Raises ExplainedError, with the code of the problem, for an upload whose kind, encoding or columns don't fit, and
    "other_import".
    """
    stored = open_stored(batch, stored_upload(batch), limits=limits)
    # A file of problem rows has more columns than the file of the batch, and UTF-16 has more bytes.
    wider = replace(limits, max_columns=2 * limits.max_columns, max_line=limits.max_bytes)
    try:
        corrections = read_corrections(upload, by=by, limits=wider, codec=stored.codec, keep=keep)
        return _Merge(batch, stored, corrections, limits, keep).merge() if corrections else None
    except csv.Error as error:
        raise ExplainedError("unclosed_quote", as_reason("unclosed_quote")) from error


def read_corrections(
    upload: BinaryIO, *, by: int, limits: Limits, codec: str, keep: Callable[[], None]
) -> Corrections | None:
    """The records of a file of problem rows; None for any other file. `codec` is how the rows were written.

    Raises csv.Error, and ExplainedError with the code of the problem.
    """
    corrected = open_records(upload, limits=limits, codec=codec, while_waiting=keep)
    if isinstance(corrected, Decisions):
        if not any(is_what_is_wrong(column.name) for column in corrected.columns):
            return None
        corrected = corrected.as_problem()
    if isinstance(corrected, Problem):
        raise ExplainedError(corrected.code, problem_reason(corrected))
    return None if corrected.what_is_wrong_position is None else Corrections(corrected, keep, by)


class _Merge:
    """One merge. It reads the rows of the batch and the records of its file in the order of their numbers."""

    def __init__(
        self, batch: Batch, stored: RecordFile, corrections: Corrections, limits: Limits, keep: Callable[[], None]
    ) -> None:
        self._batch, self._stored, self._limits, self._keep = batch, stored, limits, keep
        self._corrections = corrections

    def merge(self) -> Merged:
        kept = self._place()
        layout = Layout(self._stored, added=self._new_columns())
        in_utf8 = not can_hold(self._stored, self._new_cells(layout))
        out = self._write(layout, RecordWriter(self._stored, in_utf8=in_utf8))
        if not in_utf8 and not self._is_read_as_before(out):
            # Without the words that were edited, the encoding may be in doubt. UTF-8 with a BOM never is.
            out = self._write(layout, RecordWriter(self._stored, in_utf8=True))
        known_rows = known_rows_to_keep(self._batch)
        return Merged(out, kept.skipped_numbers, known_rows, kept.authors, kept.row_editors)

    def _is_read_as_before(self, file: BinaryIO) -> bool:
        again = open_records(file, limits=self._limits, first_row=self._batch.first_row)
        file.seek(0)
        return isinstance(again, RecordFile) and again.codec == self._stored.codec

    def _place(self) -> _Kept:
        """Find the rows that are corrected, and what is kept of the others."""
        places: dict[int, int] = {}
        kept = _Kept(authors=authors_of(self._batch))
        by, comparison = self._corrections.by, Comparison()
        for row in self._rows():
            if row.is_problem and row.number in self._corrections.places:
                place = places[row.number] = self._corrections.places[row.number]
                before, after = row.cells or row.in_file, self._corrections.person(self._corrections.read(place))
                comparison.add(before, after)
                is_same = before == after
                kept.note_editor(row.number, row.editor if is_same else by)
                continue
            if row.cells:
                kept.authors.add(row.editor or DELETED_ACCOUNT)
            is_new_skip = False
            if row.is_problem and row.outcome == Row.Outcome.PROBLEM:
                kept.skipped_numbers.append(row.number)
                is_new_skip = row.reason != Row.Reason.SKIPPED_BY_ADMIN
            elif row.is_problem and row.reason == Row.Reason.ADDRESS_OF_ANOTHER:
                # An admin decided against this row. Decisions for a row are asked again.
                kept.skipped_numbers.append(row.number)
            kept.note_editor(row.number, by if is_new_skip else row.editor)
        comparison.check()
        self._corrections.use_only(places)
        return kept

    def _new_columns(self) -> list[Column]:
        """The columns that the stored file lacks although there is a cell for them."""
        missing = self._stored.header.missing()
        used: set[Column] = set()
        if missing:
            corrected = (self._corrections.person(record) for record in self._corrections.all())
            for cells in chain(corrected, (row.cells for row in self._edited() if row.cells)):
                used.update(column for column in missing if getattr(cells, column.key))
        return [column for column in missing if column in used]

    def _new_cells(self, layout: Layout) -> Iterator[str]:
        for cells in self._corrections.all():
            yield from self._corrections.fit(cells, layout)
        for row in self._edited():
            yield from row.cells or ()

    def _write(self, layout: Layout, writer: RecordWriter) -> BinaryIO:
        out = new_file()
        out.write(writer.start())
        edited, corrections = self._edited(), self._corrections
        row = next(edited, None)
        at = self._batch.first_row
        header = Record(self._stored.header_record.number, layout.names, layout.names)
        for count, record in enumerate(chain([header], self._stored)):
            if count % CHUNK == 0:
                self._keep()
            # Blank lines count as rows of the spreadsheet, too.
            out.writelines(writer.blank() for _ in range(record.number - at))
            at = record.number + 1
            while row and row.number < record.number:
                row = next(edited, None)
            if record.number in corrections.places:
                cells = corrections.fit(corrections.read(corrections.places[record.number]), layout)
            elif row and row.number == record.number:
                cells = layout.fill(record.cells, row.cells)
                if row.is_all:
                    del cells[len(layout.names) :]
            elif record is header:
                cells = layout.names
            else:
                cells = layout.fill(record.as_written, None)
            out.write(writer.line(cells))
        for place in corrections.added:
            out.write(writer.line(corrections.fit(corrections.read(place), layout)))
        out.seek(0)
        return out

    def _edited(self) -> Iterator[_RowNow]:
        """The rows that were edited in the grid and aren't in the corrected file."""
        return (row for row in self._rows() if row.cells and row.number not in self._corrections.places)

    def _rows(self) -> Iterator[_RowNow]:
        """The rows that had problems, and those that were edited, in the grid or in a file."""
        edited = Q(edit__isnull=False) | Q(edited_by__isnull=False)
        found = self._batch.rows.filter(~Q(problem_codes="") | edited).order_by("number")
        records = found.values_list(
            *("number", "problem_codes", "outcome", "reason", "edit", "version", "edited_by", "cells"),
            *Cells._fields,
        )
        last = -1
        while chunk := list(records.filter(number__gt=last)[:CHUNK]):
            self._keep()
            for number, codes, outcome, reason, edit, version, edited_by, in_file, *values in chunk:
                cells = Cells(*(edit["cells"] if outcome == Row.Outcome.PROBLEM else values)) if edit else None
                editor = edited_by if Row.has_changes(edit=edit, reason=reason, version=version) else None
                is_all = bool(edit and edit["keep"])
                yield _RowNow(number, bool(codes), outcome, reason, cells, Cells(*in_file or ()), editor, is_all=is_all)
            last = chunk[-1][0]


class _RowNow(NamedTuple):
    """A row as it is now. It has `cells` if it was edited, and `is_all` is true if the rest of its record is dropped.

    `in_file` are its cells in the stored file, if it had problems there.
    """

    number: int
    is_problem: bool
    outcome: str
    reason: str
    cells: Cells | None
    in_file: Cells
    editor: int | None
    is_all: bool


@dataclass
class _Kept:
    """What is kept of the rows that aren't in the corrected file."""

    authors: set[int]
    skipped_numbers: list[int] = field(default_factory=list)
    row_editors: dict[int, list[int]] = field(default_factory=dict)

    def note_editor(self, number: int, editor: int | None) -> None:
        if editor is not None:
            self.row_editors.setdefault(editor, []).append(number)


class Corrections:
    """The records of a corrected file, and how they become records of the stored one.

    `places` says where the record of a row begins on the disk, and `added` where those begin that belong to no row.
    `by` is the id of the user whose file it is.
    """

    def __init__(self, corrected: RecordFile, keep: Callable[[], None], by: int) -> None:
        self.by = by
        self.places: dict[int, int] = {}
        self.added: list[int] = []
        self._names = [unescape_formula(name).strip() for name in corrected.header_record.cells]
        self._header = corrected.header
        self._records = new_file()
        wrong_at = corrected.what_is_wrong_position or 0
        for count, record in enumerate(corrected):
            if count % CHUNK == 0:
                keep()
            cells = [unescape_formula(cell) for cell in record.cells]
            said = _ROW_NUMBER.match(cells[wrong_at]) if len(cells) > wrong_at else None
            number, place = int(said[1]) if said else 0, self._records.tell()
            self._records.write(json.dumps(cells).encode() + b"\n")
            if said and number not in self.places:
                self.places[number] = place
            else:
                self.added.append(place)

    def use_only(self, places: dict[int, int]) -> None:
        """Use only these corrections. The other records belong to no row and are added, in the order of the file."""
        strays = [place for number, place in self.places.items() if number not in places]
        self.places, self.added = places, sorted([*self.added, *strays])

    def read(self, place: int) -> list[str]:
        self._records.seek(place)
        cells: list[str] = json.loads(self._records.readline())
        return cells

    def all(self) -> Iterator[list[str]]:
        return (self.read(place) for place in chain(self.places.values(), self.added))

    def person(self, record: list[str]) -> Cells:
        """The cells of a record that belong to our columns."""
        return self._header.pick(record)

    def fits(self, record: list[str]) -> bool:
        """Whether the record has no cells beyond the last column."""
        return not any(cell.strip() for cell in record[len(self._names) :])

    def fit(self, cells: list[str], layout: Layout) -> list[str]:
        """The record in the columns of the stored file. Cells beyond the last column stay beyond it."""
        by_name: dict[str, list[str]] = {}
        for name, cell in zip_longest(self._names, cells[: len(self._names)], fillvalue=""):
            by_name.setdefault(name, []).append(cell)
        others = [same.pop(0) if (same := by_name.get(name.strip())) else "" for name in layout.names]
        return [*layout.with_person(others, self.person(cells)), *cells[len(self._names) :]]
