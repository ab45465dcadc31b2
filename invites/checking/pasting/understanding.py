"""What is understood of a pasted text: what its check finds, and how each row can be fixed in the text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from invites.checking.allowed_domains import ANY_DOMAIN, AllowedDomains
from invites.checking.check import Check
from invites.checking.columns import Cells
from invites.checking.full_names import names_in_address
from invites.checking.limits import Limits
from invites.checking.pasting.address_list import join_name, write_entry
from invites.checking.pasting.pasted_text import PastedRow, PastedText
from invites.checking.problem import Notice, Problem
from invites.checking.reading.columns.header import Header
from invites.checking.reading.options import NOTHING_KNOWN, Evidence, ReadingOptions
from invites.checking.report import Row

# Fixes that several problems of a row share.
_OF_BOTH_NAMES = ("use_name_in_address",)
_NAMES = ("first_name", "last_name")


@dataclass(frozen=True, slots=True)
class Fix:
    """What to write instead of some lines: the first one, how many there are, and the new text.

    In a list, only the characters from `start` to `end` of its line are replaced. `problems` are those that it fixes,
    each with its suggestion.
    """

    problems: tuple[Problem, ...]
    line: int
    lines: int
    text: str
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class UnderstoodRow:
    """A row as the check returns it, the line where it begins, and its fix. Rows that aren't people are skipped.

    `doubts` are warnings about what may be wrong.
    """

    row: Row
    line: int
    fix: Fix | None = None
    doubts: tuple[Notice, ...] = ()
    is_person: bool = True

    @property
    def needs_fixing(self) -> bool:
        return self.is_person and bool(self.row.problems)


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a pasted text is, and what an import of it will find.

    `people` are the valid rows. Rows are empty with a `problem`, which rejects the text, and if nothing can be said
    before the columns are chosen. `asks_columns`: the admin will be asked what is in each column.

    If all names are missing, `with_names` is the text with those in the addresses, unless there are none.
    """

    rows: tuple[UnderstoodRow, ...] = ()
    people: int = 0
    problem: Problem | None = None
    asks_columns: bool = False
    row_count: int = 0
    are_names_missing: bool = False
    with_names: str = ""

    @property
    def to_fix(self) -> int:
        return sum(each.needs_fixing for each in self.rows)


def understand(
    pasted: PastedText,
    *,
    evidence: Evidence = NOTHING_KNOWN,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    allowed: AllowedDomains = ANY_DOMAIN,
) -> Understanding:
    """Check a pasted text as its import will. What is open is read as suggested."""

    def check(options: ReadingOptions) -> _Checked:
        stream, first = io.BytesIO(pasted.content()), pasted.first_row
        made = Check(stream, limits=limits, options=options, evidence=evidence, allowed=allowed, first_row=first)
        return _Checked(made, [row for block in made.blocks() for row in block])

    checked = check(pasted.options)
    decisions = checked.check.report.decisions
    if decisions:
        if pasted.likely_options is None and (decisions.missing or decisions.problem):
            return Understanding(asks_columns=True, row_count=decisions.row_count)
        likely = pasted.likely_options or replace(decisions.as_options(), delimiter=pasted.options.delimiter)
        checked = check(likely)
    report, header = checked.check.report, checked.check.header
    if header is None or report.rejection:
        is_asked = decisions is not None
        return Understanding(
            problem=None if is_asked else report.rejection, asks_columns=is_asked, row_count=len(pasted.rows)
        )
    rows = _rows(pasted, checked, header)
    are_names_missing = pasted.is_list and bool(rows) and not any(row.cells[1] for row in pasted.rows)
    return Understanding(
        rows=rows,
        people=report.valid,
        asks_columns=decisions is not None,
        row_count=len(rows),
        are_names_missing=are_names_missing,
        with_names=_with_names(pasted) if are_names_missing else "",
    )


def _rows(pasted: PastedText, checked: _Checked, header: Header) -> tuple[UnderstoodRow, ...]:
    report, writer = checked.check.report, _Writer(pasted, header)
    by_number = {row.number: row for row in pasted.rows}
    doubts: dict[int | None, list[Notice]] = {}
    for warning in report.warnings:
        doubts.setdefault(warning.row, []).append(warning)
    return tuple(
        UnderstoodRow(
            row=row,
            line=by_number[row.number].line,
            fix=writer.fix(row, by_number[row.number]),
            doubts=tuple(doubts.get(row.number, ())),
            is_person=not any(row.number in tail for tail in report.tails),
        )
        for row in checked.rows
    )


class _Checked(NamedTuple):
    check: Check
    rows: list[Row]


def _with_names(pasted: PastedText) -> str:
    """The text with the names in the addresses; empty if there are none."""
    found = {
        row.number: write_entry(join_name(*names), row.cells[0])
        for row in pasted.rows
        if (names := names_in_address(row.cells[0]))
    }
    if not found:
        return ""
    lines = list(pasted.lines)
    for number, rows in groupby(pasted.rows, key=lambda row: row.line):
        line, written, at = lines[number - 1], [], 0
        for row in rows:
            if row.entry and row.number in found:
                written += [line[at : row.entry.start], found[row.number]]
                at = row.entry.end
        lines[number - 1] = "".join([*written, line[at:]])
    return "\n".join(lines)


class _Writer:
    """Writes rows with their suggestions, so that they are read in the same way."""

    def __init__(self, pasted: PastedText, header: Header) -> None:
        self.pasted, self.header = pasted, header
        self.positions = dict(zip(Cells._fields, header.positions, strict=True))

    def fix(self, row: Row, pasted: PastedRow) -> Fix | None:
        """The first suggestion for the row, or both names; None if there is none."""
        problems = [problem for problem in row.problems if problem.suggestion is not None and problem.column]
        if not problems or row.cells is None:
            return None
        if problems[0].fix in _OF_BOTH_NAMES:
            problems = [problem for problem in problems if problem.fix == problems[0].fix]
        else:
            del problems[1:]
        fix = Fix(tuple(problems), pasted.line, pasted.lines, "")
        if pasted.entry is None:
            return replace(fix, text=self._in_cells(row, pasted, problems))
        written = self._in_list(row, pasted, problems)
        return replace(fix, text=written, start=pasted.entry.start, end=pasted.entry.end)

    def _in_list(self, row: Row, pasted: PastedRow, problems: Sequence[Problem]) -> str:
        suggested = {str(problem.column): problem.suggestion or "" for problem in problems}
        email = suggested.get("email", pasted.cells[0])
        name = pasted.cells[1]
        if not suggested.keys().isdisjoint(_NAMES):
            name = self._full_name(row, suggested)
        return write_entry(name, email)

    def _in_cells(self, row: Row, pasted: PastedRow, problems: Sequence[Problem]) -> str:
        suggested = {str(problem.column): problem.suggestion or "" for problem in problems}
        cells = list(pasted.cells)
        full_name = self.header.full_name
        if full_name is not None and not suggested.keys().isdisjoint(_NAMES):
            _put(cells, full_name, self._full_name(row, suggested))
        for key, value in suggested.items():
            position = self.positions[key]
            if position is not None:
                _put(cells, position, value)
        return self._join(cells)

    def _full_name(self, row: Row, suggested: dict[str, str]) -> str:
        first, last = (suggested.get(key) or getattr(row.cells, key) for key in _NAMES)
        return join_name(first.strip(), last.strip())

    def _join(self, cells: Sequence[str]) -> str:
        delimiter = self.pasted.delimiter
        if not self.pasted.has_quotes:
            return delimiter.join(cells)
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(cells)
        return out.getvalue().removesuffix("\n")


def _put(cells: list[str], position: int, value: str) -> None:
    cells += [""] * (position + 1 - len(cells))
    cells[position] = value
