"""Stores the counts of the `limits` library in the database."""

from __future__ import annotations

from datetime import timedelta

from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from limits.storage import Storage

from accounts.lookups import only_one
from accounts.models import RateLimitCount


class DatabaseStorage(Storage):
    """For the fixed window strategy: a count begins with its first attempt and ends when it expires."""

    # It has no URL.
    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> type[Exception]:
        return DatabaseError

    @transaction.atomic
    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to the count, or begin one that expires after `expiry` seconds. Concurrent calls wait for each other."""
        now = timezone.now()
        locked = RateLimitCount.objects.select_for_update()
        found, _is_new = locked.get_or_create(key=key, defaults={"count": 0, "expires_at": now})
        if found.expires_at <= now:
            found.count, found.expires_at = 0, now + timedelta(seconds=expiry)
        found.count += amount
        found.save()
        return found.count

    def give_back(self, key: str) -> None:
        """Decrease the count by one, if there is one."""
        _current(key).filter(count__gt=0).update(count=F("count") - 1)

    def get(self, key: str) -> int:
        return only_one(_current(key).values_list("count", flat=True)) or 0

    def get_expiry(self, key: str) -> float:
        expires_at = only_one(_current(key).values_list("expires_at", flat=True))
        return (expires_at or timezone.now()).timestamp()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        return RateLimitCount.objects.all().delete()[0]

    def clear(self, key: str) -> None:
        RateLimitCount.objects.filter(key=key).delete()


def forget_expired_counts() -> None:
    """Delete expired counts."""
    RateLimitCount.objects.filter(expires_at__lt=timezone.now()).delete()


def _current(key: str) -> QuerySet[RateLimitCount]:
    return RateLimitCount.objects.filter(key=key, expires_at__gt=timezone.now())
