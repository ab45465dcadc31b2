"""Read the sheets of a workbook (.xlsx, .xls or .ods) as rows of text, under the same limits as a CSV file.

A workbook can make the library that reads it abort the whole process, or use any amount of memory and time. So a child
process reads it: the program in `child/`. It has its own limits, gets nothing but the file, and returns the sheets as
CSV in a temporary file.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from invites.checking.catalog import file_problem
from invites.checking.cells.text import is_blank, visible
from invites.checking.limits import Limits
from invites.checking.problem import Problem
from invites.checking.reading.encodings.encoding import Source
from invites.checking.reading.file_types import WORKBOOKS, is_archive, name_kind
from invites.checking.reading.workbooks.child.protocol import REJECTED, ChildLimits, Request, SheetAnswer, SheetName

# What a report names as the encoding of a workbook.
WORKBOOK_KINDS = tuple(kind.upper() for kind in WORKBOOKS)
# Imports only the package of the child: importing the others takes longer than reading a usual workbook.
_START = "import sys; sys.path.insert(0, sys.argv[1]); from child.main import main; main(*sys.argv[2:])"
CHILD = ["-c", _START, str(Path(__file__).parent)]
# macOS has no limit on the memory of a process.
IS_MEMORY_WATCHED = sys.platform == "darwin"
# How many times larger than the upload limit the unpacked parts may be. A full sheet of real people takes 4 to 8.
_TIMES_LARGER = 10
# A note may be beside the table, but at most this many times as far to the right as the columns we read.
_TIMES_WIDER = 10
_HEAD = 1 << 16
# How many sheets a message names.
_NAMED = 20
_SECONDS_BETWEEN_CALLS = 2.0
_END_OF_ERRORS = 2_000


@dataclass(frozen=True, slots=True)
class SheetInfo:
    """What is known about a sheet that has text. Rows are numbered as the spreadsheet shows them.

    `problem` is why its rows can't be read: it is too large, or damaged. Then the other values are empty, except that
    it counts as one with addresses, because it may have some.
    """

    name: str
    rows: int  # with text
    is_hidden: bool
    hidden_rows: tuple[int, ...]  # the numbers of the hidden or filtered rows with text; empty if unknown
    has_addresses: bool  # a cell with something like a@b
    top: tuple[tuple[int, tuple[str, ...]], ...]  # the number and cells of the first 25 rows with text, cut off
    problem: Problem | None = None


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


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as CSV in `text`. Its rows can be read any number of times, but not twice at the same time."""

    text: BinaryIO
    info: SheetInfo

    def rows(self) -> SheetRows:
        return read_sheet(self.text)


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets of a workbook that have text, in its order, hidden ones last; and those whose rows were read."""

    kind: str  # one of WORKBOOK_KINDS
    infos: tuple[SheetInfo, ...]
    sheets: tuple[Sheet, ...]

    @property
    def knows_hidden_rows(self) -> bool:
        """Whether hidden rows can be detected in a workbook of this kind."""
        return self.kind != "XLS"


def read_sheet(text: BinaryIO) -> SheetRows:
    """The rows of a sheet that was written as CSV."""
    source = Source(text, "utf-8", "", start=0, size=0)
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
    stream: BinaryIO,
    limits: Limits,
    *,
    sheets: Sequence[str] = (),
    while_waiting: Callable[[], None] | None = None,
) -> Workbook | Problem | None:
    """The workbook, or why it can't be read, also because it is a file of another kind; None when it may be a text.

    The rows are read of the chosen `sheets`, in the order of the workbook. Without a choice, they are read of the only
    sheet that has addresses, or the only one that has text; if there are several, of none.

    `stream` can be rewound, and is not larger than allowed. `while_waiting` is called every few seconds; if it
    raises, the workbook is not read any further.
    """
    kind = _find_kind(stream)
    if kind is None:
        return None
    if kind == "numbers":
        return file_problem("numbers_file")
    if kind not in WORKBOOKS:
        return file_problem("other_kind", kind=kind)
    # This limit belongs to the whole process, so we only ever raise it.
    if csv.field_size_limit() < limits.max_cell:
        csv.field_size_limit(limits.max_cell)
    request = Request(kind=kind, sheets=list(sheets))
    with tempfile.TemporaryFile() as text:
        answers = _ask_child(stream, text, request, limits, while_waiting)
        if isinstance(answers, Problem):
            return answers
        infos = _as_infos(answers)
        wanted = _choose_sheets(infos, sheets)
        if isinstance(wanted, Problem):
            return wanted
        places = {answer["name"]: (answer["start"], answer["end"]) for answer in answers.sheets}
        read = tuple(Sheet(_copy(text, *places[info.name]), info) for info in wanted)
    return Workbook(kind.upper(), infos, read)


def _find_kind(stream: BinaryIO) -> str | None:
    stream.seek(0)
    head = stream.read(_HEAD)
    if is_archive(head):
        # The names of all parts are at the end.
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _HEAD))
        head += stream.read()
    return name_kind(head)


def _choose_sheets(infos: tuple[SheetInfo, ...], names: Sequence[str]) -> list[SheetInfo] | Problem:
    """The sheets with these names. Without names, the only sheet that may have people; none if there are several."""
    if not infos:
        return file_problem("empty")
    known = [info.name for info in infos]
    for name in names:
        if name not in known:
            return file_problem("sheet_missing", name=visible(name), names=[visible(each) for each in known[:_NAMED]])
    if names:
        chosen = [info for info in infos if info.name in names]
    else:
        chosen = [info for info in infos if info.has_addresses] or list(infos)
    problems = [info.problem for info in chosen if info.problem]
    if problems and (names or len(problems) == len(chosen)):
        return problems[0]
    return chosen if names or len(chosen) == 1 else []


def _copy(text: IO[bytes], start: int, end: int) -> BinaryIO:
    """A part of the text as a temporary file of its own."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the sheet
    text.seek(start)
    for place in range(start, end, _HEAD):
        copy.write(text.read(min(_HEAD, end - place)))
    return cast(BinaryIO, copy)


@dataclass(frozen=True, slots=True)
class _Answers:
    names: list[SheetName]
    sheets: list[SheetAnswer]


def _as_infos(answers: _Answers) -> tuple[SheetInfo, ...]:
    """The sheets with text, hidden ones last. Those without an answer took the child too much memory or time."""
    found = {answer["name"]: answer for answer in answers.sheets}
    infos = []
    for sheet in sorted(answers.names, key=lambda sheet: sheet["is_hidden"]):
        name, is_hidden, answer = sheet["name"], sheet["is_hidden"], found.get(sheet["name"])
        verdict = answer["problem"] if answer else {"code": "workbook_too_heavy"}
        if answer is None or verdict:
            infos.append(SheetInfo(name, 0, is_hidden, (), has_addresses=True, top=(), problem=_as_problem(verdict)))
        elif answer["rows"]:
            top = tuple((number, tuple(cells)) for number, cells in answer["top"])
            hidden_rows = tuple(answer["hidden_rows"])
            infos.append(SheetInfo(name, answer["rows"], is_hidden, hidden_rows, answer["has_addresses"], top))
    return tuple(infos)


def _as_problem(verdict: dict[str, Any] | None) -> Problem | None:
    return file_problem(**verdict) if verdict else None


def _ask_child(
    stream: BinaryIO,
    text: IO[bytes],
    request: Request,
    limits: Limits,
    while_waiting: Callable[[], None] | None,
) -> _Answers | Problem:
    """What the child answers, and the rows of some sheets in `text`; or a problem of the whole workbook."""
    with (
        tempfile.TemporaryFile() as workbook,
        tempfile.TemporaryFile() as answers,
        tempfile.TemporaryFile() as errors,
    ):
        stream.seek(0)
        shutil.copyfileobj(stream, workbook)
        workbook.seek(0)
        answers.write(json.dumps(request).encode() + b"\n")
        answers.seek(0)
        status = _run_child(limits, while_waiting, stdin=workbook, stdout=text, stderr=errors, answers=answers.fileno())
        if status is not None and status > 0 and status != REJECTED:
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - _END_OF_ERRORS))
            raise RuntimeError(f"The child ended with status {status}: {errors.read().decode(errors='replace')}")
        answers.seek(0)
        # The first line is our request, and the child may have been killed in the last one.
        values = [json.loads(line) for line in islice(answers, 1, None) if line.endswith(b"\n")]
    if status == REJECTED:
        return file_problem(**values[-1])
    # A signal ended it if it ran out of time or memory, or the library aborted. What it read before is still good.
    if status != 0 and len(values) <= max(1, len(request["sheets"])):
        return file_problem("workbook_too_heavy")
    return _Answers(values[0], values[1:])


def _run_child(
    limits: Limits,
    while_waiting: Callable[[], None] | None,
    *,
    stdin: IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
    answers: int,
) -> int | None:
    """The exit status of the child; None if it was killed because it took too long."""
    child_limits = ChildLimits(
        memory=limits.workbook_memory,
        is_watched=IS_MEMORY_WATCHED,
        seconds=limits.workbook_seconds,
        unpacked=limits.max_bytes * _TIMES_LARGER,
        text=limits.max_bytes,
        cells=limits.max_cells,
        columns=limits.max_columns * _TIMES_WIDER,
        cell=limits.max_cell,
        shown_columns=limits.max_columns,
    )
    command = [sys.executable, "-I", *CHILD, json.dumps(child_limits), str(answers)]
    deadline = time.monotonic() + limits.workbook_seconds
    # In its own session, so that Ctrl-C on a terminal reaches only the parent.
    with subprocess.Popen(  # noqa: S603 - this project's own program
        command, stdin=stdin, stdout=stdout, stderr=stderr, pass_fds=[answers], env={}, start_new_session=True
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
