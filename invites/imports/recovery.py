"""Find the work that stands still: the queue is only a hint, and hints get lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from invites.imports.chunks import claimable
from invites.models import Batch, BatchChunk

STALLED_AFTER = timedelta(seconds=8)
# What a worker died with has waited for its lease to run out, and is to be taken up within half a minute. So long
# another worker may take from one chunk to the next.
LEFT_AFTER = timedelta(seconds=2)


@dataclass(frozen=True)
class StalledWork:
    """Ids of batches that wait to be checked, that have chunks that nobody works on, and that are being undone."""

    to_check: list[int]
    to_work_on: list[int]
    to_undo: list[int]


def find_stalled_work() -> StalledWork:
    """Batches that have not moved for some seconds though there is something to do, or that a dead worker held.

    They are marked as moved, so that each is enqueued at once in a while and not at every recovery.
    """
    now = timezone.now()
    still = Batch.objects.filter(progressed_at__lt=now - STALLED_AFTER)
    checking = still.filter(state=Batch.State.CHECKING)
    to_check = [batch.pk for batch in checking if batch.claimed_until is None or batch.claimed_until < now]
    open_ranges = claimable(now).values("batch_id")
    inviting = still.filter(state=Batch.State.INVITING)
    unmailed = still.filter(state=Batch.State.STOPPED, pk__in=open_ranges)
    busy = BatchChunk.objects.exclude(stage=BatchChunk.Stage.DONE).values("batch_id")
    to_work_on = {
        *inviting.filter(pk__in=open_ranges).values_list("pk", flat=True),
        *inviting.exclude(pk__in=busy).values_list("pk", flat=True),
        *unmailed.values_list("pk", flat=True),
        *_left_by_the_dead(now).values_list("pk", flat=True),
    }
    to_undo = list(still.filter(is_being_undone=True).exclude(retry_at__gt=now).values_list("pk", flat=True))
    Batch.objects.filter(pk__in=[*to_check, *to_work_on, *to_undo]).update(progressed_at=now)
    return StalledWork(to_check=to_check, to_work_on=sorted(to_work_on), to_undo=to_undo)


def _left_by_the_dead(now: datetime) -> QuerySet[Batch]:
    """Batches with a chunk whose lease has just run out, and none that anybody holds who would take it up next.

    Later they are found as all others that stand still, lest the queue fill with hints while all workers are busy.
    """
    left = claimable(now).filter(claimed_until__range=(now - STALLED_AFTER, now)).values("batch_id")
    held = BatchChunk.objects.filter(claimed_until__gte=now).exclude(stage=BatchChunk.Stage.DONE).values("batch_id")
    quiet = Batch.objects.filter(progressed_at__lt=now - LEFT_AFTER)
    return quiet.filter(pk__in=left).exclude(pk__in=held)
