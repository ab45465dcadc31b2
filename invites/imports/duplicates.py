"""Of several rows with one address, one is invited: that of the file, or else the first of those that were edited.

The database finds the rows whose outcome doesn't say so yet. So it makes no difference in which order rows are edited,
how many at a time, or whether somebody died in between.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db import connection

from invites.models import Batch, Row

# So many addresses are looked up by name; with more of them, all rows are looked at.
FEW = 2_000
# So many rows are found at a time.
FOUND = 20_000
_REPEATS = "The same address is in row "
_TABLE = Row._meta.db_table
# A window function compares each row with the first one of its address.
_UNSETTLED = f"""
    SELECT id, number, first FROM (
        SELECT id, number, detail, edit IS NOT NULL AS is_edited, FIRST_VALUE(number) OVER (
            PARTITION BY email_key ORDER BY CASE WHEN edit IS NULL THEN 0 ELSE 1 END, number
        ) AS first
        FROM {_TABLE}
        WHERE batch_id = %s AND email_key <> '' {{chosen}}
            AND (outcome = 'waiting' OR (outcome = 'skipped' AND edit IS NOT NULL))
    ) AS people
    WHERE is_edited AND detail <> CASE WHEN first = number THEN '' ELSE '{_REPEATS}' || first END
    LIMIT {FOUND}
"""  # noqa: S608 - nothing in it but ours


class Unsettled(NamedTuple):
    """A row whose outcome is not that of a row whose address is in row `first`."""

    row_id: int
    number: int
    first: int


def settle_duplicates(batch: Batch, keys: Collection[str]) -> set[int]:
    """Settle the rows that have one of these addresses. The numbers of the rows whose outcome has changed."""
    changed: set[int] = set()
    while found := find_unsettled(batch, keys):
        settle(found)
        changed.update(each.number for each in found)
    return changed


def find_unsettled(batch: Batch, keys: Collection[str] | None = None) -> list[Unsettled]:
    """Some of the rows to settle, of all rows of the batch, or of those with one of these addresses."""
    wanted = sorted(set(keys) - {""}) if keys is not None else []
    if keys is not None and not wanted:
        return []
    by_name = 0 < len(wanted) <= FEW
    chosen = f"AND email_key IN ({', '.join(['%s'] * len(wanted))})" if by_name else ""
    with connection.cursor() as cursor:
        cursor.execute(_UNSETTLED.format(chosen=chosen), [batch.pk, *(wanted if by_name else ())])
        return [Unsettled(*values) for values in cursor.fetchall()]


def settle(rows: Sequence[Unsettled]) -> None:
    """Save what became of each: it is invited if it is the first with its address."""
    waiting = (Row.Outcome.WAITING.value, Row.Reason.NONE.value, "")
    records = [(*(waiting if row.first == row.number else _skipped(row.first)), row.row_id) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {_TABLE} SET outcome = %s, reason = %s, detail = %s WHERE id = %s", records)  # noqa: S608


def _skipped(first: int) -> tuple[str, str, str]:
    return Row.Outcome.SKIPPED.value, Row.Reason.DUPLICATE.value, f"{_REPEATS}{first}"
