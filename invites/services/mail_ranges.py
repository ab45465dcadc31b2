"""Mail the invitations of a range, a turn at a time, and end the batch when its last range is done."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from invites.models import Batch, Invitation, Row, RowRange
from invites.services.leases import Lease, give_back, held, keep_lease
from invites.services.mailing import TO_SEND, send_invitations

# After so long it is the turn of the other batches.
TURN_SECONDS = 3.0
# Together with the longest pause: given up after half a day.
MAX_PAUSES = 50
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=15)
GIVEN_UP = "The mail server could not be reached, or stayed busy."


def mail_range(lease: Lease) -> None:
    """Send what is unsent in the range, for one turn, and give the range back.

    An address that the server refuses for good turns its row to failed and takes the invitation back.
    What the server puts off is tried again later, with growing pauses; when the server itself is away,
    the whole batch waits with it.
    """
    row_range = held(lease).filter(stage=RowRange.Stage.MAIL).select_related("batch").first()
    if row_range is None:
        return
    put_off_until = row_range.batch.mail_not_before
    if put_off_until and put_off_until > timezone.now():
        give_back(lease)
        return
    if lease.is_hopeless:
        _give_up([row_range])
    ends = time.monotonic() + TURN_SECONDS
    run = send_invitations(
        list(_unsent(row_range).only("pk")), go_on=lambda: keep_lease(lease) and time.monotonic() < ends
    )
    if run.refused:
        _take_back_refused(row_range)
    if not run.deferred:
        held(lease).update(stage=RowRange.Stage.DONE, claimed_until=None)
    elif not run.trouble:
        give_back(lease)
    elif row_range.pauses >= MAX_PAUSES:
        _give_up(row_range.batch.ranges.filter(stage=RowRange.Stage.MAIL) if run.gave_up else [row_range])
        give_back(lease)
    else:
        pause = min(FIRST_PAUSE * 2 ** min(row_range.pauses, 10), LONGEST_PAUSE)
        if run.gave_up:
            Batch.objects.filter(pk=lease.batch_id).update(mail_not_before=timezone.now() + pause)
        give_back(lease, pause=pause)


def finish_batch(batch_id: int) -> bool:
    """End the batch if nothing of it is left to do; True for the one caller that ended it."""
    if RowRange.objects.filter(batch_id=batch_id).exclude(stage=RowRange.Stage.DONE).exists():
        return False
    with transaction.atomic():
        ended = Batch.objects.filter(pk=batch_id, state=Batch.State.INVITING).update(
            state=Batch.State.DONE, ended_at=timezone.now(), progressed_at=timezone.now()
        )
        if ended:
            Batch.objects.get(pk=batch_id).parts.all().delete()
    return bool(ended)


def _invitations(row_range: RowRange) -> QuerySet[Invitation]:
    """Those of the range that nobody answered. One that was sent again since is no longer the batch's to mail.

    The rows are given one by one: a database that has not counted the new ones yet would read the whole table.
    """
    rows = Row.objects.filter(
        batch_id=row_range.batch_id,
        number__range=(row_range.first_number, row_range.last_number),
        outcome=Row.Outcome.INVITED,
    )
    return Invitation.objects.filter(
        row__in=list(rows.order_by("number").values_list("pk", flat=True)),
        state=Invitation.State.PENDING,
        mail_due_at=None,
    )


def _unsent(row_range: RowRange) -> QuerySet[Invitation]:
    return _invitations(row_range).filter(mail_state__in=TO_SEND).order_by("pk")


@transaction.atomic
def _take_back_refused(row_range: RowRange) -> None:
    refused = _invitations(row_range).filter(mail_state=Invitation.Mail.FAILED)
    for pk, row_id, detail in refused.values_list("pk", "row_id", "mail_detail"):
        still = Invitation.objects.filter(pk=pk, state=Invitation.State.PENDING, mail_state=Invitation.Mail.FAILED)
        if still.update(state=Invitation.State.REVOKED, answered_at=timezone.now()):
            Row.objects.filter(pk=row_id).update(
                outcome=Row.Outcome.FAILED, reason=Row.Reason.MAIL_REFUSED, detail=detail
            )


def _give_up(row_ranges: Collection[RowRange] | QuerySet[RowRange]) -> None:
    """Nobody is waited for for ever: what is unsent counts as failed, with the reason."""
    for row_range in row_ranges:
        with transaction.atomic():
            ids = list(_unsent(row_range).values_list("pk", flat=True))
            Invitation.objects.filter(pk__in=ids, mail_state__in=TO_SEND).update(
                mail_state=Invitation.Mail.FAILED, mail_detail=GIVEN_UP
            )
            _take_back_refused(row_range)
