"""Find valid cells that look like typos or damaged text.

We show them before anybody is invited, but they never block an import.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet

from invites.checking import COLUMNS, EMAIL, visible
from invites.invitations.typos import domain_of, intended_address
from invites.models import Batch, Row

# How many warnings a batch keeps; there may have been more.
KEPT = 200
LISTED = 10
_PLACES = {column.key: place for place, column in enumerate(COLUMNS)}


# The warnings about cells that would be invited as written.
_CODES = ("likely_typo", "damaged_text", "lost_letter", "look_alike_address")


@dataclass(frozen=True)
class Typo:
    """A cell of the file, and what was probably meant, or "" if that isn't certain. `taken`: that was applied."""

    number: int
    place: int
    found: str
    right: str
    taken: bool
    duplicate_of: int | None = None
    is_domain: bool = False

    @property
    def used(self) -> str:
        """What the button says: the domain is enough if it is all that changes."""
        return domain_of(self.right) if self.is_domain else self.right


@dataclass(frozen=True)
class Typos:
    """The first typos, the number of all, how many of them are still open, and how many of those have a suggestion.

    With `at_least` there may be more that weren't counted.
    """

    listed: list[Typo]
    count: int
    open: int
    at_least: bool
    fixable: int

    @property
    def more(self) -> int:
        return self.count - len(self.listed)


def typos_of(batch: Batch) -> Typos:
    """The typos in a file that isn't invited yet, or those that were invited as written."""
    rows = {row.number: row for row in doubted_rows(batch)}
    if batch.state in Batch.ENDED:
        # The rows that still wait won't be invited.
        rows = {number: row for number, row in rows.items() if row.outcome != Row.Outcome.WAITING}
    told = sorted(_warnings(batch), key=lambda notice: notice["row"])
    found = [typo for notice in told if (row := rows.get(notice["row"])) and (typo := _typo(row, notice))]
    if batch.state != Batch.State.NEEDS_CORRECTION:
        found = [typo for typo in found if not typo.taken]
    still = [typo for typo in found if not typo.taken]
    return Typos(
        found[:LISTED],
        len(found),
        len(still),
        at_least=len(batch.warnings) >= KEPT,
        fixable=sum(bool(typo.right) for typo in still),
    )


def doubted_rows(batch: Batch) -> QuerySet[Row]:
    """The rows that the batch has a warning about."""
    numbers = {notice["row"] for notice in _warnings(batch)}
    return batch.rows.filter(number__in=numbers).order_by("number") if numbers else Row.objects.none()


def likely_cells(batch: Batch, row: Row, place: int | None = None) -> dict[str, str]:
    """What was probably meant in this row, or in one of its cells, by the keys of their columns."""
    columns = COLUMNS if place is None else COLUMNS[place : place + 1]
    meant: dict[str, str] = {}
    for column in columns:
        value = getattr(row, column.key)
        doubt = column.doubt(value)
        suggestion = doubt.suggestion if doubt else None
        if column is EMAIL:
            suggestion = suggestion or _likely_address(batch, row)
        if suggestion:
            meant[column.key] = suggestion
    return meant


def _likely_address(batch: Batch, row: Row) -> str | None:
    """The address without its typo, by a warning of the batch or a well-known domain."""
    told = (each for each in batch.warnings if each["code"] == "likely_typo" and each["row"] == row.number)
    return next((each["suggestion"] for each in told if each["value"] == row.email), None) or intended_address(
        row.email
    )


def _warnings(batch: Batch) -> list[dict[str, Any]]:
    return [notice for notice in batch.warnings if notice["code"] in _CODES]


def _typo(row: Row, notice: dict[str, Any]) -> Typo | None:
    found, value = notice["value"], getattr(row, notice["column"])
    typo = Typo(
        row.number,
        _PLACES[notice["column"]],
        found,
        visible(notice["suggestion"] or ""),
        taken=False,
        is_domain=notice["code"] == "likely_typo",
    )
    if visible(value) == found:
        return typo if row.outcome in (Row.Outcome.WAITING, Row.Outcome.INVITED) else None
    if row.edit and row.outcome in (Row.Outcome.WAITING, Row.Outcome.SKIPPED):
        return replace(typo, right=visible(value), taken=True, duplicate_of=row.duplicate_of)
    return None
