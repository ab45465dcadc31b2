"""Stop a batch where it is, because an admin asked for it or its inviter lost the right."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from invites.imports.cleanup import clean_up
from invites.invitations.authorization import lock_to_change
from invites.invitations.quotas import refund_invitation_quota
from invites.models import Batch, BatchChunk, CorrectionJob, Row


@transaction.atomic
def stop_import(by: Membership, batch: Batch) -> bool:
    """`stop_batch`, for an admin. Raises AccessDenied."""
    lock_to_change(by, batch)
    return stop_batch(batch)


@transaction.atomic
def stop_batch(batch: Batch, *, reason: str = "") -> bool:
    """Who is invited already stays invited, the other rows are not; `reason` is told to the admins.

    False when the batch had ended before. Safe while workers run: a chunk that is being invited at this
    moment is waited for, and counts as invited. Takes no longer for many rows: those that still wait count as not
    invited from now on, and most of what has to be deleted is left to workers.
    """
    now = timezone.now()
    stopped = Batch.objects.filter(pk=batch.pk, state__in=[*Batch.RUNNING, Batch.State.NEEDS_CORRECTION]).update(
        state=Batch.State.STOPPED, state_reason=reason[:300], ended_at=now, progressed_at=now, claimed_until=None
    )
    if not stopped:
        return False
    # As it is by now: whoever checked it, or let it be invited, had it locked while it was waited for.
    batch.refresh_from_db()
    waiting = BatchChunk.objects.select_for_update().filter(batch=batch, stage=BatchChunk.Stage.INVITE)
    BatchChunk.objects.filter(pk__in=[found.pk for found in waiting]).update(stage=BatchChunk.Stage.DONE)
    refund_invitation_quota(batch, batch.rows.filter(outcome=Row.Outcome.WAITING).count())
    CorrectionJob.objects.filter(pk=batch.pk).delete()
    clean_up(batch.pk)
    return True
