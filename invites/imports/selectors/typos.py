"""Find valid cells that look like typos or damaged text.

We show them before anybody is invited. Damaged text stops an import until an admin has seen it; likely typos in domains
don't.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext_lazy

from invites.checking import COLUMNS, EMAIL, Notice, visible
from invites.invitations.typos import domain_of, intended_address
from invites.models import Batch, Row
from invites.problems import column_title

LISTED = 10
_PLACES = {column.key: place for place, column in enumerate(COLUMNS)}
# The warnings about cells that would be invited as written.
DOUBTS = frozenset(
    {"likely_typo", "damaged_text", "lost_letter", "unlikely_name", "look_alike_address", "other_domain"}
)
_WITHOUT_SUGGESTION = {
    "lost_letter": gettext_lazy("A letter may have been lost."),
    "unlikely_name": gettext_lazy("This is probably not a name."),
    "other_domain": gettext_lazy("This isn’t one of your organization’s email domains."),
}
_Outcome = Row.Outcome


@dataclass(frozen=True)
class Typo:
    """A cell of the file, and what was probably meant, or "" if that isn't certain. `taken`: that was applied.

    `found` shows invisible characters; `text` is the cell as it is now, in version `version` of its row.
    """

    number: int
    place: int
    text: str
    version: int
    found: str
    right: str
    taken: bool
    duplicate_of: int | None = None
    is_domain: bool = False
    code: str = ""

    @property
    def why(self) -> str:
        """What may be wrong, if there is no suggestion."""
        return str(_WITHOUT_SUGGESTION.get(self.code, ""))

    @property
    def column(self) -> str:
        return column_title(COLUMNS[self.place].key)

    @property
    def used(self) -> str:
        """What the button says: the domain is enough if it is all that changes."""
        return domain_of(self.right) if self.is_domain else self.right


@dataclass(frozen=True)
class Typos:
    """The first typos, how many are still open in the whole file, and how many of those have a suggestion."""

    listed: list[Typo]
    open: int
    fixable: int

    @property
    def more(self) -> int:
        """How many open ones aren't listed."""
        return self.open - sum(not typo.taken for typo in self.listed)


def typos_of(batch: Batch) -> Typos:
    """The typos in a file that isn't invited yet, or those that were invited as written."""
    # Once the import has ended, the rows that still wait won't be invited.
    outcomes = [_Outcome.INVITED] if batch.state in Batch.ENDED else [_Outcome.WAITING, _Outcome.INVITED]
    rows = doubted_rows(batch)
    shown = still = Q(outcome__in=outcomes, open_doubts__gt=0)
    if batch.state == Batch.State.NEEDS_CORRECTION:
        shown |= Q(outcome__in=[_Outcome.WAITING, _Outcome.SKIPPED], edit__isnull=False)
    counts = rows.filter(still).order_by().aggregate(open=Sum("open_doubts"), fixable=Sum("fixable_doubts"))
    if not counts["open"] and batch.state != Batch.State.NEEDS_CORRECTION:
        return Typos([], 0, 0)
    found = [_typo(row, doubt) for row in rows.filter(shown)[:LISTED] for doubt in row.doubts or ()]
    listed = [typo for typo in found if typo and (not typo.taken or batch.state == Batch.State.NEEDS_CORRECTION)]
    return Typos(listed[:LISTED], counts["open"] or 0, counts["fixable"] or 0)


def doubted_rows(batch: Batch) -> QuerySet[Row]:
    """The rows in which the check found a cell that looks like a mistake. They may be fixed since."""
    return batch.rows.filter(doubts__isnull=False).order_by("number")


def rows_to_fix(batch: Batch) -> QuerySet[Row]:
    """Those that would be invited with a cell for which there is a suggestion."""
    return doubted_rows(batch).filter(outcome=_Outcome.WAITING, fixable_doubts__gt=0)


def as_doubt(notice: Notice) -> dict[str, Any]:
    """What a row stores of a warning about one of its cells."""
    return {"code": notice.code, "column": notice.column, "value": notice.value, "suggestion": notice.suggestion}


def open_doubts(row: Row) -> list[dict[str, Any]]:
    """The warnings about cells that are as they were in the file."""
    return [doubt for doubt in row.doubts or () if visible(getattr(row, doubt["column"])) == doubt["value"]]


def count_doubts(row: Row) -> None:
    """Set the counts of a row whose cells or doubts have changed."""
    if row.doubts is not None:
        still = open_doubts(row)
        row.open_doubts, row.fixable_doubts = len(still), sum(bool(doubt["suggestion"]) for doubt in still)


def likely_cells(row: Row, place: int | None = None) -> dict[str, str]:
    """What was probably meant in this row, or in one of its cells, by the keys of their columns."""
    columns = COLUMNS if place is None else COLUMNS[place : place + 1]
    meant: dict[str, str] = {}
    for column in columns:
        value = getattr(row, column.key)
        doubt = column.doubt(value)
        suggestion = doubt.suggestion if doubt else None
        if column is EMAIL:
            suggestion = suggestion or _likely_address(row)
        if suggestion:
            meant[column.key] = suggestion
    return meant


def _likely_address(row: Row) -> str | None:
    """The address without its typo, by a warning about the row or a well-known domain."""
    told = (doubt["suggestion"] for doubt in open_doubts(row) if doubt["code"] == "likely_typo")
    return next(told, None) or intended_address(row.email)


def _typo(row: Row, doubt: dict[str, Any]) -> Typo | None:
    found, value = doubt["value"], getattr(row, doubt["column"])
    typo = Typo(
        row.number,
        _PLACES[doubt["column"]],
        value,
        row.version,
        found,
        visible(doubt["suggestion"] or ""),
        taken=False,
        is_domain=doubt["code"] == "likely_typo",
        code=doubt["code"],
    )
    if visible(value) == found:
        return typo if row.outcome in (_Outcome.WAITING, _Outcome.INVITED) else None
    if row.edit and row.outcome in (_Outcome.WAITING, _Outcome.SKIPPED):
        return replace(typo, right=visible(value), taken=True, duplicate_of=row.duplicate_of)
    return None
