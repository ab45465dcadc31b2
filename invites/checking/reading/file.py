"""Open a file and read its records, whatever it is: text with delimiters, or the first sheet of a workbook."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import BinaryIO

from invites.checking.reading.chunks import Records
from invites.checking.reading.encoding import EncodingDoubt, Source, open_source, rewindable
from invites.checking.reading.workbook import Sheet, open_workbook
from invites.checking.report import Limits, Problem


def open_file(
    stream: BinaryIO, limits: Limits, *, name: str = "", while_waiting: Callable[[], None] | None = None
) -> Sheet | Source | Problem:
    """The sheet of a workbook, or a text whose encoding is known, or why the file can't be read.

    `name` is the name of the file: a workbook is read only if it is called .xlsx. `while_waiting` is called every few
    seconds while a workbook is read.
    """
    stream, size = rewindable(stream, limits)
    if name.lower().endswith(".xlsx") and size <= limits.max_bytes:
        sheet = open_workbook(stream, limits, while_waiting=while_waiting)
        if sheet is not None:
            return sheet
    source = open_source(stream, limits)
    return source.as_problem() if isinstance(source, EncodingDoubt) else source


def read_records(source: Source, delimiter: str, limits: Limits) -> Records:
    """All records of a text, from its first line. Iterating raises csv.Error where the text can't be read further."""
    # This limit belongs to the whole process, so we only ever raise it. A shorter cell is a problem of its row.
    if csv.field_size_limit() < limits.max_cell:
        csv.field_size_limit(limits.max_cell)
    return csv.reader(source.open_text(), delimiter=delimiter, strict=True)
