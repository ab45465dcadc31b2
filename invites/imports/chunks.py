"""Claim a chunk of a batch, renew the claim while working on the chunk, and release it.

A claim is a conditional UPDATE that expires, so nobody has to release the claim of a dead worker. A slow worker finds
that another claim has a higher number than its own, and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import Organization
from invites.models import Batch, BatchChunk
from invites.unexpected_errors import is_transient, reference_of

# Renewed about every second, and at each response of the mail server, which may take EMAIL_TIMEOUT. Together with the
# interval of the recovery task, the chunk of a dead worker is claimed again within half a minute.
CLAIM_DURATION = timedelta(seconds=20)
SUSPICIOUS_AFTER = 2
MAX_ATTEMPTS = 5
CANDIDATES = 8


@dataclass(frozen=True)
class ChunkClaim:
    """A claimed chunk. `number` is a fencing token: of two claims, the one with the higher number holds the chunk."""

    chunk_id: int
    batch_id: int
    number: int
    attempts: int = 0

    @property
    def is_suspicious(self) -> bool:
        """Whether so many workers died with the chunk that one of its emails may be the cause."""
        return self.attempts > SUSPICIOUS_AFTER

    @property
    def is_hopeless(self) -> bool:
        """Whether every worker that claimed the chunk before died with it."""
        return self.attempts > MAX_ATTEMPTS

    @property
    def is_abandoned(self) -> bool:
        """Whether workers kept dying while they gave up one email after the other."""
        return self.attempts > 2 * MAX_ATTEMPTS


def claim_chunk(batch_id: int) -> ChunkClaim | None:
    """Claim the next free chunk of the batch, or None when there is none to claim now.

    While the organization is suspended, there is none.
    """
    if not Batch.objects.filter(pk=batch_id, organization__in=Organization.objects.active()).exists():
        return None
    while found := list(claimable(timezone.now()).filter(batch_id=batch_id)[:CANDIDATES]):
        for chunk in found:
            now = timezone.now()
            # Only columns of the chunk: a condition on its batch would become a subquery, which PostgreSQL doesn't
            # evaluate again after it has waited for another claim. Then both workers would get the chunk.
            free = BatchChunk.objects.filter(_is_free(now), pk=chunk.pk, claims=chunk.claims)
            if free.update(claimed_until=now + CLAIM_DURATION, claims=F("claims") + 1, attempts=F("attempts") + 1):
                Batch.objects.filter(pk=batch_id).update(progressed_at=now)
                return ChunkClaim(chunk.pk, batch_id, chunk.claims + 1, chunk.attempts + 1)
    return None


def claimable(now: datetime) -> QuerySet[BatchChunk]:
    """Unclaimed chunks with work left, in order. Those whose retry is not due yet are not among them."""
    can_send = ~Q(stage=BatchChunk.Stage.MAIL) | Q(batch__mail_retry_at=None) | Q(batch__mail_retry_at__lte=now)
    return BatchChunk.objects.filter(_is_free(now), can_send)


def _is_free(now: datetime) -> Q:
    """Whether a chunk can be claimed, as far as its own columns tell."""
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = Q(retry_at=None) | Q(retry_at__lte=now)
    return ~Q(stage__in=BatchChunk.IDLE) & unclaimed & due


def held(claim: ChunkClaim) -> QuerySet[BatchChunk]:
    """The chunk as long as this claim holds it, for conditional updates."""
    return BatchChunk.objects.filter(pk=claim.chunk_id, claims=claim.number).exclude(stage=BatchChunk.Stage.DONE)


def renew_claim(claim: ChunkClaim) -> bool:
    """Renew the claim. False if another worker holds the chunk by now, or the chunk is done."""
    now = timezone.now()
    Batch.objects.filter(pk=claim.batch_id).update(progressed_at=now)
    return bool(held(claim).update(claimed_until=now + CLAIM_DURATION))


def note_error(claim: ChunkClaim, error: Exception) -> None:
    """Store the reference of a bug. The admin sees it if the chunk has to be given up."""
    if not is_transient(error):
        Batch.objects.filter(pk=claim.batch_id).update(error_reference=reference_of(error))


def release_claim(claim: ChunkClaim, *, wait: timedelta | None = None) -> None:
    """Release the chunk and reset its crash counter: it can be claimed again, after the wait if there is one."""
    retry_at = None if wait is None else timezone.now() + wait
    if not held(claim).update(claimed_until=None, attempts=0, retry_at=retry_at):
        # Another worker has claimed it, because this one was slow. It didn't die, so it doesn't count as a crash.
        BatchChunk.objects.filter(pk=claim.chunk_id).update(attempts=0)


def expire_claims() -> None:
    """Expire all claims now. Only for a caller that knows that every worker is dead, so that nobody has to wait."""
    now = timezone.now()
    BatchChunk.objects.filter(claimed_until__gt=now).exclude(stage=BatchChunk.Stage.DONE).update(claimed_until=now)
