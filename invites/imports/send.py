"""Mail the invitations of a chunk, a turn at a time, and end the batch when its last chunk is done."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from invites.imports.chunk_delivery_log import ChunkDeliveryLog, flush_previous_log, revoke_unsent
from invites.imports.chunks import ChunkClaim, held, release_claim, renew_claim
from invites.imports.stop import stop_batch
from invites.invitations.authorization import GrantKey, find_unauthorized
from invites.invitations.quotas import refund_invitation_quota
from invites.mailing.backoff import CRASHED_REASON, UNREACHABLE_REASON, backoff_delay
from invites.mailing.sender import SendResult, TimeSlice, send_invitations
from invites.models import Batch, BatchChunk, Invitation, InvitationQuerySet, Row

# Together with the longest pause: given up after half a day.
MAX_PAUSES = 50


def send_chunk(claim: ChunkClaim) -> timedelta | None:
    """Send what is unsent in the chunk, for one turn, and give the chunk back.

    An address that the server refuses for good turns its row to failed and takes the invitation back. What the server
    puts off is tried again later, with growing backoff_count; when the server itself is away, the whole batch waits
    with it. Where the pace kept mail back, that is when it may go. The rights of the inviter are looked at first.
    """
    chunk = held(claim).filter(stage=BatchChunk.Stage.MAIL).select_related("batch").first()
    if chunk is None:
        return None
    if claim.is_abandoned:
        _give_up([chunk], reason=CRASHED_REASON)
        held(claim).update(stage=BatchChunk.Stage.DONE, claimed_until=None)
        return None
    flush_previous_log(chunk)
    unsent = _revoke_unauthorized(chunk)
    now = timezone.now()
    mail_retry_at = chunk.batch.mail_retry_at
    if mail_retry_at and mail_retry_at > now:
        release_claim(claim)
        return None
    pause = None
    if unsent and chunk.mail_retry_at and chunk.mail_retry_at > now:
        pause = chunk.mail_retry_at - now
        unsent = [each for each in unsent if each.mail_state != Invitation.Mail.SENDING]
    ids = [each.id for each in unsent]
    if claim.is_hopeless and ids:
        # Whatever kills the worker here would do so for ever. One by one, it was the first of those that are left;
        # where it was not, twice as many are given up each time, so that the chunk comes to its end.
        suspects = ids[: max(1, chunk.suspects_given_up)]
        held(claim).update(suspects_given_up=F("suspects_given_up") + len(suspects))
        _give_up([chunk], ids=suspects, reason=CRASHED_REASON)
        return _leave(claim, SendResult(not_tried=ids[len(suspects) :]), pause=pause)
    turn = TimeSlice(partial(renew_claim, claim))
    run = send_invitations(ids, log=ChunkDeliveryLog(claim), turn=turn, one_by_one=claim.is_suspicious)
    if run.failure:
        pause = _put_off(claim, chunk, run)
    return _leave(claim, run, pause=pause)


def _put_off(claim: ChunkClaim, chunk: BatchChunk, run: SendResult) -> timedelta:
    """Note what the server would not take, or give it up after too long; for how long to leave it now."""
    if chunk.backoff_count >= MAX_PAUSES:
        if not renew_claim(claim):
            return timedelta(0)
        if run.server_failed:
            # Those that others are at come to their own end.
            free = Q(pk=chunk.pk) | Q(claimed_until=None)
            _give_up(chunk.batch.chunks.filter(free, stage=BatchChunk.Stage.MAIL), reason=UNREACHABLE_REASON)
        else:
            _give_up([chunk], ids=[*run.deferred, *run.blocked], reason=UNREACHABLE_REASON)
        held(claim).update(backoff_count=0, mail_retry_at=None)
        return timedelta(0)
    pause = backoff_delay(chunk.backoff_count)
    until = timezone.now() + pause
    if run.server_failed:
        Batch.objects.filter(pk=claim.batch_id).update(mail_retry_at=until)
    # Told apart, so that what only the pace kept back need not wait with them.
    Invitation.objects.filter(pk__in=run.deferred, mail_state=Invitation.Mail.QUEUED).update(
        mail_state=Invitation.Mail.SENDING
    )
    held(claim).update(backoff_count=F("backoff_count") + 1, mail_retry_at=until)
    return pause


def _leave(claim: ChunkClaim, run: SendResult, *, pause: timedelta | None) -> timedelta | None:
    """End the claim as the run has ended; some of the chunk may be put off for the pause."""
    waits = [timedelta(seconds=run.retry_in)] if run.retry_in is not None else []
    if pause is None and not run.unsent:
        held(claim).update(stage=BatchChunk.Stage.DONE, claimed_until=None)
        return None
    if pause is None:
        held(claim).update(backoff_count=0, mail_retry_at=None)
    else:
        waits.append(pause)
    more_now = run.not_tried and not run.server_failed
    release_claim(claim, wait=None if more_now else min(waits, default=None))
    return waits[0] if run.throttled and not more_now else None


def finish_batch(batch_id: int) -> bool:
    """End the batch if nothing of it is left to do; True for the one caller that ended it."""
    if _has_work(batch_id):
        return False
    with transaction.atomic():
        batch = Batch.objects.select_for_update(no_key=True).filter(pk=batch_id, state=Batch.State.INVITING).first()
        # Looked at again while the batch is held: a check that ended since has cut its first chunks.
        if batch is None or _has_work(batch_id):
            return False
        batch.state = Batch.State.DONE
        batch.ended_at = batch.progressed_at = timezone.now()
        batch.save(update_fields=["state", "ended_at", "progressed_at"])
        batch.parts.all().delete()
    return True


def _has_work(batch_id: int) -> bool:
    """Whether a chunk of the batch is not done."""
    return BatchChunk.objects.filter(batch_id=batch_id).exclude(stage=BatchChunk.Stage.DONE).exists()


def _invitations(chunk: BatchChunk) -> InvitationQuerySet:
    """Those of the chunk that nobody answered. One that was sent again since is no longer the batch's to mail.

    The rows are given one by one: a database that has not counted the new ones yet would read the whole table.
    """
    rows = Row.objects.filter(
        batch_id=chunk.batch_id,
        number__range=(chunk.first_number, chunk.last_number),
        outcome=Row.Outcome.INVITED,
    )
    ids = list(rows.order_by("number").values_list("pk", flat=True))
    return Invitation.objects.open().sent_with_import().filter(row__in=ids)


def _unsent(chunk: BatchChunk) -> InvitationQuerySet:
    return _invitations(chunk).unsent().order_by("pk")


class _Unsent(NamedTuple):
    id: int
    mail_state: str
    grant_id: int
    inviter_id: int | None

    @property
    def offer(self) -> GrantKey:
        return GrantKey(self.grant_id, self.inviter_id)


def _revoke_unauthorized(chunk: BatchChunk) -> list[_Unsent]:
    """What is to be mailed of the chunk. An inviter who lost the right stops the batch: the rest is taken back."""
    batch = chunk.batch
    unsent = _offered(chunk)
    lapsed = find_unauthorized(each.offer for each in unsent)
    # First: whoever dies before the rest is done leaves it to be found again.
    own = lapsed.get(GrantKey(batch.grant_id, batch.inviter_id))
    if own is not None and stop_batch(batch, reason=own):
        # What the other chunks have put off is not to be waited for.
        Batch.objects.filter(pk=batch.pk).update(mail_retry_at=None)
        batch.chunks.update(retry_at=None)
        batch.refresh_from_db()
    for offer, reason in lapsed.items():
        with transaction.atomic():
            ids = [each.id for each in unsent if each.offer == offer]
            refund_invitation_quota(batch, revoke_unsent(*ids, reason=reason, why=Row.Reason.STOPPED, offer=offer))
    # Read again: for some of them somebody else may answer since.
    return [each for each in (_offered(chunk) if lapsed else unsent) if each.offer not in lapsed]


def _offered(chunk: BatchChunk) -> list[_Unsent]:
    return [_Unsent(*values) for values in _unsent(chunk).values_list(*_Unsent._fields)]


def _give_up(row_ranges: Iterable[BatchChunk], *, reason: str, ids: Collection[int] | None = None) -> None:
    """Nobody is waited for for ever: what is unsent, or those of it, counts as failed, with the reason."""
    for chunk in row_ranges:
        with transaction.atomic():
            # Whoever claims it at this moment waits; whoever has claimed it since it was found is at its mail.
            same = BatchChunk.objects.select_for_update(no_key=True).filter(pk=chunk.pk, claims=chunk.claims)
            if same.first() is None:
                continue
            unsent = set(_unsent(chunk).values_list("pk", flat=True))
            revoke_unsent(*unsent.intersection(ids or unsent), reason=reason, why=Row.Reason.MAIL_REFUSED)
