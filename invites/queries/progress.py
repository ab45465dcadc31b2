"""How far a batch is that is being worked on: what changes is one question to the database for each look.

Many look, each second, while up to 200,000 rows change. So of a batch that is inviting nothing is counted that was
decided: the ranges say who waits, by how many people each of them was cut for, and of the invitations only those
count whose mail was not tried yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, reduce
from operator import add
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Count, IntegerField, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from invites.models import Batch, BulkAction, CorrectionJob, Invitation, Row, RowRange

Outcome, Reason, Mail = Row.Outcome, Row.Reason, Invitation.Mail

# What the mail server has not taken: a refusal counts when the row says it.
UNTRIED = (Mail.QUEUED, Mail.SENDING, Mail.FAILED)


@dataclass(frozen=True)
class Progress:
    """How far the running step is.

    `done` of `total` people or rows; `total` is 0 where it is not known. Somebody is done when the invitation is made
    and its mail was taken; `on_the_way` are invited, but their mail was not taken yet. `skipped` and `failed` are no
    part of the total. `share` is the part of the work that is done, from 0 to 1; `seconds_left` is there only while
    it is steady.
    """

    done: int
    total: int
    share: float
    seconds_left: int | None = None
    skipped: int = 0
    failed: int = 0
    on_the_way: int = 0

    @property
    def waiting(self) -> int:
        """About whom nothing was decided yet."""
        return self.total - self.done - self.on_the_way

    @property
    def percent(self) -> int:
        return int(self.share * 100)

    @property
    def quarter(self) -> int:
        """0, 25, 50 or 75: what is told to those who listen."""
        return self.percent // 25 * 25

    @property
    def time_left(self) -> str:
        """ "About 20 seconds left."; empty while it would jump."""
        if self.seconds_left is None:
            return ""
        seconds = rounded_up(self.seconds_left)
        if seconds <= 90:
            return f"About {seconds} second{'s' if seconds > 1 else ''} left."
        return f"About {seconds // 60} minutes left."


def rounded_up(seconds: int) -> int:
    """As it is told: by ten seconds, by one at the end, and beyond a minute and a half by minutes."""
    step = step_of(seconds)
    return max(1, -(-seconds // step) * step)


def step_of(seconds: int) -> int:
    """By how much what is told changes."""
    return 1 if seconds < 10 else 10 if seconds <= 90 else 60


class TimeLeft:
    """What is left as somebody who goes on looking is told it: it never rises, and is not told while it would."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, str], int] = {}

    def steady(self, work: Batch | BulkAction, seconds: int | None) -> int | None:
        """The seconds, or what was told before while they are hardly more; None where it can't be known."""
        if seconds is None:
            return None
        key = work.pk, str(work.state)
        now, before = rounded_up(seconds), self._told.get(key)
        if before is not None and now > before:
            return before if now - before <= step_of(before) else None
        self._told[key] = now
        return now


def followed(batches: QuerySet[Batch]) -> QuerySet[Batch]:
    """The batches with all that `progress_of` needs and that changes, in one question that only indexes answer."""
    rows = Row.objects.filter(batch=OuterRef("pk"))
    pending = Invitation.objects.filter(batch=OuterRef("pk"), state=Invitation.State.PENDING)
    to_invite = RowRange.objects.filter(batch=OuterRef("pk"), stage=RowRange.Stage.INVITE)
    return (
        batches.select_related("job")
        .defer("left_out", "row_editors")
        .annotate(
            skipped_now=_count(
                rows.filter(outcome=Outcome.SKIPPED, reason__in=[Reason.ALREADY_MEMBER, Reason.ALREADY_INVITED])
            ),
            failed_now=_count(rows.filter(outcome=Outcome.FAILED)),
            # State by state: asked for all at once, PostgreSQL may look at those whose mail was taken, too.
            untried_now=reduce(add, [_count(pending.filter(mail_state=state)) for state in UNTRIED]),
            to_invite_now=Subquery(
                to_invite.order_by().values("batch").annotate(all=_Listed("first_number")).values("all")
            ),
        )
    )


def progress_of(batch: Batch) -> Progress | None:
    """How far the running step of a batch from `followed` is; None when none runs."""
    if batch.state == Batch.State.CHECKING:
        return _checking(batch)
    return _inviting(batch) if batch.state == Batch.State.INVITING else None


def progress_now(batch: Batch) -> Progress | None:
    """The same for a batch that was found without."""
    return progress_of(followed(Batch.objects.filter(pk=batch.pk)).get()) if batch.is_running else None


def unsent_mails(batch: Batch) -> int:
    """How many people of a batch that has ended still wait for their mail."""
    if batch.undone_at:
        return 0
    return batch.invitations.filter(
        state=Invitation.State.PENDING, mail_state__in=[Mail.QUEUED, Mail.SENDING], mail_due_at=None
    ).count()


def _checking(batch: Batch) -> Progress:
    """Rows looked at. How many there are is known only at the end, so the share is one of bytes."""
    if job := batch.current_job:
        return _correcting(job)
    share = min(1.0, batch.bytes_checked / batch.file_size) if batch.file_size else 0.0
    return Progress(batch.rows_checked, batch.row_total, share, estimate_seconds_left(batch.created_at, share))


def _correcting(job: CorrectionJob) -> Progress:
    """Rows that were changed. Of a corrected file nothing is told before it is known whether it can be used."""
    share = min(1.0, job.rows_done / job.rows_total) if job.rows_total else 0.0
    return Progress(job.rows_done, job.rows_total, share, estimate_seconds_left(job.created_at, share))


def _inviting(batch: Batch) -> Progress:
    counted = vars(batch)
    sizes = _sizes_of_ranges(batch.pk, batch.inviting_at) if batch.inviting_at else {}
    skipped, failed, untried = counted["skipped_now"], counted["failed_now"], counted["untried_now"]
    waiting = sum(sizes.get(int(first), 0) for first in (counted["to_invite_now"] or "").split(",") if first)
    total = max(0, sum(sizes.values()) - skipped - failed)
    done = max(0, total - waiting - untried)
    share = done / total if total else 0.0
    return Progress(done, total, share, estimate_seconds_left(batch.inviting_at, share), skipped, failed, untried)


@lru_cache(maxsize=256)
def _sizes_of_ranges(batch_id: int, inviting_at: datetime) -> dict[int, int]:
    """For how many people each range was cut, by its first number: from then on that does not change any more."""
    people = Row.objects.filter(
        batch=OuterRef("batch"), number__range=(OuterRef("first_number"), OuterRef("last_number"))
    )
    sizes = _count(people.exclude(outcome=Outcome.PROBLEM).exclude(reason=Reason.DUPLICATE))
    ranges = RowRange.objects.filter(batch_id=batch_id).order_by().annotate(people=sizes)
    return dict(ranges.values_list("first_number", "people"))


def _count(found: QuerySet[Row] | QuerySet[Invitation]) -> Coalesce:
    """How many there are, as a part of another question."""
    counted = found.order_by().values("batch").annotate(all=Count("*")).values("all")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


class _Listed(Aggregate):
    """The numbers one after the other, with commas between; databases have no common name for that."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Sequence[Any]]:
        return self.as_sql(
            compiler, connection, function="STRING_AGG", template="%(function)s((%(expressions)s)::text, ',')", **extra
        )


def estimate_seconds_left(began: datetime | None, share: float) -> int | None:
    """The rest at the pace so far; None before a tenth is done or two seconds have gone: it would jump."""
    gone = (timezone.now() - began).total_seconds() if began else 0
    return round(gone * (1 - share) / share) if gone >= 2 and 0.1 <= share < 1 else None
