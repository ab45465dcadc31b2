"""Undo an import: its links stop working when an admin confirms, and workers revoke the invitations in slices.

A flag of the batch says that it is being undone. Everything that accepts, sends, lists or counts invitations checks the
flag, so nobody sees a difference between the first slice and the last. If a worker dies in between, the flag stays for
the recovery task.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.lookups import only_one
from accounts.models import Membership
from invites.imports.activity import about_import
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import check_all_are_manageable, stop_batch
from invites.invitations.authorization import lock_to_change
from invites.models import Batch, BatchChunk, Invitation
from invites.unexpected_errors import is_transient, reference_of

# Revoked in one transaction. A batch with no more invitations is undone in the admin's request.
SLICE = 2_000
# An acceptance that holds a lock on an invitation has been committed by then, or rolled back.
WAIT_FOR_LOCKED = timedelta(seconds=1)
RETRY_AFTER = timedelta(minutes=5)


@transaction.atomic
def undo_import(by: Membership, batch: Batch) -> int:
    """Stop the batch if it runs, and revoke all of its invitations that were not accepted. Returns how many.

    If its emails are still scheduled, this only stops it. People who have accepted stay members. All links stop working
    at once. If there are many invitations, the batch `is_being_undone` when this returns, and the caller enqueues the
    task that revokes them.
    Raises AccessDenied.
    """
    now = lock_to_change(by, batch)
    check_all_are_manageable(now, batch)
    scheduled = batch.invitations.scheduled().sent_with_import().count() if batch.send_at else 0
    stop_batch(batch, by=by)
    if scheduled:
        return scheduled
    if batch.is_being_undone:
        return summary_of(batch).undone
    count = batch.invitations.pending_of_batch().count()
    if not count:
        return 0
    # Invitations that are revoked from this moment on count as undone.
    batch.undone_at, batch.is_being_undone = timezone.now(), True
    # The inviter needs no banner for what the response to their own request says.
    is_in_response = by.user_id == batch.inviter_id and count <= SLICE
    batch.banner_closed_at = batch.undone_at if is_in_response else None
    batch.progressed_at = batch.undone_at
    batch.save(update_fields=["undone_at", "is_being_undone", "banner_closed_at", "progressed_at"])
    record(batch.organization_id, Action.IMPORT_UNDONE, about_import(batch, count=count), by=by)
    # A worker that sends these emails notices within a second that it has lost its claim.
    batch.chunks.filter(stage__in=(BatchChunk.Stage.RELEASE, BatchChunk.Stage.MAIL)).update(stage=BatchChunk.Stage.DONE)
    if count <= SLICE:
        revoke_slice(batch.pk)
        batch.refresh_from_db()
    return count


@transaction.atomic
def revoke_slice(batch_id: int) -> timedelta | None:
    """Revoke the next slice of a batch that is being undone. Returns when to continue, None if nothing is left.

    Skips invitations that are locked, to avoid deadlocks. They may be accepted or not, so the batch is not undone
    before they are unlocked.
    """
    batch = only_one(Batch.objects.filter(pk=batch_id, is_being_undone=True))
    if batch is None:
        return None
    now = timezone.now()
    free = batch.invitations.pending_of_batch().select_for_update(skip_locked=True).values_list("pk", flat=True)[:SLICE]
    count = batch.invitations.pending_of_batch().filter(pk__in=list(free)).close(Invitation.State.REVOKED)
    is_left = batch.invitations.pending_of_batch().exists()
    Batch.objects.filter(pk=batch_id).update(
        is_being_undone=is_left, progressed_at=now, error_reference="", retry_at=None
    )
    if not is_left:
        return None
    return timedelta(0) if count else WAIT_FOR_LOCKED


def postpone(batch_id: int, error: Exception) -> None:
    """After a bug, let the recovery task retry later, and let the page show the reference until then."""
    if not is_transient(error):
        retry_at = timezone.now() + RETRY_AFTER
        Batch.objects.filter(pk=batch_id).update(error_reference=reference_of(error), retry_at=retry_at)
