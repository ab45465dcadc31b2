"""Invite the staged rows of a batch, range by range: every address once, whoever works beside or dies."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.errors import RuleBroken
from accounts.models import User
from invites.models import Batch, Invitation, Row, RowRange
from invites.services.granting import check_still_allowed
from invites.services.leases import Lease, held
from invites.services.stopping import stop_batch
from invites.services.tokens import derive_token, hash_token, new_seeds

RANGE_ROWS = 200


def begin_inviting(batch: Batch) -> None:
    """Cut the waiting rows into ranges. Called in the transaction that makes the batch `inviting`."""
    waiting = batch.rows.filter(outcome=Row.Outcome.WAITING).order_by("number")
    numbers = list(waiting.values_list("number", flat=True))
    cuts = [numbers[start : start + RANGE_ROWS] for start in range(0, len(numbers), RANGE_ROWS)]
    RowRange.objects.bulk_create(
        [RowRange(batch=batch, first_number=cut[0], last_number=cut[-1]) for cut in cuts], batch_size=500
    )
    batch.inviting_at = timezone.now()
    batch.save(update_fields=["inviting_at"])


def invite_range(lease: Lease) -> None:
    """Give every waiting row of the range its outcome: an invitation, or the reason why not.

    One transaction: after it the rows, the invitations and the stage of the range agree. Nothing is
    done when the claim was lost or the range is past this stage. An inviter who lost the right stops
    the batch.
    """
    try:
        _invite_waiting_rows(lease)
    except RuleBroken as broken:
        # Outside of the transaction: whoever stops locks the batch first and its ranges then.
        stop_batch(Batch.objects.get(pk=lease.batch_id), reason=broken.message)


@transaction.atomic
def _invite_waiting_rows(lease: Lease) -> None:
    row_range = held(lease).select_for_update().filter(stage=RowRange.Stage.INVITE).first()
    if row_range is None:
        return
    batch = Batch.objects.select_related("organization", "inviter", "grant").get(pk=lease.batch_id)
    check_still_allowed(batch.inviter, batch.organization, batch.grant)
    waiting = batch.rows.filter(
        number__range=(row_range.first_number, row_range.last_number), outcome=Row.Outcome.WAITING
    )
    if lease.is_hopeless:
        # Whatever kills the worker here would do so for ever; the other ranges must not wait for it.
        waiting.update(outcome=Row.Outcome.FAILED, detail="These people could not be invited. Import them again.")
    rows = list(waiting)
    keys = [row.email_key for row in rows]
    # In this order: somebody who accepts an earlier invitation between the two looks is seen by the second.
    pending = _pending_among(batch, keys)
    members = _members_among(batch, keys)
    new = [row for row in rows if row.email_key not in members and row.email_key not in pending]
    invited = _create_invitations(batch, new)
    _decide(rows, lambda row: row.email_key in members, Row.Outcome.SKIPPED, Row.Reason.ALREADY_MEMBER)
    _decide(rows, lambda row: row.pk in invited, Row.Outcome.INVITED, Row.Reason.NONE)
    # What is left was pending before, or another batch was faster by a moment: the constraint decides.
    _decide(rows, lambda row: row.outcome == Row.Outcome.WAITING, Row.Outcome.SKIPPED, Row.Reason.ALREADY_INVITED)
    row_range.stage, row_range.attempts = RowRange.Stage.MAIL, 0
    row_range.save(update_fields=["stage", "attempts"])


def _members_among(batch: Batch, keys: Collection[str]) -> set[str]:
    members = User.objects.filter(memberships__organization_id=batch.organization_id, email__in=keys)
    return set(members.values_list("email", flat=True))


def _pending_among(batch: Batch, keys: Collection[str]) -> set[str]:
    """The addresses with an invitation that can still be accepted. Expired ones make room for a new one."""
    pending = Invitation.objects.filter(
        organization_id=batch.organization_id, email_key__in=keys, state=Invitation.State.PENDING
    )
    now = timezone.now()
    pending.filter(expires_at__lte=now).update(state=Invitation.State.REPLACED, answered_at=now, mail_due_at=None)
    return set(pending.values_list("email_key", flat=True))


def _create_invitations(batch: Batch, rows: Collection[Row]) -> set[int]:
    """Create one invitation for each row; the ids of the rows that got theirs."""
    now = timezone.now()
    expires_at = now + timedelta(days=settings.INVITATION_DAYS)
    Invitation.objects.bulk_create(
        [
            Invitation(
                organization_id=batch.organization_id,
                grant_id=batch.grant_id,
                inviter_id=batch.inviter_id,
                batch=batch,
                row=row,
                email=row.email,
                email_key=row.email_key,
                first_name=row.first_name,
                last_name=row.last_name,
                description=row.description,
                token_seed=seed,
                token_hash=hash_token(derive_token(seed)),
                created_at=now,
                expires_at=expires_at,
            )
            for row, seed in zip(rows, new_seeds(len(rows)), strict=True)
        ],
        ignore_conflicts=True,
    )
    created = Invitation.objects.filter(row_id__in=[row.pk for row in rows])
    return {row_id for row_id in created.values_list("row_id", flat=True) if row_id is not None}


def _decide(rows: Collection[Row], chosen: Callable[[Row], bool], outcome: Row.Outcome, reason: Row.Reason) -> None:
    decided = [row for row in rows if chosen(row)]
    Row.objects.filter(pk__in=[row.pk for row in decided]).update(outcome=outcome, reason=reason)
    for row in decided:
        row.outcome = outcome
