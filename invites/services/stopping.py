"""Stop a batch where it is, because an admin asked for it or its inviter lost the right; or undo it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from invites.models import Batch, Row, RowRange
from invites.services.pending import revoke_many
from invites.services.quotas import give_back_invitations


@transaction.atomic
def stop_batch(batch: Batch, *, reason: str = "") -> bool:
    """Who is invited already stays invited, the other rows are not; `reason` is told to the admins.

    False when the batch had ended before. Safe while workers run: a range that is being invited at this
    moment is waited for, and counts as invited.
    """
    now = timezone.now()
    stopped = Batch.objects.filter(pk=batch.pk, state__in=[*Batch.RUNNING, Batch.State.NEEDS_CORRECTION]).update(
        state=Batch.State.STOPPED, state_reason=reason[:300], ended_at=now, progressed_at=now, claimed_until=None
    )
    if not stopped:
        return False
    waiting = RowRange.objects.select_for_update().filter(batch=batch, stage=RowRange.Stage.INVITE)
    RowRange.objects.filter(pk__in=[found.pk for found in waiting]).update(stage=RowRange.Stage.DONE)
    left = batch.rows.filter(outcome=Row.Outcome.WAITING)
    give_back_invitations(batch, left.update(outcome=Row.Outcome.FAILED, reason=Row.Reason.STOPPED))
    if batch.checked_at is None:
        # The check had not seen the whole file: how many rows it has is not known, so none is counted.
        batch.rows.all().delete()
    batch.parts.all().delete()
    batch.refresh_from_db()
    return True


@transaction.atomic
def undo_batch(by: Membership, batch: Batch) -> int:
    """Stop the batch if it runs, and take back every invitation of it that was not accepted; how many there were.

    Whoever has accepted stays a member.
    """
    stop_batch(batch)
    # What is taken back from this moment on was taken back by undoing.
    now = timezone.now()
    count = revoke_many(by, batch.invitations.all())
    if count:
        # Whoever undoes it is told at once; an inviter who is somebody else reads it in the banner.
        closed = now if by.user_id == batch.inviter_id else None
        Batch.objects.filter(pk=batch.pk).update(undone_at=now, progressed_at=now, banner_closed_at=closed)
        batch.refresh_from_db()
    return count
