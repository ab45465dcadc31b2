"""Mail the invitations of a range, and end the batch when its last range is done."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from invites.models import Batch, Invitation, Row, RowRange
from invites.services.inviting import Lease, keep_lease
from invites.services.mailing import send_invitations

SLICE = 50
MAX_ATTEMPTS = 12
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=15)


def mail_range(lease: Lease) -> timedelta | None:
    """Send what is unsent in the range. None when it is done or lost; else the pause before the next try.

    An address that the server refuses for good turns its row to failed and takes the invitation back.
    A server that is busy or away is tried again later, with growing pauses.
    """
    row_range = RowRange.objects.get(pk=lease.range_id)
    if row_range.stage != RowRange.Stage.MAIL:
        return None
    while unsent := list(_unsent(row_range)[:SLICE]):
        if not keep_lease(lease):
            return None
        send_invitations(unsent)
        _take_back_refused(row_range)
        left = {found.pk for found in _unsent(row_range)[: len(unsent)]}
        if left.intersection(found.pk for found in unsent):
            if lease.attempt < MAX_ATTEMPTS:
                return _pause(lease)
            _give_up(row_range)
    RowRange.objects.filter(pk=lease.range_id, attempts=lease.attempt).update(
        stage=RowRange.Stage.DONE, claimed_until=None
    )
    return None


def finish_batch(batch_id: int) -> bool:
    """End the batch if nothing of it is left to do; True for the one caller that ended it."""
    if RowRange.objects.filter(batch_id=batch_id).exclude(stage=RowRange.Stage.DONE).exists():
        return False
    with transaction.atomic():
        ended = Batch.objects.filter(pk=batch_id, state=Batch.State.INVITING).update(
            state=Batch.State.DONE, ended_at=timezone.now()
        )
        if ended:
            Batch.objects.get(pk=batch_id).parts.all().delete()
    return bool(ended)


def _unsent(row_range: RowRange) -> QuerySet[Invitation]:
    return (
        Invitation.objects.filter(
            batch_id=row_range.batch_id,
            row__number__range=(row_range.first_number, row_range.last_number),
            state=Invitation.State.PENDING,
            mail_state__in=[Invitation.Mail.QUEUED, Invitation.Mail.SENDING],
        )
        .select_related("organization", "inviter", "grant")
        .order_by("row__number")
    )


@transaction.atomic
def _take_back_refused(row_range: RowRange) -> None:
    refused = Invitation.objects.filter(
        batch_id=row_range.batch_id,
        row__number__range=(row_range.first_number, row_range.last_number),
        state=Invitation.State.PENDING,
        mail_state=Invitation.Mail.FAILED,
    )
    for invitation in refused:
        Row.objects.filter(pk=invitation.row_id).update(
            outcome=Row.Outcome.FAILED, reason=Row.Reason.MAIL_REFUSED, detail=invitation.mail_detail
        )
    refused.update(state=Invitation.State.REVOKED, answered_at=timezone.now())


def _pause(lease: Lease) -> timedelta:
    pause = min(FIRST_PAUSE * 2 ** (lease.attempt - 1), LONGEST_PAUSE)
    RowRange.objects.filter(pk=lease.range_id, attempts=lease.attempt).update(
        claimed_until=None, not_before=timezone.now() + pause
    )
    return pause


def _give_up(row_range: RowRange) -> None:
    ids = list(_unsent(row_range).values_list("pk", flat=True))
    Invitation.objects.filter(pk__in=ids).update(
        mail_state=Invitation.Mail.FAILED, mail_detail="The mail server could not be reached, or stayed busy."
    )
    _take_back_refused(row_range)
