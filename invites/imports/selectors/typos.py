"""Find valid addresses that look like typos. We show them before anybody is invited, but they never block an import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from invites.invitations.typos import domain_of, intended_address
from invites.models import Batch, Row

# How many warnings a batch keeps; there may have been more.
KEPT = 200
LISTED = 10


@dataclass(frozen=True)
class Typo:
    """An address of the file, and the one that was probably meant. `taken`: the suggestion was applied."""

    number: int
    found: str
    right: str
    taken: bool
    duplicate_of: int | None = None

    @property
    def domain(self) -> str:
        return domain_of(self.right)


@dataclass(frozen=True)
class Typos:
    """The first typos, the number of all, and how many of them are still open.

    With `at_least` there may be more that weren't counted.
    """

    listed: list[Typo]
    count: int
    open: int
    at_least: bool

    @property
    def more(self) -> int:
        return self.count - len(self.listed)


def typos_of(batch: Batch) -> Typos:
    """The typos in a file that isn't invited yet, or those that were invited as written."""
    warned = {notice["row"]: notice for notice in batch.warnings if notice["code"] == "likely_typo"}
    rows = batch.rows.filter(number__in=warned).order_by("number") if warned else Row.objects.none()
    if batch.state in Batch.ENDED:
        # The rows that still wait won't be invited.
        rows = rows.exclude(outcome=Row.Outcome.WAITING)
    found = [typo for row in rows if (typo := _typo(row, warned[row.number]))]
    if batch.state != Batch.State.NEEDS_CORRECTION:
        found = [typo for typo in found if not typo.taken]
    still = sum(not typo.taken for typo in found)
    return Typos(found[:LISTED], len(found), still, at_least=len(batch.warnings) >= KEPT)


def likely_address(batch: Batch, row: Row) -> str | None:
    """The address that was probably meant in this row, by a warning of the batch or a well-known domain."""
    told = (each for each in batch.warnings if each["code"] == "likely_typo" and each["row"] == row.number)
    return next((each["suggestion"] for each in told if each["value"] == row.email), None) or intended_address(
        row.email
    )


def _typo(row: Row, notice: dict[str, Any]) -> Typo | None:
    found, right = notice["value"], notice["suggestion"]
    if row.edit and row.outcome in (Row.Outcome.WAITING, Row.Outcome.SKIPPED):
        return Typo(row.number, found, row.email, taken=True, duplicate_of=row.duplicate_of)
    if row.outcome in (Row.Outcome.WAITING, Row.Outcome.INVITED) and row.email == found:
        return Typo(row.number, found, right, taken=False)
    return None
