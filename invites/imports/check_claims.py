"""Claim a batch that is `checking`, and keep the claim while working on it.

A claim is a conditional update with a lease. A worker that dies leaves a lease that runs out. A worker that was only
slow finds that its claim has been outnumbered, and changes nothing any more.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from invites.models import Batch

# Renewed with every few thousand rows; with the recovery task that follows, a check that died begins again in half a
# minute.
CLAIM_DURATION = timedelta(seconds=20)
MAX_ATTEMPTS = 5
RENEW_SECONDS = 2.0


class LostClaim(Exception):
    """Another worker has taken the batch over, or it was stopped; what was stored here is void."""


class NeedsWorker(Exception):
    """This is too much for a request. Nothing has been decided about it."""


def claim_batch(batch_id: int) -> Batch | None:
    """The batch, claimed; None when there is nothing to do, or a worker is at it."""
    now = timezone.now()
    free = models.Q(claimed_until=None) | models.Q(claimed_until__lt=now)
    batch = Batch.objects.select_related("organization").filter(free, pk=batch_id, state=Batch.State.CHECKING).first()
    if batch is None:
        return None
    # Counted from what was read before: a number that is read afterwards might be that of a later claim.
    changed = held(batch).filter(free)
    attempt, number = batch.attempts + 1, batch.claims + 1
    if not changed.update(claimed_until=now + CLAIM_DURATION, progressed_at=now, attempts=attempt, claims=number):
        return None
    batch.attempts, batch.claims = attempt, number
    return batch


def held(batch: Batch) -> models.QuerySet[Batch]:
    """The batch, as long as this claim holds it, for conditional updates."""
    return Batch.objects.filter(pk=batch.pk, state=Batch.State.CHECKING, claims=batch.claims)


def renew_claim(batch: Batch, **progress: Any) -> None:
    """Renew the lease and save the progress. In a transaction, the batch is locked from here on.

    Raises LostClaim.
    """
    now = timezone.now()
    if not held(batch).update(claimed_until=now + CLAIM_DURATION, progressed_at=now, **progress):
        raise LostClaim


class ClaimRenewer:
    """Keeps a claim during work that stores nothing yet: called often, it renews the lease every other second."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._renewed_at = time.monotonic()

    def __call__(self) -> None:
        """Raises LostClaim."""
        if time.monotonic() - self._renewed_at >= RENEW_SECONDS:
            renew_claim(self._batch)
            self._renewed_at = time.monotonic()
