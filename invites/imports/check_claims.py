"""Claim a batch that is `checking`, and renew the claim while working on it.

As with chunks (chunks.py), a claim is a conditional UPDATE that expires, and an outdated claim changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.lookups import only_one
from accounts.models import Organization
from invites.models import Batch

# Renewed every few thousand rows. Together with the interval of the recovery task, the check of a dead worker starts
# again within half a minute.
CLAIM_DURATION = timedelta(seconds=20)
MAX_ATTEMPTS = 5
RENEW_SECONDS = 2.0


class LostClaim(Exception):
    """Another worker has claimed the batch, or it was stopped. Nothing more may be stored under this claim."""


class NeedsWorker(Exception):
    """The work is too much for a request. Nothing has been decided yet."""


def claim_batch(batch_id: int) -> Batch | None:
    """Claim the batch. None if there is nothing to do, another worker holds it, or the organization is suspended."""
    now = timezone.now()
    free = models.Q(claimed_until=None) | models.Q(claimed_until__lt=now)
    found = Batch.objects.filter(free, pk=batch_id, state=Batch.State.CHECKING)
    batch = only_one(found.filter(organization__in=Organization.objects.active()).select_related("organization"))
    if batch is None:
        return None
    # Computed from the values that were read: an F() expression would have to be read again, after a later claim.
    changed = held(batch).filter(free)
    attempt, number = batch.attempts + 1, batch.claims + 1
    if not changed.update(claimed_until=now + CLAIM_DURATION, progressed_at=now, attempts=attempt, claims=number):
        return None
    batch.attempts, batch.claims = attempt, number
    return batch


def held(batch: Batch) -> models.QuerySet[Batch]:
    """The batch as long as this claim holds it, for conditional updates."""
    return Batch.objects.filter(pk=batch.pk, state=Batch.State.CHECKING, claims=batch.claims)


def renew_claim(batch: Batch, **progress: Any) -> None:
    """Renew the claim and save the progress. In a transaction, this locks the batch.

    Raises LostClaim.
    """
    now = timezone.now()
    if not held(batch).update(claimed_until=now + CLAIM_DURATION, progressed_at=now, **progress):
        raise LostClaim


class ClaimRenewer:
    """Renews a claim during work that stores nothing: it may be called often, and renews every other second."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._renewed_at = time.monotonic()

    def __call__(self) -> None:
        """Raises LostClaim."""
        if time.monotonic() - self._renewed_at >= RENEW_SECONDS:
            renew_claim(self._batch)
            self._renewed_at = time.monotonic()


def keeping(batch: Batch, check_time: Callable[[], None]) -> Callable[[], None]:
    """What reading a file calls again and again: it keeps to the time of a budget, and renews the claim."""
    renew_if_due = ClaimRenewer(batch)

    def keep() -> None:
        check_time()
        renew_if_due()

    return keep
