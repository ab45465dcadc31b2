"""Read the first sheet of an Excel workbook (.xlsx) as rows of text, under the same limits as a CSV file.

A workbook can make the library that reads it abort the whole process, or use any amount of memory and time. So a
child process, `workbook_child.py`, reads it. The child has its own limits, gets nothing but the file, and returns the
sheet as CSV in a temporary file.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO, cast

from invites.checking.catalog import file_problem
from invites.checking.cells.text import is_blank
from invites.checking.reading.encoding import Source
from invites.checking.reading.file_types import is_excel, name_kind
from invites.checking.reading.workbook_child import REJECTED, ChildLimits
from invites.checking.report import Limits, Problem

ENCODING = "XLSX"
CHILD = Path(__file__).with_name("workbook_child.py")
# How many times larger than the upload limit the unpacked parts may be. A full sheet of real people takes 4 to 8.
_TIMES_LARGER = 10
# A note may be beside the table, but at most this many times as far to the right as the columns we read.
_TIMES_WIDER = 10
_HEAD = 1 << 16
_SECONDS_BETWEEN_CALLS = 2.0
_END_OF_ERRORS = 2_000


class SheetRows:
    """The rows of a sheet as lists of text; `line_num` is the number of the last one, as the spreadsheet shows it.

    Ends with the last row that isn't blank: a sheet may have a million rows that were cleared.
    """

    def __init__(self, records: Iterator[list[str]]) -> None:
        self._rows = _without_blank_end(records)
        self.line_num = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        cells = next(self._rows)
        self.line_num += 1
        return cells


class Sheet:
    """A sheet as CSV in `text`. Its rows can be read any number of times, but not twice at the same time."""

    def __init__(self, text: BinaryIO) -> None:
        self.text = text

    def rows(self) -> SheetRows:
        source = Source(self.text, "utf-8", ENCODING, start=0, size=0)
        return SheetRows(csv.reader(source.open_text(), strict=True))


def _without_blank_end(records: Iterator[list[str]]) -> Iterator[list[str]]:
    blank = 0
    for cells in records:
        if all(is_blank(cell) for cell in cells):
            blank += 1
            continue
        yield from ([] for _ in range(blank))
        blank = 0
        yield cells


def open_workbook(
    stream: BinaryIO, limits: Limits, *, while_waiting: Callable[[], None] | None = None
) -> Sheet | Problem | None:
    """The first sheet, or why it can't be read; None when the file is not a workbook.

    `stream` can be rewound, and is not larger than allowed. `while_waiting` is called every few seconds; if it
    raises, the workbook is not read any further.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    if not is_excel(name_kind(head) or ""):
        return None
    if not head.startswith(b"PK"):
        return file_problem("workbook_unreadable")  # An old format, or locked with a password.
    # This limit belongs to the whole process, so we only ever raise it.
    if csv.field_size_limit() < limits.max_cell:
        csv.field_size_limit(limits.max_cell)
    with tempfile.TemporaryFile() as workbook, tempfile.TemporaryFile() as errors:
        stream.seek(0)
        shutil.copyfileobj(stream, workbook)
        workbook.seek(0)
        answer = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the sheet
        status = _run_child(limits, while_waiting, stdin=workbook, stdout=answer, stderr=errors)
        if status == 0:
            return Sheet(cast(BinaryIO, answer))
        with answer:
            if status is None or status < 0:
                # A signal ended it: it ran out of time or memory, or the library aborted.
                return file_problem("workbook_too_heavy")
            if status == REJECTED:
                return _as_problem(answer)
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - _END_OF_ERRORS))
        raise RuntimeError(f"{CHILD.name} ended with status {status}: {errors.read().decode(errors='replace')}")


def _run_child(
    limits: Limits,
    while_waiting: Callable[[], None] | None,
    *,
    stdin: IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
) -> int | None:
    """The exit status of the child; None if it was killed because it took too long."""
    child_limits = ChildLimits(
        memory=limits.workbook_memory,
        seconds=limits.workbook_seconds,
        unpacked=limits.max_bytes * _TIMES_LARGER,
        text=limits.max_bytes,
        cells=limits.max_cells,
        columns=limits.max_columns * _TIMES_WIDER,
        cell=limits.max_cell,
    )
    command = [sys.executable, "-I", str(CHILD), json.dumps(child_limits)]
    deadline = time.monotonic() + limits.workbook_seconds
    # In its own session, so that Ctrl-C on a terminal reaches only the parent.
    with subprocess.Popen(  # noqa: S603 - this project's own program
        command, stdin=stdin, stdout=stdout, stderr=stderr, env={}, start_new_session=True
    ) as child:
        try:
            while (left := deadline - time.monotonic()) > 0:
                with suppress(subprocess.TimeoutExpired):
                    return child.wait(min(left, _SECONDS_BETWEEN_CALLS))
                if while_waiting:
                    while_waiting()
            return None
        finally:
            child.kill()


def _as_problem(answer: IO[bytes]) -> Problem:
    answer.seek(0)
    verdict = json.load(answer)
    return file_problem(verdict.pop("code"), **verdict)
