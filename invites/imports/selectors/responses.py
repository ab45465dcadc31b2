"""The responses to the invitations of a batch over time, from the times that are stored with each invitation.

The database counts what lies between two midnights in an index. That takes a few milliseconds for 200,000 people, where
grouping them by day would take a hundred.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Count, Func, Max
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from invites.imports.selectors.summary import DELIVERED, Summary, never_sent
from invites.models import Batch, Invitation, InvitationQuerySet

# The first days are counted one by one, then by week until a year has passed, and then by month.
DAYS = 60
QUARTER = 15 * 60
_State = Invitation.State


@dataclass(frozen=True)
class DayTotals:
    """How many people had accepted, and how many invitations had ended in another way, by the end of a day."""

    day: date
    accepted: int = 0
    expired: int = 0
    declined: int = 0
    bounced: int = 0
    revoked: int = 0

    @property
    def ended(self) -> int:
        """Those who haven't accepted, and can't with the link that they have."""
        return self.expired + self.declined + self.bounced + self.revoked


KINDS = tuple(field.name for field in fields(DayTotals) if field.name != "day")


@dataclass(frozen=True)
class Responses:
    """The responses to the invitations of a batch, beside the numbers of its summary. `share` is a percentage.

    `days` are the first day, each day on which something changed, and today.
    """

    summary: Summary
    share: int
    expires_at: datetime | None
    days: list[DayTotals]


def responses_of(batch: Batch, summary: Summary) -> Responses:
    """The responses so far, from the day of inviting to today. At most four queries, for any number of people."""
    return Responses(
        summary=summary,
        share=round(100 * summary.accepted / summary.invited) if summary.invited else 0,
        expires_at=_last_expiry(batch) if summary.waiting_answer else None,
        days=_totals(batch, summary),
    )


def _last_expiry(batch: Batch) -> datetime | None:
    pending = batch.invitations.filter(state=_State.PENDING, mail_state__in=DELIVERED)
    found: datetime | None = pending.aggregate(last=Max("expires_at"))["last"]
    return found


def _totals(batch: Batch, summary: Summary) -> list[DayTotals]:
    first, today = timezone.localdate(batch.inviting_started_at or batch.created_at), timezone.localdate()
    ends = list(_ends(first, today))
    changes = _changes(batch, summary, ends) if summary.invited else Counter()
    totals, found = dict.fromkeys(KINDS, 0), []
    for day in ends:
        for kind in KINDS:
            totals[kind] += changes[day, kind]
        if day in (first, today) or any(changes[day, kind] for kind in KINDS):
            found.append(DayTotals(day, **totals))
    return found


def _ends(first: date, today: date) -> Iterator[date]:
    """The last days of the periods that are counted, the first day and today among them."""
    day = first
    while day < today:
        yield day
        passed = (day - first).days
        day += timedelta(days=1 if passed < DAYS else 7 if passed < 365 else 30)
    yield today if first <= today else first


def _changes(batch: Batch, summary: Summary, ends: Sequence[date]) -> Counter[tuple[date, str]]:
    """How many invitations came to what they are now in which period."""
    changes: Counter[tuple[date, str]] = Counter()
    for number, *counts in _count_by_index(batch, ends):
        changes.update({(ends[number], kind): count for kind, count in zip(_INDEXED, counts, strict=True)})
    if summary.bounced:
        bounced = batch.invitations.open().undelivered()
        changes.update(_count_each(bounced, Coalesce("bounced_at", "mail_finished_at", "created_at"), ends, "bounced"))
    revoked = sum(changes[day, "revoked"] for day in ends)
    if revoked > summary.revoked:
        unsent = never_sent(batch).filter(closed_at__isnull=False)
        changes.subtract(_count_each(unsent, "closed_at", ends, "revoked"))
    elif batch.is_being_undone and batch.undone_at:
        # The links of the others stopped working at once. Workers are still saving that.
        changes[_period_of(timezone.localdate(batch.undone_at), ends), "revoked"] += summary.revoked - revoked
    return changes


# What indexes answer, in the order of the columns below.
_INDEXED = ("accepted", "declined", "revoked", "expired")
_COUNT_BY_INDEX = f"""
    WITH period (number, since, until) AS (VALUES {{periods}})
    SELECT number,
        (SELECT COUNT(*) FROM {Invitation._meta.db_table}
            WHERE batch_id = %s AND state = 'accepted' AND closed_at >= since AND closed_at < until),
        (SELECT COUNT(*) FROM {Invitation._meta.db_table}
            WHERE batch_id = %s AND state = 'declined' AND closed_at >= since AND closed_at < until),
        (SELECT COUNT(*) FROM {Invitation._meta.db_table}
            WHERE batch_id = %s AND state IN ('revoked', 'replaced') AND closed_at >= since AND closed_at < until),
        (SELECT COUNT(*) FROM {Invitation._meta.db_table}
            WHERE batch_id = %s AND mail_state IN ({", ".join(["%s"] * len(DELIVERED))}) AND state = %s
                AND expires_at >= since AND expires_at < until AND expires_at <= %s)
    FROM period
"""  # noqa: S608 - the name of a table of ours


def _count_by_index(batch: Batch, ends: Sequence[date]) -> list[tuple[int, ...]]:
    """The number of each period, and the counts of it."""
    kind = "::timestamptz" if connection.vendor == "postgresql" else ""
    adapted = connection.ops.adapt_datetimefield_value
    # The first period and the last are open, so that every response is counted even if a clock was wrong.
    borders = [datetime(1970, 1, 1, tzinfo=UTC), *map(_end_of, ends[:-1]), datetime(9000, 1, 1, tzinfo=UTC)]
    values: list[Any] = []
    for number, (since, until) in enumerate(pairwise(borders)):
        values += [number, adapted(since), adapted(until)]
    periods = ", ".join([f"(%s, %s{kind}, %s{kind})"] * len(ends))
    pending = "none" if batch.is_being_undone else _State.PENDING.value
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT_BY_INDEX.format(periods=periods),
            [*values, batch.pk, batch.pk, batch.pk, batch.pk, *DELIVERED, pending, adapted(timezone.now())],
        )
        found: list[tuple[int, ...]] = cursor.fetchall()
    return found


def _end_of(day: date) -> datetime:
    """The midnight after the day, which may be 23 or 25 hours long."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def _count_each(
    invitations: InvitationQuerySet, moment: str | Coalesce, ends: Sequence[date], kind: str
) -> Counter[tuple[date, str]]:
    """Counts by quarters of an hour. In every time zone a day begins with one of them."""
    counts: Counter[tuple[date, str]] = Counter()
    found = invitations.order_by().values(quarter=_Quarter(moment)).annotate(count=Count("*"))
    for quarter, count in found.values_list("quarter", "count"):
        day = datetime.fromtimestamp(quarter * QUARTER, tz=timezone.get_current_timezone()).date()
        counts[_period_of(day, ends), kind] += count
    return counts


def _period_of(day: date, ends: Sequence[date]) -> date:
    return ends[min(bisect_left(ends, day), len(ends) - 1)]


def with_quiet_days(days: Sequence[DayTotals]) -> list[tuple[date, DayTotals]]:
    """The totals with the day before each change, so that a line through them is level until something changes."""
    points: list[tuple[date, DayTotals]] = []
    for totals in days:
        before = totals.day - timedelta(days=1)
        if points and points[-1][0] < before:
            points.append((before, points[-1][1]))
        points.append((totals.day, totals))
    return points


class _Quarter(Func):
    """The number of the quarter of an hour since 1970."""

    output_field = BigIntegerField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Sequence[Any]]:
        template = f"floor(date_part('epoch', %(expressions)s) / {QUARTER})::bigint"
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        # Two percent signs, because the statement has parameters.
        template = f"CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / {QUARTER}"
        statement, params = self.as_sql(compiler, connection, template=template, **extra)
        return statement, tuple(params)
