"""Find stalled work. A task of the queue may get lost, but the rows of the database say what is left to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Organization
from invites.imports.chunks import claimable
from invites.models import Batch, BatchChunk

STALLED_AFTER = timedelta(seconds=8)
# The claim of a dead worker took 20 seconds to expire, so its chunk shouldn't wait much longer. Another worker may
# take this long from one chunk to the next.
CRASHED_AFTER = timedelta(seconds=2)


@dataclass(frozen=True)
class StalledWork:
    """The ids of batches that wait to be checked, that have chunks to process, and that are being undone."""

    to_check: list[int]
    to_process: list[int]
    to_undo: list[int]


def find_stalled_work() -> StalledWork:
    """Batches with work left on which nothing has happened for some seconds, or whose worker died.

    Updates `progressed_at`, so that each is enqueued now and then, but not at every recovery.
    """
    now = timezone.now()
    # Those of suspended organizations wait. What was undone stays undone.
    active = Batch.objects.filter(organization__in=Organization.objects.active())
    stalled = active.filter(progressed_at__lt=now - STALLED_AFTER)
    checking = stalled.filter(state=Batch.State.CHECKING)
    to_check = [batch.pk for batch in checking if batch.claimed_until is None or batch.claimed_until < now]
    with_free_chunks = claimable(now).values("batch_id")
    inviting = stalled.filter(state=Batch.State.INVITING)
    unsent = stalled.filter(state=Batch.State.STOPPED, pk__in=with_free_chunks)
    busy = BatchChunk.objects.exclude(stage__in=BatchChunk.IDLE).values("batch_id")
    to_process = {
        *inviting.filter(pk__in=with_free_chunks).values_list("pk", flat=True),
        *inviting.exclude(pk__in=busy).values_list("pk", flat=True),
        *unsent.values_list("pk", flat=True),
        *_with_expired_claims(active, now).values_list("pk", flat=True),
    }
    undone = Batch.objects.filter(is_being_undone=True, progressed_at__lt=now - STALLED_AFTER)
    to_undo = list(undone.exclude(retry_at__gt=now).values_list("pk", flat=True))
    Batch.objects.filter(pk__in=[*to_check, *to_process, *to_undo]).update(progressed_at=now)
    return StalledWork(to_check=to_check, to_process=sorted(to_process), to_undo=to_undo)


def _with_expired_claims(batches: QuerySet[Batch], now: datetime) -> QuerySet[Batch]:
    """Those of the batches with a chunk whose claim expired just now.

    Not if another worker holds a chunk and would claim it next.

    Later they are found like other stalled batches, so that tasks don't pile up while all workers are busy.
    """
    expired = claimable(now).filter(claimed_until__range=(now - STALLED_AFTER, now)).values("batch_id")
    held = BatchChunk.objects.filter(claimed_until__gte=now).exclude(stage=BatchChunk.Stage.DONE).values("batch_id")
    quiet = batches.filter(progressed_at__lt=now - CRASHED_AFTER)
    return quiet.filter(pk__in=expired).exclude(pk__in=held)
