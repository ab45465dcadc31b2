"""Claim a chunk of a batch, keep it, and give it back.

A chunk is claimed by a conditional update with a lease. A worker that dies leaves a lease that runs out;
one that was given up finds the number of its claim outdated and changes nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from invites.models import Batch, BatchChunk
from invites.unexpected_errors import is_transient, reference_of

# Renewed about every second, and at each answer of the mail server, which may take EMAIL_TIMEOUT. With the recovery
# task that follows, what a dead worker left is taken up within half a minute.
CLAIM_DURATION = timedelta(seconds=20)
SUSPICIOUS_AFTER = 2
MAX_ATTEMPTS = 5
LOOKED_AT = 8


@dataclass(frozen=True)
class ChunkClaim:
    """A claimed chunk. `number` is the fence: of two leases of a chunk the higher one holds it."""

    chunk_id: int
    batch_id: int
    number: int
    attempts: int = 0

    @property
    def is_suspicious(self) -> bool:
        """Whether so many died with the chunk that one of its mails may be the cause."""
        return self.attempts > SUSPICIOUS_AFTER

    @property
    def is_hopeless(self) -> bool:
        """Whether everybody who claimed the chunk before died with it."""
        return self.attempts > MAX_ATTEMPTS

    @property
    def is_abandoned(self) -> bool:
        """Whether giving up one mail after the other has failed as often, too."""
        return self.attempts > 2 * MAX_ATTEMPTS


def claim_chunk(batch_id: int) -> ChunkClaim | None:
    """Claim the next free chunk of the batch, or None when there is none to claim now."""
    while found := list(claimable(timezone.now()).filter(batch_id=batch_id)[:LOOKED_AT]):
        for chunk in found:
            now = timezone.now()
            # By its own columns alone: a condition on its batch would become a subquery, which PostgreSQL does not ask
            # again after it has waited for another's claim, and both would be told that they hold the chunk.
            free = BatchChunk.objects.filter(_is_free(now), pk=chunk.pk, claims=chunk.claims)
            if free.update(claimed_until=now + CLAIM_DURATION, claims=F("claims") + 1, attempts=F("attempts") + 1):
                Batch.objects.filter(pk=batch_id).update(progressed_at=now)
                return ChunkClaim(chunk.pk, batch_id, chunk.claims + 1, chunk.attempts + 1)
    return None


def claimable(now: datetime) -> QuerySet[BatchChunk]:
    """Ranges with work left that nobody holds, first to last; mail that was put off is not due yet."""
    served = Q(stage=BatchChunk.Stage.INVITE) | Q(batch__mail_retry_at=None) | Q(batch__mail_retry_at__lte=now)
    return BatchChunk.objects.filter(_is_free(now), served)


def _is_free(now: datetime) -> Q:
    """What a chunk itself has to say about whether it can be claimed."""
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = Q(retry_at=None) | Q(retry_at__lte=now)
    return ~Q(stage=BatchChunk.Stage.DONE) & unclaimed & due


def held(claim: ChunkClaim) -> QuerySet[BatchChunk]:
    """The chunk, while this lease holds it, for conditional updates."""
    return BatchChunk.objects.filter(pk=claim.chunk_id, claims=claim.number).exclude(stage=BatchChunk.Stage.DONE)


def renew_claim(claim: ChunkClaim) -> bool:
    """Renew the lease; False when another worker holds the chunk by now, or it has come to its end."""
    now = timezone.now()
    Batch.objects.filter(pk=claim.batch_id).update(progressed_at=now)
    return bool(held(claim).update(claimed_until=now + CLAIM_DURATION))


def note_error(claim: ChunkClaim, error: Exception) -> None:
    """Keep the reference of a bug of ours, for what the admin is told if the chunk has to be given up."""
    if not is_transient(error):
        Batch.objects.filter(pk=claim.batch_id).update(error_reference=reference_of(error))


def release_claim(claim: ChunkClaim, *, wait: timedelta | None = None) -> None:
    """End the claim in good order: others may take the chunk up, after the wait if there is one."""
    retry_at = None if wait is None else timezone.now() + wait
    if not held(claim).update(claimed_until=None, attempts=0, retry_at=retry_at):
        # Another worker has it by now, because this one was slow: it did not die, and that must not count.
        BatchChunk.objects.filter(pk=claim.chunk_id).update(attempts=0)


def expire_claims() -> None:
    """End all leases now. Only for a caller that knows that every worker is dead: what they held need not wait."""
    now = timezone.now()
    BatchChunk.objects.filter(claimed_until__gt=now).exclude(stage=BatchChunk.Stage.DONE).update(claimed_until=now)
