"""Stop an import: an admin asked for it, or its inviter lost the permission."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.models import Membership
from invites.imports.activity import about_import
from invites.imports.cleanup import clean_up
from invites.invitations.authorization import CANNOT_CHANGE_IMPORT, check_can_manage, lock_to_change, manageable_grants
from invites.invitations.quotas import refund_invitation_quota
from invites.models import AccessGrant, Batch, BatchChunk, CorrectionJob, Reason, Row

_NOT_SENDING = (BatchChunk.Stage.INVITE, BatchChunk.Stage.HELD)


@transaction.atomic
def stop_import(by: Membership, batch: Batch) -> bool:
    """Stop the batch for an admin, as `stop_batch` does. Raises AccessDenied."""
    now = lock_to_change(by, batch)
    if batch.send_at is not None or batch.chunks.filter(stage=BatchChunk.Stage.RELEASE).exists():
        # The invitations of everyone who wasn't emailed are revoked.
        check_all_are_manageable(now, batch)
    return stop_batch(batch, by=by)


def check_all_are_manageable(by: Membership, batch: Batch) -> None:
    """Raises AccessDenied if an invitation was changed to give more than `by` can give."""
    pending = batch.invitations.pending_of_batch()
    others = AccessGrant.objects.filter(pk__in=pending.exclude(grant=batch.grant_id).values("grant_id"))
    beyond = others.exclude(pk__in=manageable_grants(by, others)).first()
    if beyond is not None:
        check_can_manage(by, beyond, CANNOT_CHANGE_IMPORT)


@transaction.atomic
def stop_batch(batch: Batch, *, by: Membership | None = None, reasons: Sequence[Reason] = ()) -> bool:
    """Stop the batch, for an admin or for the `reasons`, which admins are shown.

    People who are already invited stay invited; the other rows are not invited. If its emails are scheduled, nobody is
    invited: workers revoke the invitations (release.py), and nothing is sent. Returns False if the batch had already
    ended. Safe while workers run: it waits for chunks that are being invited, and these count as invited. Takes the
    same time for any number of rows: those that still wait count as not invited from now on, and workers delete most of
    what has to be deleted.
    """
    if _stop_correcting(batch, by=by):
        return True
    now = timezone.now()
    stopped = Batch.objects.filter(
        pk=batch.pk, state__in=[*Batch.RUNNING, *Batch.WAITING, Batch.State.SCHEDULED]
    ).update(
        state=Batch.State.STOPPED,
        state_reasons=list(reasons),
        was_stopped=True,
        ended_at=now,
        progressed_at=now,
        claimed_until=None,
        preview=None,
    )
    if not stopped:
        return False
    # The UPDATE may have waited for a worker or an admin who changed the batch.
    batch.refresh_from_db()
    chunks = list(BatchChunk.objects.select_for_update().filter(batch=batch, stage__in=_NOT_SENDING))
    waiting = [chunk.pk for chunk in chunks if chunk.stage == BatchChunk.Stage.INVITE]
    BatchChunk.objects.filter(pk__in=waiting).update(stage=BatchChunk.Stage.DONE)
    held = [chunk.pk for chunk in chunks if chunk.stage == BatchChunk.Stage.HELD]
    BatchChunk.objects.filter(pk__in=held).update(stage=BatchChunk.Stage.RELEASE)
    refund_invitation_quota(batch, batch.rows.filter(outcome=Row.Outcome.WAITING).count())
    CorrectionJob.objects.filter(pk=batch.pk).delete()
    clean_up(batch.pk)
    record(batch.organization_id, Action.IMPORT_STOPPED, about_import(batch), by=by)
    return True


def _stop_correcting(batch: Batch, *, by: Membership | None) -> bool:
    """An import that has ended before is as it was. Rows that were fixed since can be invited later."""
    before_inviting = (Batch.State.CHECKING, Batch.State.NEEDS_CONFIRMATION)
    corrected = Batch.objects.filter(pk=batch.pk, inviting_started_at__isnull=False, state__in=before_inviting)
    as_it_was = Case(When(was_stopped=True, then=Value(Batch.State.STOPPED)), default=Value(Batch.State.DONE))
    stopped = corrected.update(
        state=as_it_was, claims=F("claims") + 1, claimed_until=None, progressed_at=timezone.now()
    )
    if stopped:
        batch.refresh_from_db()
        CorrectionJob.objects.filter(pk=batch.pk).delete()
        record(batch.organization_id, Action.IMPORT_STOPPED, about_import(batch), by=by)
    return bool(stopped)
