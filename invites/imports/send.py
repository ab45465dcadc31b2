"""Mail the invitations of a range, a turn at a time, and end the batch when its last range is done."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from invites.imports.chunk_delivery_log import ChunkDeliveryLog, settle_what_was_taken, withdraw
from invites.imports.chunks import Lease, give_back, held, keep_lease
from invites.imports.stop import stop_batch
from invites.invitations.authorization import Offer, find_unauthorized
from invites.invitations.quotas import give_back_invitations
from invites.mailing.backoff import GIVEN_UP, UNMAILABLE, backoff_delay
from invites.mailing.message import TO_SEND
from invites.mailing.sender import MailRun, Turn, send_invitations
from invites.models import Batch, Invitation, Row, RowRange

# Together with the longest pause: given up after half a day.
MAX_PAUSES = 50


def mail_range(lease: Lease) -> timedelta | None:
    """Send what is unsent in the range, for one turn, and give the range back.

    An address that the server refuses for good turns its row to failed and takes the invitation back. What the server
    puts off is tried again later, with growing pauses; when the server itself is away, the whole batch waits with it.
    Where the pace kept mail back, that is when it may go. The rights of the inviter are looked at first.
    """
    row_range = held(lease).filter(stage=RowRange.Stage.MAIL).select_related("batch").first()
    if row_range is None:
        return None
    if lease.is_abandoned:
        _give_up([row_range], reason=UNMAILABLE)
        held(lease).update(stage=RowRange.Stage.DONE, claimed_until=None)
        return None
    settle_what_was_taken(row_range)
    unsent = _take_back_lapsed(row_range)
    now = timezone.now()
    put_off_until = row_range.batch.mail_not_before
    if put_off_until and put_off_until > now:
        give_back(lease)
        return None
    pause = None
    if unsent and row_range.put_off_until and row_range.put_off_until > now:
        pause = row_range.put_off_until - now
        unsent = [each for each in unsent if each.mail_state != Invitation.Mail.SENDING]
    ids = [each.id for each in unsent]
    if lease.is_hopeless and ids:
        # Whatever kills the worker here would do so for ever. One by one, it was the first of those that are left;
        # where it was not, twice as many are given up each time, so that the range comes to its end.
        suspects = ids[: max(1, _given_up_before(row_range))]
        _give_up([row_range], ids=suspects, reason=UNMAILABLE)
        return _leave(lease, MailRun(deferred=ids[len(suspects) :]), pause=pause)
    turn = Turn(partial(keep_lease, lease))
    run = send_invitations(ids, record=ChunkDeliveryLog(lease), turn=turn, one_by_one=lease.is_suspicious)
    if run.trouble:
        pause = _put_off(lease, row_range, run)
    return _leave(lease, run, pause=pause)


def _given_up_before(row_range: RowRange) -> int:
    """How many of the range were given up because of workers that died."""
    numbers = (row_range.first_number, row_range.last_number)
    return Row.objects.filter(batch_id=row_range.batch_id, number__range=numbers, detail=UNMAILABLE).count()


def _put_off(lease: Lease, row_range: RowRange, run: MailRun) -> timedelta:
    """Note what the server would not take, or give it up after too long; for how long to leave it now."""
    if row_range.pauses >= MAX_PAUSES:
        if not keep_lease(lease):
            return timedelta(0)
        if run.gave_up:
            # Those that others are at come to their own end.
            free = Q(pk=row_range.pk) | Q(claimed_until=None)
            _give_up(row_range.batch.ranges.filter(free, stage=RowRange.Stage.MAIL), reason=GIVEN_UP)
        else:
            _give_up([row_range], ids=[*run.put_off, *run.blocked], reason=GIVEN_UP)
        held(lease).update(pauses=0, put_off_until=None)
        return timedelta(0)
    pause = backoff_delay(row_range.pauses)
    until = timezone.now() + pause
    if run.gave_up:
        Batch.objects.filter(pk=lease.batch_id).update(mail_not_before=until)
    # Told apart, so that what only the pace kept back need not wait with them.
    Invitation.objects.filter(pk__in=run.put_off, mail_state=Invitation.Mail.QUEUED).update(
        mail_state=Invitation.Mail.SENDING
    )
    held(lease).update(pauses=F("pauses") + 1, put_off_until=until)
    return pause


def _leave(lease: Lease, run: MailRun, *, pause: timedelta | None) -> timedelta | None:
    """End the claim as the run has ended; some of the range may be put off for the pause."""
    waits = [timedelta(seconds=run.opens_in)] if run.opens_in is not None else []
    if pause is None and not run.unsent:
        held(lease).update(stage=RowRange.Stage.DONE, claimed_until=None)
        return None
    if pause is None:
        held(lease).update(pauses=0, put_off_until=None)
    else:
        waits.append(pause)
    more_now = run.deferred and not run.gave_up
    give_back(lease, wait=None if more_now else min(waits, default=None))
    return waits[0] if run.too_fast and not more_now else None


def finish_batch(batch_id: int) -> bool:
    """End the batch if nothing of it is left to do; True for the one caller that ended it."""
    if _has_work(batch_id):
        return False
    with transaction.atomic():
        batch = Batch.objects.select_for_update(no_key=True).filter(pk=batch_id, state=Batch.State.INVITING).first()
        # Looked at again while the batch is held: a check that ended since has cut its first ranges.
        if batch is None or _has_work(batch_id):
            return False
        batch.state = Batch.State.DONE
        batch.ended_at = batch.progressed_at = timezone.now()
        batch.save(update_fields=["state", "ended_at", "progressed_at"])
        batch.parts.all().delete()
    return True


def _has_work(batch_id: int) -> bool:
    """Whether a range of the batch is not done."""
    return RowRange.objects.filter(batch_id=batch_id).exclude(stage=RowRange.Stage.DONE).exists()


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


class _Unsent(NamedTuple):
    id: int
    mail_state: str
    grant_id: int
    inviter_id: int | None

    @property
    def offer(self) -> Offer:
        return Offer(self.grant_id, self.inviter_id)


def _take_back_lapsed(row_range: RowRange) -> list[_Unsent]:
    """What is to be mailed of the range. An inviter who lost the right stops the batch: the rest is taken back."""
    batch = row_range.batch
    unsent = _offered(row_range)
    lapsed = find_unauthorized(each.offer for each in unsent)
    # First: whoever dies before the rest is done leaves it to be found again.
    own = lapsed.get(Offer(batch.grant_id, batch.inviter_id))
    if own is not None and stop_batch(batch, reason=own):
        # What the other ranges have put off is not to be waited for.
        Batch.objects.filter(pk=batch.pk).update(mail_not_before=None)
        batch.ranges.update(not_before=None)
        batch.refresh_from_db()
    for offer, reason in lapsed.items():
        with transaction.atomic():
            ids = [each.id for each in unsent if each.offer == offer]
            give_back_invitations(batch, withdraw(*ids, reason=reason, why=Row.Reason.STOPPED, offer=offer))
    # Read again: for some of them somebody else may answer since.
    return [each for each in (_offered(row_range) if lapsed else unsent) if each.offer not in lapsed]


def _offered(row_range: RowRange) -> list[_Unsent]:
    return [_Unsent(*values) for values in _unsent(row_range).values_list(*_Unsent._fields)]


def _give_up(row_ranges: Iterable[RowRange], *, reason: str, ids: Collection[int] | None = None) -> None:
    """Nobody is waited for for ever: what is unsent, or those of it, counts as failed, with the reason."""
    for row_range in row_ranges:
        with transaction.atomic():
            # Whoever claims it at this moment waits; whoever has claimed it since it was found is at its mail.
            same = RowRange.objects.select_for_update(no_key=True).filter(pk=row_range.pk, claims=row_range.claims)
            if same.first() is None:
                continue
            unsent = set(_unsent(row_range).values_list("pk", flat=True))
            withdraw(*unsent.intersection(ids or unsent), reason=reason, why=Row.Reason.MAIL_REFUSED)
