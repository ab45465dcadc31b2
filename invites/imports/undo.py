"""Undo a batch: its links die when an admin confirms it, and workers write it down in slices.

That it is being undone is a mark of the batch, at which everybody looks who accepts, mails, lists or counts. So nothing
is different for anybody before and after the last slice, and whoever dies in between leaves the mark, for the recovery
task.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_batch
from invites.invitations.authorization import check_can_manage, lock_to_change, manageable_grants
from invites.models import AccessGrant, Batch, BatchChunk, Invitation, InvitationQuerySet
from invites.unexpected_errors import is_transient, reference_of

# So many are taken back in one transaction; a batch that has no more is undone while the admin waits.
SLICE = 2_000
# Whoever is accepting at this moment is done by then, or was interrupted.
ACCEPTED_IN = timedelta(seconds=1)
RETRY_AFTER = timedelta(minutes=5)


@transaction.atomic
def undo_import(by: Membership, batch: Batch) -> int:
    """Stop the batch if it runs, and take back every invitation of it that was not accepted; how many there were.

    Whoever has accepted stays a member. Of many invitations only the links die at once: then the batch is being undone,
    and the caller enqueues the task. What workers then write down needs no permission: it is undone already.
    Raises AccessDenied.
    """
    # Of two admins one waits here for the other.
    now = lock_to_change(by, batch)
    _check_no_invitation_is_beyond(now, batch)
    stop_batch(batch)
    if batch.is_being_undone:
        return summary_of(batch).undone
    count = _pending(batch).count()
    if not count:
        return 0
    # What is taken back from this moment on was taken back by undoing.
    batch.undone_at, batch.is_being_undone = timezone.now(), True
    # Whoever undoes it is told at once; the end of more, or what somebody else did, is read in the banner.
    is_told = by.user_id == batch.inviter_id and count <= SLICE
    batch.banner_closed_at = batch.undone_at if is_told else None
    batch.progressed_at = batch.undone_at
    batch.save(update_fields=["undone_at", "is_being_undone", "banner_closed_at", "progressed_at"])
    # Whoever mails it finds the claim lost within a second.
    batch.chunks.filter(stage=BatchChunk.Stage.MAIL).update(stage=BatchChunk.Stage.DONE)
    if count <= SLICE:
        revoke_slice(batch.pk)
        batch.refresh_from_db()
    return count


@transaction.atomic
def revoke_slice(batch_id: int) -> timedelta | None:
    """Write down some more of what undoing takes back; after how long to go on, None when nothing is left to do.

    Those that somebody else is at are passed over, so that nobody waits for the other in a circle: whoever accepts them
    may still be interrupted, so that the end is only reached without them.
    """
    batch = Batch.objects.filter(pk=batch_id, is_being_undone=True).first()
    if batch is None:
        return None
    now = timezone.now()
    free = _pending(batch).select_for_update(skip_locked=True).values_list("pk", flat=True)[:SLICE]
    count = _pending(batch).filter(pk__in=list(free)).close(Invitation.State.REVOKED)
    is_left = _pending(batch).exists()
    Batch.objects.filter(pk=batch_id).update(
        is_being_undone=is_left, progressed_at=now, error_reference="", retry_at=None
    )
    if not is_left:
        return None
    return timedelta(0) if count else ACCEPTED_IN


def _check_no_invitation_is_beyond(by: Membership, batch: Batch) -> None:
    """Somebody may have given one of them more than the batch gives."""
    others = AccessGrant.objects.filter(pk__in=_pending(batch).exclude(grant=batch.grant_id).values("grant_id"))
    beyond = others.exclude(pk__in=manageable_grants(by, others)).first()
    if beyond is not None:
        check_can_manage(by, beyond, to="undo this import")


def postpone(batch_id: int, error: Exception) -> None:
    """After a bug of ours the recovery task tries again later, and the page shows the reference meanwhile."""
    if not is_transient(error):
        retry_at = timezone.now() + RETRY_AFTER
        Batch.objects.filter(pk=batch_id).update(error_reference=reference_of(error), retry_at=retry_at)


def _pending(batch: Batch) -> InvitationQuerySet:
    """With every state of the mail named: so the index of the batch's invitations leads to them alone."""
    return batch.invitations.filter(state=Invitation.State.PENDING, mail_state__in=Invitation.Mail.values)
