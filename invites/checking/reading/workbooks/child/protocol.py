"""What the parent and the child process say to each other: JSON in both directions. See main.py."""

from __future__ import annotations

from typing import Any, TypedDict

REJECTED = 3
Verdict = dict[str, Any]


class ChildLimits(TypedDict):
    """Sizes are in bytes, lengths in characters."""

    memory: int
    is_watched: bool  # the process watches its memory, where it can't be limited
    seconds: float
    unpacked: int  # all parts of the archive together
    text: int  # what is written of the chosen sheets, or of any other sheet
    cells: int  # of all sheets together: from the first to the last one of each, empty ones included
    columns: int
    cell: int  # the length of one cell
    shown_columns: int  # in `SheetAnswer.top`


class Request(TypedDict):
    kind: str  # "xlsx", "xls" or "ods"
    sheets: list[str]  # the names of the chosen sheets


class SheetName(TypedDict):
    name: str
    is_hidden: bool


class SheetAnswer(TypedDict):
    """What is known about a sheet. `start` and `end` are positions in the output, equal if its rows weren't kept.

    Without a choice, the rows are kept of the first sheet that has text, and of the first one that has addresses.
    """

    name: str
    rows: int  # with text
    hidden_rows: list[int]  # the numbers of those that are hidden
    has_addresses: bool
    top: list[tuple[int, list[str]]]  # the number and cells of the first rows
    start: int
    end: int
    problem: Verdict | None


class WorkbookRejected(Exception):
    """Why a workbook or a sheet isn't read: the code of a problem, and the values of its message."""

    def __init__(self, code: str, **params: int | str) -> None:
        super().__init__(code)
        self.verdict: Verdict = {"code": code, **params}
