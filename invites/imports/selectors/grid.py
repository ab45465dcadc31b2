"""Find and count the rows of the grid.

These are the rows in which the check found problems. They stay in the grid and keep their kind of problem when they are
edited, so a page of the grid shows the same rows while an admin works on it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from invites.models import Batch, Row
from invites.problems import title_of

Outcome, Reason = Row.Outcome, Row.Reason

LEFT = Q(outcome=Outcome.PROBLEM, reason=Reason.NONE)
_TWICE = (Reason.DUPLICATE, Reason.ADDRESS_OF_ANOTHER)
# Rows that can still be corrected. When people are invited, the others get their outcome.
OPEN = Q(outcome__in=[Outcome.PROBLEM, Outcome.WAITING]) | Q(outcome=Outcome.SKIPPED, reason__in=_TWICE)
# A cell may have a million characters. How many of them are shown, and how many can be edited.
SHOWN = 200
EDITABLE = 2_000


@dataclass(frozen=True)
class ProblemKind:
    """One kind of problem and how many rows had it when the file was checked."""

    code: str
    label: str
    rows: int


@dataclass(frozen=True)
class Tally:
    """The numbers of rows by what happened to them, and how many people could be invited now."""

    left: int = 0
    fixed: int = 0
    twice: int = 0
    skipped_by_admin: int = 0
    waiting: int = 0

    @property
    def rows(self) -> int:
        return self.left + self.fixed + self.twice + self.skipped_by_admin


@dataclass(frozen=True)
class GridCounts:
    """All counts of the grid. `rows_by_code` are the rows that had a kind of problem when the file was checked, and
    `alike_by_code` those that are left and have a suggestion for it."""

    tally: Tally
    rows_by_code: Counter[str] = field(default_factory=Counter)
    alike_by_code: Counter[str] = field(default_factory=Counter)

    @property
    def kinds(self) -> list[ProblemKind]:
        """The kinds of problems that the check found, the most frequent first. Edits don't change the order."""
        counts = sorted(self.rows_by_code.items(), key=lambda each: (-each[1], each[0]))
        return [ProblemKind(code, title_of(code), count) for code, count in counts]

    def rows(self, code: str = "") -> int:
        """How many rows `grid_rows` has."""
        return self.rows_by_code[code] if code else self.tally.rows


def grid_rows(batch: Batch, code: str = "") -> QuerySet[Row]:
    """The rows in which the check found problems, or one kind of problem, and that aren't invited yet."""
    rows = batch.rows.filter(OPEN).exclude(problem_codes="").order_by("number")
    return rows.filter(problem_codes__contains=f" {code} ") if code else rows


def edited_rows(batch: Batch) -> QuerySet[Row]:
    """The rows that an admin has changed and that aren't invited: problems, and cells that looked like a mistake."""
    return batch.rows.filter(OPEN, edit__isnull=False).order_by("number")


def rows_with_suggestion(batch: Batch, code: str) -> QuerySet[Row]:
    """The rows that are left and have a suggestion for this kind of problem."""
    return grid_rows(batch).filter(LEFT, suggested_codes__contains=f" {code} ")


def grid_counts(batch: Batch) -> GridCounts:
    """Count the grid's rows, and those that can be invited, in one query that only reads the index `row_by_outcome`."""
    outcomes: Counter[tuple[str, str]] = Counter()
    by_code: Counter[str] = Counter()
    alike: Counter[str] = Counter()
    waiting = 0
    kinds = ("outcome", "reason", "problem_codes", "suggested_codes")
    groups = (
        batch.rows.filter(OPEN).order_by().values_list(*kinds).annotate(count=Count("*")).values_list(*kinds, "count")
    )
    for outcome, reason, codes, suggestions, count in groups:
        if outcome == Outcome.WAITING:
            waiting += count
        if not codes:
            continue
        outcomes[outcome, reason] += count
        for code in codes.split():
            by_code[code] += count
        if (outcome, reason) == (Outcome.PROBLEM, Reason.NONE):
            for code in suggestions.split():
                alike[code] += count
    tally = Tally(
        left=outcomes[Outcome.PROBLEM, Reason.NONE],
        fixed=outcomes[Outcome.WAITING, Reason.NONE],
        twice=outcomes[Outcome.SKIPPED, Reason.DUPLICATE] + outcomes[Outcome.SKIPPED, Reason.ADDRESS_OF_ANOTHER],
        skipped_by_admin=outcomes[Outcome.PROBLEM, Reason.SKIPPED_BY_ADMIN],
        waiting=waiting,
    )
    return GridCounts(tally, by_code, alike)


def first_left(batch: Batch, code: str = "") -> tuple[int, int] | None:
    """The number of the first row that is left, and how many rows of the grid come before it."""
    rows = grid_rows(batch, code)
    number = rows.filter(LEFT).values_list("number", flat=True).first()
    return None if number is None else (number, rows.filter(number__lt=number).count())


def editable(value: str) -> str:
    """The editable beginning of the cell, with line breaks as a browser returns them.

    A cell that is submitted unchanged gives the same text again, so that saving other cells doesn't change it.
    """
    return re.sub(r"\r\n?", "\n", value[: 2 * EDITABLE])[:EDITABLE].replace("\0", "")
