"""The progress of a running batch, with one query per poll.

Many viewers poll every second while up to 200,000 rows change. So while a batch is inviting, decided rows are not
counted: the chunks tell how many people wait, and only invitations whose email is not sent yet are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache, reduce
from operator import add
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Count, IntegerField, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from invites.live.progress import Progress, estimate_seconds_left
from invites.models import Batch, BatchChunk, CorrectionJob, Invitation, Row

Outcome = Row.Outcome


def with_progress(batches: QuerySet[Batch]) -> QuerySet[Batch]:
    """The batches with all changing values that `progress_of` needs, in one query that indexes alone answer."""
    rows = Row.objects.filter(batch=OuterRef("pk"))
    pending = Invitation.objects.filter(batch=OuterRef("pk"), state=Invitation.State.PENDING)
    before_mail = (BatchChunk.Stage.INVITE, BatchChunk.Stage.RELEASE)
    to_invite = BatchChunk.objects.filter(batch=OuterRef("pk"), stage__in=before_mail)
    return (
        batches.select_related("job")
        .defer("skipped_numbers", "known_rows", "row_editors")
        .annotate(
            skipped_now=_count(rows.filter(outcome=Outcome.SKIPPED, reason__in=Row.SKIPPED_WHILE_INVITING)),
            failed_now=_count(rows.filter(outcome=Outcome.FAILED)),
            # A failed email of the import leaves this count together with its invitation, which is revoked. Other
            # failures happen to invitations that were sent, for example when the address reports abuse.
            # One subquery per state: with a list of states, PostgreSQL may also read the invitations that are sent.
            unsent_now=reduce(add, [_count(pending.filter(mail_state=state)) for state in Invitation.UNSENT]),
            to_invite_now=Subquery(
                to_invite.order_by().values("batch").annotate(all=_Listed("first_number")).values("all")
            ),
        )
    )


def progress_of(batch: Batch) -> Progress | None:
    """The progress of the running step of a batch from `with_progress`. None if no step runs."""
    if batch.state == Batch.State.CHECKING:
        return _checking(batch)
    return _inviting(batch) if batch.state == Batch.State.INVITING else None


def progress_now(batch: Batch) -> Progress | None:
    """The same for a batch that was loaded without `with_progress`."""
    return progress_of(with_progress(Batch.objects.filter(pk=batch.pk)).get()) if batch.is_running else None


def count_unsent(batch: Batch) -> int:
    """How many emails of a batch that has ended are not sent yet."""
    if batch.undone_at:
        return 0
    return batch.invitations.open().unsent().sent_with_import().count()


def _checking(batch: Batch) -> Progress:
    """Counts checked rows. Their total is known only at the end, so the share is one of bytes."""
    if job := batch.current_job:
        return _correcting(job)
    share = min(1.0, batch.bytes_checked / batch.file_size) if batch.file_size else 0.0
    return Progress(batch.rows_checked, batch.row_total, share, estimate_seconds_left(batch.created_at, share))


def _correcting(job: CorrectionJob) -> Progress:
    """Counts changed rows. The job of a corrected file has no progress before it is known whether it can be used."""
    share = min(1.0, job.rows_done / job.rows_total) if job.rows_total else 0.0
    return Progress(job.rows_done, job.rows_total, share, estimate_seconds_left(job.created_at, share))


def _inviting(batch: Batch) -> Progress:
    counted = vars(batch)
    began, before = batch.continued_at or batch.inviting_started_at, batch.counts_before
    sizes = _sizes_of_chunks(batch.pk, began) if began else {}
    skipped = counted["skipped_now"] - before.get("skipped", 0)
    failed, unsent = counted["failed_now"] - before.get("failed", 0), counted["unsent_now"]
    waiting = sum(sizes.get(int(first), 0) for first in (counted["to_invite_now"] or "").split(",") if first)
    total = max(0, sum(sizes.values()) - skipped - failed)
    done = max(0, total - waiting - unsent)
    share = done / total if total else 0.0
    return Progress(done, total, share, estimate_seconds_left(began, share), skipped, failed, unsent)


@lru_cache(maxsize=256)
def _sizes_of_chunks(batch_id: int, began: datetime) -> dict[int, int]:
    """How many people each chunk has, by its first number. This doesn't change after the chunks are created."""
    chunks = BatchChunk.objects.filter(batch_id=batch_id).order_by()
    return dict(chunks.values_list("first_number", "people"))


def _count(found: QuerySet[Row] | QuerySet[Invitation]) -> Coalesce:
    """The count as a subquery."""
    counted = found.order_by().values("batch").annotate(all=Count("*")).values("all")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


class _Listed(Aggregate):
    """The numbers with commas between them. SQLite and PostgreSQL have different functions for that."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Sequence[Any]]:
        return self.as_sql(
            compiler, connection, function="STRING_AGG", template="%(function)s((%(expressions)s)::text, ',')", **extra
        )
