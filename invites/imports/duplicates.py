"""Invite one of several rows with the same address: an unedited one, or else the first edited one.

The database finds the rows whose outcome doesn't match yet. So it doesn't matter in which order rows are edited, how
many at a time, or whether a worker dies in between.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db import connection

from invites.models import Batch, Row

# Up to this many addresses are looked up; for more, all rows are compared.
FEW = 2_000
# How many rows are found at a time.
FOUND = 20_000
_TABLE = Row._meta.db_table
# A window function compares each row with the first one of its address.
_UNSETTLED = f"""
    SELECT id, number, first FROM (
        SELECT id, number, duplicate_of, edit IS NOT NULL AS is_edited, FIRST_VALUE(number) OVER (
            PARTITION BY email_key ORDER BY CASE WHEN edit IS NULL THEN 0 ELSE 1 END, number
        ) AS first
        FROM {_TABLE}
        WHERE batch_id = %s AND email_key <> '' {{chosen}}
            AND (outcome = 'waiting' OR (outcome = 'skipped' AND edit IS NOT NULL))
    ) AS people
    WHERE is_edited AND COALESCE(duplicate_of, number) <> first
    LIMIT {FOUND}
"""  # noqa: S608 - only constants


class Unsettled(NamedTuple):
    """A row whose outcome doesn't match the fact that row `first` is the one to invite."""

    row_id: int
    number: int
    first: int


def settle_duplicates(batch: Batch, keys: Collection[str]) -> set[int]:
    """Settle the rows with these addresses. Returns the numbers of the rows whose outcome changed."""
    changed: set[int] = set()
    while found := find_unsettled(batch, keys):
        settle(found)
        changed.update(each.number for each in found)
    return changed


def find_unsettled(batch: Batch, keys: Collection[str] | None = None) -> list[Unsettled]:
    """Some of the rows to settle, among all rows of the batch or those with these addresses."""
    wanted = sorted(set(keys) - {""}) if keys is not None else []
    if keys is not None and not wanted:
        return []
    by_name = 0 < len(wanted) <= FEW
    chosen = f"AND email_key IN ({', '.join(['%s'] * len(wanted))})" if by_name else ""
    with connection.cursor() as cursor:
        cursor.execute(_UNSETTLED.format(chosen=chosen), [batch.pk, *(wanted if by_name else ())])
        return [Unsettled(*values) for values in cursor.fetchall()]


def settle(rows: Sequence[Unsettled]) -> None:
    """Save the outcome of each row: only the first with its address is invited."""
    waiting = (Row.Outcome.WAITING.value, Row.Reason.NONE.value, None)
    records = [(*(waiting if row.first == row.number else _skipped(row.first)), row.row_id) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {_TABLE} SET outcome = %s, reason = %s, duplicate_of = %s WHERE id = %s", records)  # noqa: S608


def _skipped(first: int) -> tuple[str, str, int]:
    return Row.Outcome.SKIPPED.value, Row.Reason.DUPLICATE.value, first
