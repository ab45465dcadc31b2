"""Open a file and read its records, whatever it is: text with delimiters, or the sheets of a workbook."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import BinaryIO

from invites.checking.reading.chunks import Records
from invites.checking.reading.encoding import EncodingDoubt, Source, open_source, rewindable
from invites.checking.reading.workbook import Workbook, open_workbook
from invites.checking.report import Limits, Problem


def open_file(
    stream: BinaryIO, limits: Limits, *, while_waiting: Callable[[], None] | None = None
) -> Workbook | Source | Problem:
    """A workbook with one sheet that was read, or a text whose encoding is known, or why the file can't be read.

    `while_waiting` is called every few seconds while a workbook is read.
    """
    stream, size = rewindable(stream, limits)
    if size <= limits.max_bytes:
        workbook = open_workbook(stream, limits, while_waiting=while_waiting)
        if isinstance(workbook, Workbook) and not workbook.sheets:
            first = workbook.infos[0].name
            workbook = open_workbook(stream, limits, sheets=[first], while_waiting=while_waiting)
        if workbook is not None:
            return workbook
    source = open_source(stream, limits)
    return source.as_problem() if isinstance(source, EncodingDoubt) else source


def read_records(source: Source, delimiter: str, limits: Limits) -> Records:
    """All records of a text, from its first line. Iterating raises csv.Error where the text can't be read further."""
    # This limit belongs to the whole process, so we only ever raise it. A shorter cell is a problem of its row.
    if csv.field_size_limit() < limits.max_cell:
        csv.field_size_limit(limits.max_cell)
    return csv.reader(source.open_text(), delimiter=delimiter, strict=True)
