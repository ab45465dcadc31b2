"""Find the rows that were skipped because they aren't people."""

from __future__ import annotations

from django.db.models import QuerySet

from invites.checking import NUMBERS_NAMED, Notice, rows_notice
from invites.models import Batch, Row


def not_people_rows(batch: Batch) -> QuerySet[Row]:
    """The rows below the last address that were skipped, in no order."""
    return batch.rows.filter(outcome=Row.Outcome.SKIPPED, reason=Row.Reason.NOT_A_PERSON)


def not_people_notice(batch: Batch) -> Notice | None:
    """One notice about all of them; None if there are none."""
    if not batch.read_as.get("tails") or not batch.keeps_rows:
        return None
    rows = not_people_rows(batch)
    count = rows.count()
    if not count:
        return None
    numbers = list(rows.order_by("number").values_list("number", flat=True)[:NUMBERS_NAMED])
    return rows_notice("not_people", numbers=numbers, count=count)


def is_below_people(batch: Batch, number: int) -> bool:
    """Whether the check found this row below the people of its sheet."""
    return any(first <= number <= last for first, last in batch.read_as.get("tails", []))
