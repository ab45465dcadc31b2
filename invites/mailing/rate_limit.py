"""Limits on how many emails all workers together send per second: in total, per organization and per domain.

A worker acquires a block of permits at a time, which moves the moment at which the next block is free. The moments are
rows of the database: workers acquire permits for a hundred emails to many domains at once, and the limits also hold
while Redis is away.

The `limits` library was tried. It grants all or nothing where a worker needs what is left, asks Redis once per domain
(11 to 20 ms for 100 domains, where the statements here take 7 to 10), and counts in fixed windows of whole seconds: at
40 emails per second, up to 106 were sent in one second by workers that were late.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from invites.models import RateLimitBucket

# Lengths of blocks, in seconds. In total it is short, for mail servers that count closely: a worker that is early waits
# for its block. The limit of an organization or domain makes no worker wait: it comes back with another connection,
# which should not be ten times a second.
SHORT, LONG = 0.1, 1.0
LONGEST_WAIT = 0.5
KEEP_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Permits:
    """`count` emails can be sent after `wait` seconds. The next block is free in `next_in` seconds."""

    count: int
    wait: float
    next_in: float


def acquire_global(wanted: int) -> Permits:
    """Acquire up to `wanted` permits from the limit of all workers together."""
    return _acquire({"all": wanted}, settings.EMAILS_PER_SECOND, block=SHORT, longest_wait=LONGEST_WAIT)["all"]


def acquire_for_organization(organization_id: int, wanted: int) -> Permits:
    """Acquire up to `wanted` permits from the limit of one organization."""
    key = f"organization {organization_id}"
    return _acquire({key: wanted}, settings.EMAILS_PER_SECOND_PER_ORGANIZATION, block=LONG)[key]


def acquire_for_domains(wanted: Mapping[str, int]) -> dict[str, Permits]:
    """Acquire permits for several domains at once; `wanted` has the number for each."""
    keys = {domain: f"domain {domain}" for domain in wanted}
    by_key = {key: wanted[domain] for domain, key in keys.items()}
    permits = _acquire(by_key, settings.EMAILS_PER_SECOND_PER_DOMAIN, block=LONG)
    return {domain: permits[key] for domain, key in keys.items()}


def delete_idle_buckets() -> None:
    """Delete the buckets that haven't been used for a day."""
    RateLimitBucket.objects.filter(free_at__lt=timezone.now() - KEEP_FOR).delete()


@transaction.atomic
def _acquire(wanted: Mapping[str, int], rate: int, *, block: float, longest_wait: float = 0.0) -> dict[str, Permits]:
    buckets = _lock_buckets(sorted(wanted))
    now = timezone.now()
    permits = {}
    for bucket in buckets:
        starts_at = max(bucket.free_at, now)
        wait = (starts_at - now).total_seconds()
        count = min(wanted[bucket.key], math.ceil(rate * block)) if wait <= longest_wait else 0
        bucket.free_at = starts_at + timedelta(seconds=count / rate)
        permits[bucket.key] = Permits(count, wait, (bucket.free_at - now).total_seconds())
    RateLimitBucket.objects.bulk_create(
        buckets, update_conflicts=True, unique_fields=["key"], update_fields=["free_at"]
    )
    return permits


def _lock_buckets(keys: Sequence[str]) -> list[RateLimitBucket]:
    """Lock the buckets, creating missing ones, in a fixed order, so two workers with the same keys don't deadlock.

    A loop, because `delete_idle_buckets` may delete one between the two statements.
    """
    while True:
        new = [RateLimitBucket(key=key, free_at=timezone.now()) for key in keys]
        RateLimitBucket.objects.bulk_create(new, ignore_conflicts=True)
        buckets = list(RateLimitBucket.objects.select_for_update().filter(key__in=keys).order_by("key"))
        if len(buckets) == len(keys):
            return buckets
