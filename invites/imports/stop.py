"""Stop an import: an admin asked for it, or its inviter lost the permission."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.models import Membership
from invites.imports.activity import about_import
from invites.imports.cleanup import clean_up
from invites.invitations.authorization import lock_to_change
from invites.invitations.quotas import refund_invitation_quota
from invites.models import Batch, BatchChunk, CorrectionJob, Reason, Row


@transaction.atomic
def stop_import(by: Membership, batch: Batch) -> bool:
    """Stop the batch for an admin, as `stop_batch` does. Raises AccessDenied."""
    lock_to_change(by, batch)
    return stop_batch(batch, by=by)


@transaction.atomic
def stop_batch(batch: Batch, *, by: Membership | None = None, reasons: Sequence[Reason] = ()) -> bool:
    """Stop the batch, for an admin or for the `reasons`, which admins are shown.

    People who are already invited stay invited; the other rows are not invited. Returns False if the batch had already
    ended. Safe while workers run: it waits for chunks that are being invited, and these count as invited. Takes the
    same time for any number of rows: those that still wait count as not invited from now on, and workers delete most of
    what has to be deleted.
    """
    now = timezone.now()
    stopped = Batch.objects.filter(pk=batch.pk, state__in=[*Batch.RUNNING, *Batch.WAITING]).update(
        state=Batch.State.STOPPED, state_reasons=list(reasons), ended_at=now, progressed_at=now, claimed_until=None
    )
    if not stopped:
        return False
    # The UPDATE may have waited for a worker or an admin who changed the batch.
    batch.refresh_from_db()
    waiting = BatchChunk.objects.select_for_update().filter(batch=batch, stage=BatchChunk.Stage.INVITE)
    BatchChunk.objects.filter(pk__in=[found.pk for found in waiting]).update(stage=BatchChunk.Stage.DONE)
    refund_invitation_quota(batch, batch.rows.filter(outcome=Row.Outcome.WAITING).count())
    CorrectionJob.objects.filter(pk=batch.pk).delete()
    clean_up(batch.pk)
    record(batch.organization_id, Action.IMPORT_STOPPED, about_import(batch), by=by)
    return True
