"""What the grid of a batch's problem rows shows: rows by number, cells with their causes, kinds, and what is left.

The rows of the grid are those in which the check found problems. They stay in it, and of their kind, whatever is
made of them: so a page of the grid holds the same rows while it is worked on.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from invites.checking import COLUMNS
from invites.checking.catalog import title_of
from invites.models import Batch, Row
from invites.queries.quoting import curly
from invites.queries.rows import cells_now
from invites.queries.typos import domain_of, meant_by

Outcome, Reason = Row.Outcome, Row.Reason

LEFT = Q(outcome=Outcome.PROBLEM, reason=Reason.NONE)
# A cell may hold a million characters; one that long is far beyond what is allowed, and gets shortened anyway.
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
    """The rows of the grid by what became of them, and how many people could be invited now."""

    left: int = 0
    fixed: int = 0
    twice: int = 0
    left_out: int = 0
    waiting: int = 0

    @property
    def rows(self) -> int:
        return self.left + self.fixed + self.twice + self.left_out


@dataclass(frozen=True)
class Suggestion:
    """What a button in a cell offers."""

    label: str
    value: str


@dataclass(frozen=True)
class Cell:
    """One cell of the grid. `text` is what is edited; `shown` is shorter where that is very long.

    `meant` is the address that was probably meant, where a good one looks like a slip.
    """

    place: int
    column: str
    text: str
    causes: list[str]
    hints: list[str]
    suggestion: Suggestion | None
    may_be_kept: bool
    meant: str | None = None

    @property
    def shown(self) -> str:
        return self.text if len(self.text) <= SHOWN else f"{self.text[: SHOWN - 1]}…"

    @property
    def meant_domain(self) -> str:
        return domain_of(self.meant or "")

    @property
    def has_lines(self) -> bool:
        return "\n" in self.text


@dataclass(frozen=True)
class GridRow:
    """A row of the grid. `state`: left, fixed, twice (skipped, the address is in another row) or out."""

    row: Row
    state: str
    cells: list[Cell]

    @property
    def may_be_undone(self) -> bool:
        return self.row.mended is not None and self.state != "out"


def grid_rows(batch: Batch, code: str = "") -> QuerySet[Row]:
    """The rows in which the check found problems, or one kind of problem."""
    rows = batch.rows.exclude(problem_codes="").order_by("number")
    return rows.filter(problem_codes__contains=f" {code} ") if code else rows


def mended_rows(batch: Batch) -> QuerySet[Row]:
    """The rows of which an admin made something else: problems, and addresses that looked like a slip."""
    return batch.rows.filter(mended__isnull=False).order_by("number")


def rows_to_mend_alike(batch: Batch, code: str) -> QuerySet[Row]:
    """The rows that are left and have a problem of this kind that a suggestion mends."""
    return grid_rows(batch).filter(LEFT, suggested_codes__contains=f" {code} ")


def tally_of(batch: Batch) -> Tally:
    """Counts what is left, fixed and left out."""
    found = grid_rows(batch).order_by().values_list("outcome", "reason").annotate(count=Count("pk"))
    counts: Counter[tuple[str, str]] = Counter()
    for outcome, reason, count in found.values_list("outcome", "reason", "count"):
        counts[outcome, reason] += count
    return Tally(
        left=counts[Outcome.PROBLEM, Reason.NONE],
        fixed=counts[Outcome.WAITING, Reason.NONE],
        twice=counts[Outcome.SKIPPED, Reason.DUPLICATE],
        left_out=counts[Outcome.PROBLEM, Reason.LEFT_OUT],
        waiting=batch.rows.filter(outcome=Outcome.WAITING).count(),
    )


def problem_kinds(batch: Batch) -> list[ProblemKind]:
    """The kinds of problems that the check found, the most frequent first."""
    counted: Counter[str] = Counter()
    groups = grid_rows(batch).order_by().values_list("problem_codes").annotate(count=Count("pk"))
    for codes, count in groups:
        for code in codes.split():
            counted[code] += count
    return [ProblemKind(code, title_of(code), count) for code, count in counted.most_common()]


def first_left(batch: Batch, code: str = "") -> tuple[int, int] | None:
    """The number of the first row that is left, and how many rows of the grid stand before it."""
    rows = grid_rows(batch, code)
    number = rows.filter(LEFT).values_list("number", flat=True).first()
    return None if number is None else (number, rows.filter(number__lt=number).count())


def editable(value: str) -> str:
    """The cell as it is edited: its line breaks as a browser gives them back, and not endless."""
    return re.sub(r"\r\n?", "\n", value[:EDITABLE]).replace("\0", "")


def shown_row(row: Row) -> GridRow:
    """The row as the grid shows it; a problem of the row as a whole stands at its first cell."""
    match row.outcome:
        case Outcome.WAITING:
            state = "fixed"
        case Outcome.SKIPPED:
            state = "twice"
        case _:
            state = "out" if row.reason == Reason.LEFT_OUT else "left"
    cells = []
    for place, (column, value) in enumerate(zip(COLUMNS, cells_now(row), strict=True)):
        whole = [each for each in row.problems if each["column"] is None] if place == 0 else []
        mine = whole + [each for each in row.problems if each["column"] == column]
        offers = [each for each in mine if each["suggestion"] is not None]
        cells.append(
            Cell(
                place=place,
                column=column,
                text=editable(value),
                causes=[curly(each["message"]) for each in mine],
                hints=[curly(each["hint"]) for each in mine],
                suggestion=Suggestion(offers[0]["suggestion_label"], offers[0]["suggestion"]) if offers else None,
                may_be_kept=bool(whole),
                meant=meant_by(row.email) if state == "fixed" and place == 0 else None,
            )
        )
    return GridRow(row, state, cells)
