"""Limits on how many emails all workers together send per second: in total, per organization and per domain.

A limit holds for windows of time, which all machines number alike by their clocks. Redis counts what was acquired of
each window. While Redis is away, every process counts for itself. Clocks that differ make a worker wait longer, but
never exceed a limit, because each window is counted once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import structlog
from django.conf import settings
from limits.errors import StorageError
from limits.storage import MemoryStorage

from accounts.users.rate_limits import REDIS_PAUSE_SECONDS, redis_storage

# Lengths of windows, in seconds. In total it is short, for mail servers that count closely: a worker that is early
# waits for the next window. The limit of an organization or domain makes no worker wait: it comes back with another
# connection, which should not be ten times a second. Even if a worker is late with the emails of one window, a second
# sees at most twice the limit.
SHORT, LONG = 0.1, 0.5
LONGEST_WAIT = 0.5
# Longer than clocks may differ.
KEEP_SECONDS = 30

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Permits:
    """So many emails may be sent after `wait` seconds. More permits are available in `next_in` seconds."""

    count: int
    wait: float
    next_in: float


class WindowCounter:
    """Counts in the Redis at the URL, or in this process while that is away."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis_storage(redis_url)
        self._memory = MemoryStorage()
        self._redis_away_until = 0.0

    def add(self, key: str, amount: int) -> int:
        """Add to the count of a window; returns the new count."""
        if time.monotonic() >= self._redis_away_until:
            try:
                return self._redis.incr(key, KEEP_SECONDS, amount)
            except StorageError as error:
                self._redis_away_until = time.monotonic() + REDIS_PAUSE_SECONDS
                log.warning("email_rate_limits_without_redis", error=str(error.storage_error))
        return self._memory.incr(key, KEEP_SECONDS, amount)


def acquire_global(wanted: int) -> Permits:
    """Up to so many permits of what all workers together may send."""
    return _acquire("all", wanted, rate=settings.MAILS_PER_SECOND, window=SHORT, longest_wait=LONGEST_WAIT)


def acquire_for_organization(organization_id: int, wanted: int) -> Permits:
    """Up to so many permits of what one organization may send."""
    rate = settings.MAILS_PER_SECOND_PER_ORGANIZATION
    return _acquire(f"organization/{organization_id}", wanted, rate=rate, window=LONG)


def acquire_for_domains(wanted: Mapping[str, int]) -> dict[str, Permits]:
    """For each of the domains, up to so many permits of what may be sent to it."""
    rate = settings.MAILS_PER_SECOND_PER_DOMAIN
    return {domain: _acquire(f"domain/{domain}", count, rate=rate, window=LONG) for domain, count in wanted.items()}


def _acquire(name: str, wanted: int, *, rate: int, window: float, longest_wait: float = 0.0) -> Permits:
    """Permits of the current window, or of the first one within the longest wait that has any left."""
    size = max(1, int(rate * window))
    length = size / rate
    now = time.time()
    number = int(now / length)
    while (wait := max(0.0, number * length - now)) <= longest_wait:
        asked = min(wanted, size)
        excess = _counter(settings.RATE_LIMIT_STORAGE).add(f"emails/{name}/{number}", asked) - size
        number += 1
        if excess < asked:
            return Permits(asked - max(0, excess), wait, number * length - now)
    return Permits(0, 0.0, wait)


@lru_cache
def _counter(redis_url: str) -> WindowCounter:
    return WindowCounter(redis_url)
