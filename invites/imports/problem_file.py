"""Write the problem rows of a batch to a file for a spreadsheet.

The file has the columns, delimiter and encoding of the admin's own file, and a last column *What is wrong* that begins
with the number of the row. When it is uploaded again, imports/corrected_file.py merges the rows.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.lookups import only_one
from invites.checking import (
    COLUMNS,
    DELIMITERS,
    Cells,
    Column,
    CsvLines,
    Decisions,
    Limits,
    Problem,
    ReadingOptions,
    RecordFile,
    codec_of,
    escape_formula,
    open_records,
)
from invites.imports.reading import limits_of
from invites.imports.record_writer import Layout, RecordWriter, can_hold
from invites.imports.selectors.grid import LEFT, grid_rows
from invites.imports.upload_parts import limits, stored_upload
from invites.models import Batch, Row
from invites.problems import problems_of
from invites.reasons import ExplainedError, problem_reason

# The name of this column and "Row 4." at the start of its cells aren't translated: they are read again.
WRONG = "What is wrong"
# How many rows are in memory at a time.
CHUNK = 1_000


class RowLeft(NamedTuple):
    """A row that is left to fix, its cells in the file, and its cells if an admin has edited it."""

    number: int
    problems: list[dict[str, Any]]
    edited: dict[str, Any] | None
    in_file: list[str] | None

    @property
    def cells(self) -> Cells | None:
        return Cells(*self.edited["cells"]) if self.edited else None

    @property
    def what_is_wrong(self) -> str:
        return ". ".join(problems_of(self.problems))


def problem_file(batch: Batch) -> Iterator[bytes]:
    """The lines of a file with the rows that are left to fix and their current cells. They are generated lazily.

    In the encoding of the admin's own file, or in UTF-8 where that can't hold an edited cell. Raises DomainError when
    the batch no longer waits for a correction of this file; if that happens while the lines are read, the iterator
    raises it, so that a file is never made of two.
    """
    upload = stored_upload(batch)
    rows = _rows_left(batch)
    first = next(rows, None)
    _check_waits(batch)
    rows = chain([first] if first else [], rows)
    if not batch.has_invited:
        return _lines(batch, upload, rows)
    return _late_lines(batch, rows)


def _lines(batch: Batch, upload: BinaryIO, rows: Iterator[RowLeft]) -> Iterator[bytes]:
    stored = open_stored(batch, upload, limits=limits())
    layout = Layout(stored, added=_new_columns(batch, stored))
    writer = RecordWriter(stored, in_utf8=not can_hold(stored, _edited_cells(batch)))
    width = len(layout.names)
    yield writer.start()
    yield writer.line([*(escape_formula(name) for name in layout.names), writer.mark(WRONG)])
    row = next(rows, None)
    for record in stored:
        # Records and rows are in the order of their numbers.
        if row is None:
            return
        if record.number == row.number:
            cells = layout.fill(record.cells, row.cells)
            wrong = f"Row {row.number}. {row.what_is_wrong}"
            # Cells beyond the last column stay beyond it.
            yield writer.line(
                [*map(escape_formula, cells[:width]), escape_formula(wrong), *map(escape_formula, cells[width:])]
            )
            row = next(rows, None)


def _late_lines(batch: Batch, rows: Iterator[RowLeft]) -> Iterator[bytes]:
    """The same for an import that has ended. Its file was deleted, so this one has only the columns that we read."""
    delimiter = next((sign for sign, name in DELIMITERS.items() if name == batch.delimiter), ",")
    lines = CsvLines(delimiter)
    yield BOM_UTF8
    yield f"{lines.line([*(column.title for column in COLUMNS), WRONG])}\r\n".encode()
    for row in rows:
        cells = row.cells or Cells(*row.in_file or ())
        wrong = f"Row {row.number}. {row.what_is_wrong}"
        yield f"{lines.line(map(escape_formula, [*cells, wrong]))}\r\n".encode()


def open_stored(batch: Batch, upload: BinaryIO, *, limits: Limits) -> RecordFile:
    """The records of the batch's own file, read as the check read them.

    Raises ExplainedError, with the code of the problem.
    """
    options = ReadingOptions.from_json(batch.reading)
    codec = codec_of(batch.encoding) or ""
    if batch.first_row and not codec.startswith("utf"):
        options = replace(options, encoding=codec)
    limits = limits_of(batch, limits)
    found = open_records(upload, limits=limits, options=options, first_row=batch.first_row, recover=True)
    if isinstance(found, Decisions):
        found = found.as_problem()
    if isinstance(found, Problem):
        raise ExplainedError(found.code, problem_reason(found))
    return found


def _rows_left(batch: Batch) -> Iterator[RowLeft]:
    """The rows in order. All of them belong to the file that `batch` had when it was loaded."""
    for chunk in _chunks(_left(batch)):
        # Checked last, so that all rows read so far belong to this file.
        _check_waits(batch)
        yield from chunk


def _edited_cells(batch: Batch) -> Iterator[str]:
    for chunk in _chunks(_left(batch).filter(edit__isnull=False)):
        for row in chunk:
            yield from row.cells or ()


def _chunks(rows: QuerySet[Row]) -> Iterator[list[RowLeft]]:
    """The rows in chunks. Each has its own query, so that no cursor is open during a slow download."""
    last = -1
    while chunk := list(rows.filter(number__gt=last).values_list("number", "problems", "edit", "cells")[:CHUNK]):
        yield [RowLeft(*values) for values in chunk]
        last = chunk[-1][0]


def _new_columns(batch: Batch, stored: RecordFile) -> list[Column]:
    """The columns that the file lacks although someone has typed a cell for them."""
    return [column for column in stored.header.missing() if _has_typed(batch, COLUMNS.index(column))]


def _has_typed(batch: Batch, place: int) -> bool:
    cell = f"edit__cells__{place}"
    return _left(batch).filter(**{f"{cell}__isnull": False}).exclude(**{cell: ""}).exists()


def _left(batch: Batch) -> QuerySet[Row]:
    return grid_rows(batch).filter(LEFT)


def _check_waits(batch: Batch) -> None:
    now = only_one(Batch.objects.filter(pk=batch.pk, created_at=batch.created_at))
    if now is None or not now.can_be_corrected or now.has_invited != batch.has_invited:
        raise DomainError("moved_on", _("This import is no longer waiting for corrections."))
