"""Send the emails of a chunk, one time slice after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.lookups import only_one
from invites.imports.chunk_delivery_log import ChunkDeliveryLog, flush_previous_log, revoke_unsent
from invites.imports.chunks import ChunkClaim, held, release_claim, renew_claim
from invites.imports.stop import stop_batch
from invites.invitations.authorization import GrantKey, find_unauthorized
from invites.invitations.quotas import refund_invitation_quota
from invites.mailing.backoff import backoff_delay
from invites.mailing.sender import SendResult, TimeSlice, send_invitations
from invites.models import Batch, BatchChunk, FailureReason, Invitation, InvitationQuerySet, Row
from invites.reasons import as_reason

# With the longest delay, that is half a day.
MAX_BACKOFFS = 50


def send_chunk(claim: ChunkClaim) -> timedelta | None:
    """Send what is unsent in the chunk for one time slice, and release the chunk.

    A permanent failure marks the row as failed and revokes the invitation. Temporary failures are retried with
    exponential backoff; while the server itself is down, the whole batch waits. Invitations whose inviter lost the
    permission are revoked first. Returns when the rate limit allows more, if it is the reason that some are left.
    """
    chunk = only_one(held(claim).filter(stage=BatchChunk.Stage.MAIL).select_related("batch"))
    if chunk is None:
        return None
    if claim.is_abandoned:
        _give_up([chunk], detail=FailureReason.INTERRUPTED)
        held(claim).update(stage=BatchChunk.Stage.DONE, claimed_until=None)
        return None
    flush_previous_log(chunk)
    unsent = _revoke_unauthorized(chunk)
    now = timezone.now()
    mail_retry_at = chunk.batch.mail_retry_at
    if mail_retry_at and mail_retry_at > now:
        release_claim(claim)
        return None
    delay = None
    if unsent and chunk.mail_retry_at and chunk.mail_retry_at > now:
        delay = chunk.mail_retry_at - now
        unsent = [each for each in unsent if each.mail_state != Invitation.Mail.DEFERRED]
    ids = [each.id for each in unsent]
    if claim.is_hopeless and ids:
        # One of these crashes every worker. They were sent one by one, so it should be the first that is left. In case
        # it isn't, each attempt gives up twice as many, so that the chunk ends.
        suspects = ids[: max(1, chunk.suspects_given_up)]
        held(claim).update(suspects_given_up=F("suspects_given_up") + len(suspects))
        _give_up([chunk], detail=FailureReason.INTERRUPTED, ids=suspects)
        return _release(claim, SendResult(not_tried=ids[len(suspects) :]), delay=delay)
    time_slice = TimeSlice(partial(renew_claim, claim), organization_id=chunk.batch.organization_id)
    result = send_invitations(ids, log=ChunkDeliveryLog(claim), time_slice=time_slice, one_by_one=claim.is_suspicious)
    if result.failure:
        delay = _back_off(claim, chunk, result)
    return _release(claim, result, delay=delay)


def _back_off(claim: ChunkClaim, chunk: BatchChunk, result: SendResult) -> timedelta:
    """Postpone what failed temporarily, or give it up after too many retries. Returns the delay."""
    if chunk.backoff_count >= MAX_BACKOFFS:
        if not renew_claim(claim):
            return timedelta(0)
        if result.server_failed:
            # The chunks that other workers hold come to their own end.
            free = Q(pk=chunk.pk) | Q(claimed_until=None)
            _give_up(chunk.batch.chunks.filter(free, stage=BatchChunk.Stage.MAIL), detail=FailureReason.UNREACHABLE)
        else:
            _give_up([chunk], detail=FailureReason.UNREACHABLE, ids=[*result.deferred, *result.blocked])
        held(claim).update(backoff_count=0, mail_retry_at=None)
        return timedelta(0)
    delay = backoff_delay(chunk.backoff_count)
    retry_at = timezone.now() + delay
    if result.server_failed:
        Batch.objects.filter(pk=claim.batch_id).update(mail_retry_at=retry_at)
    # Marked, so that what only the rate limit held back doesn't wait with them.
    result.mark_deferred()
    held(claim).update(backoff_count=F("backoff_count") + 1, mail_retry_at=retry_at)
    return delay


def _release(claim: ChunkClaim, result: SendResult, *, delay: timedelta | None) -> timedelta | None:
    """Release the claim after a time slice; some of the chunk may be postponed for the delay."""
    waits = [timedelta(seconds=result.retry_in)] if result.retry_in is not None else []
    if delay is None and not result.unsent:
        held(claim).update(stage=BatchChunk.Stage.DONE, claimed_until=None)
        return None
    if delay is None:
        held(claim).update(backoff_count=0, mail_retry_at=None)
    else:
        waits.append(delay)
    is_more_due = result.not_tried and not result.server_failed
    release_claim(claim, wait=None if is_more_due else min(waits, default=None))
    return waits[0] if result.throttled and not is_more_due else None


class _Unsent(NamedTuple):
    id: int
    mail_state: str
    grant_id: int
    inviter_id: int | None

    @property
    def grant_key(self) -> GrantKey:
        return GrantKey(self.grant_id, self.inviter_id)


def _unsent(chunk: BatchChunk) -> InvitationQuerySet:
    """The open invitations of the chunk that are to be sent. One that was resent is no longer the batch's to send.

    Filters by a list of row ids: a database with outdated statistics would read the whole table for a join.
    """
    rows = Row.objects.filter(
        batch_id=chunk.batch_id,
        number__range=(chunk.first_number, chunk.last_number),
        outcome=Row.Outcome.INVITED,
    )
    ids = list(rows.order_by("number").values_list("pk", flat=True))
    return Invitation.objects.open().sent_with_import().unsent().filter(row__in=ids).order_by("pk")


def _load_unsent(chunk: BatchChunk) -> list[_Unsent]:
    return [_Unsent(*values) for values in _unsent(chunk).values_list(*_Unsent._fields)]


def _revoke_unauthorized(chunk: BatchChunk) -> list[_Unsent]:
    """What is to be sent of the chunk. If the inviter lost the permission, stop the batch and revoke the rest."""
    batch = chunk.batch
    unsent = _load_unsent(chunk)
    unauthorized = find_unauthorized(each.grant_key for each in unsent)
    # First: if this worker dies before it has revoked them all, the next one finds the rest.
    code = unauthorized.get(GrantKey(batch.grant_id, batch.working_inviter_id))
    if code is not None and stop_batch(batch, reasons=[as_reason(code)]):
        # The other chunks need not wait for their retries.
        Batch.objects.filter(pk=batch.pk).update(mail_retry_at=None)
        batch.chunks.update(retry_at=None)
        batch.refresh_from_db()
    for key, detail in unauthorized.items():
        with transaction.atomic():
            ids = [each.id for each in unsent if each.grant_key == key]
            revoked = revoke_unsent(ids, Row.Reason.STOPPED, detail=detail, grant_key=key)
            refund_invitation_quota(batch, revoked)
    # Read again: some of them may have another inviter or grant since.
    return [each for each in (_load_unsent(chunk) if unauthorized else unsent) if each.grant_key not in unauthorized]


def _give_up(chunks: Iterable[BatchChunk], *, detail: str, ids: Collection[int] | None = None) -> None:
    """Mark what is unsent in these chunks, or those of it with these ids, as failed."""
    for chunk in chunks:
        with transaction.atomic():
            # Locked against claims. A worker that has claimed the chunk since it was found is sending its emails.
            same = BatchChunk.objects.select_for_update(no_key=True).filter(pk=chunk.pk, claims=chunk.claims)
            if same.first() is None:
                continue
            unsent = set(_unsent(chunk).values_list("pk", flat=True))
            revoke_unsent(unsent.intersection(ids or unsent), Row.Reason.MAIL_REFUSED, detail=detail)
