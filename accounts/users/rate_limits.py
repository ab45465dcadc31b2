"""Rate limits, which keep people from guessing passwords.

The counts are in Redis, which must not evict them (docs/deploy.md asks for `noeviction`). While Redis is down they are
in the database. A count that reaches its limit is also stored in the database. So a lock lasts until it ends, even if
Redis goes down, comes back, or loses its data.
"""

from __future__ import annotations

import hashlib
import math
import time
from functools import lru_cache

import structlog
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.users.rate_limit_storage import DatabaseStorage

SIGN_INS_OF_CLIENT = RateLimitItemPerMinute(30, namespace="sign-ins-of-client")
FAILED_SIGN_INS_OF_CLIENT = RateLimitItemPerMinute(10, namespace="failed-sign-ins-of-client")
FAILED_SIGN_INS_OF_ACCOUNT = RateLimitItemPerMinute(5, 5, namespace="failed-sign-ins-of-account")
RESET_REQUESTS_OF_CLIENT = RateLimitItemPerMinute(20, namespace="reset-requests-of-client")
NEW_PASSWORDS_OF_CLIENT = RateLimitItemPerMinute(20, namespace="new-passwords-of-client")
RESET_LINKS_OF_CLIENT = RateLimitItemPerHour(60, namespace="reset-links-of-client")
# Declining, reporting, and asking for a new invitation.
INVITEE_FORMS_OF_CLIENT = RateLimitItemPerMinute(20, namespace="invitee-forms-of-client")
# A mail provider reports every delivery, and retries rejected reports later.
REPORTS_OF_CLIENT = RateLimitItemPerMinute(6_000, namespace="reports-of-client")
PASSWORD_CHANGES_OF_USER = RateLimitItemPerMinute(5, namespace="password-changes-of-user")
TEST_EMAILS_OF_USER = RateLimitItemPerHour(5, namespace="test-emails-of-user")
REPLY_TO_LINKS_OF_ORGANIZATION = RateLimitItemPerHour(5, namespace="reply-to-links-of-organization")
REPLY_TO_LINKS_OF_ADDRESS = RateLimitItemPerDay(5, namespace="reply-to-links-of-address")

# A page must not wait for a Redis that hangs. A process that couldn't reach it tries again after the pause.
REDIS_TIMEOUT_SECONDS = 1.0
REDIS_PAUSE_SECONDS = 2.0

log = structlog.get_logger(__name__)


class RateLimiter:
    """Counts in the Redis at the URL, or in the database while Redis is down."""

    def __init__(self, redis_url: str) -> None:
        options = {
            "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
            "socket_timeout": REDIS_TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
        storage = storage_from_string(redis_url, wrap_exceptions=True, **options)  # type: ignore[arg-type]
        self._redis = FixedWindowRateLimiter(storage)
        self._database_storage = DatabaseStorage()
        self._database = FixedWindowRateLimiter(self._database_storage)
        self._redis_down_until = 0.0

    def hit(self, limit: RateLimitItem, subject: str) -> bool:
        """Count one attempt of the subject; False if it is one too many."""
        key = _hash(subject)
        # Checked before Redis counts. Later, the lock of a concurrent last attempt could refuse one that Redis allows.
        if not self._database.test(limit, key):
            return False
        if time.monotonic() >= self._redis_down_until:
            try:
                return self._hit_in_redis(limit, key)
            except StorageError as error:
                self._note_that_redis_is_down(error)
        return self._database.hit(limit, key)

    def seconds_left(self, limit: RateLimitItem, subject: str) -> float:
        """Until the subject may try again, once `hit` has returned False. The database has every locked subject."""
        key = limit.key_for(_hash(subject))
        return max(0.0, self._database_storage.get_expiry(key) - time.time())

    def give_back(self, limit: RateLimitItem, subject: str) -> None:
        """Count one attempt less."""
        key = limit.key_for(_hash(subject))
        if time.monotonic() >= self._redis_down_until:
            try:
                self._redis.storage.incr(key, limit.get_expiry(), amount=-1)
            except StorageError as error:
                self._note_that_redis_is_down(error)
            else:
                # If this was the last attempt that is allowed, the subject isn't locked anymore.
                self._database_storage.clear(key)
                return
        self._database_storage.give_back(key)

    def clear(self, limit: RateLimitItem, subject: str) -> None:
        """Forget the attempts of the subject."""
        key = _hash(subject)
        if time.monotonic() >= self._redis_down_until:
            try:
                self._redis.clear(limit, key)
            except StorageError as error:
                self._note_that_redis_is_down(error)
        self._database.clear(limit, key)

    def hit_daily(self, limit: RateLimitItem, subject: str) -> bool:
        """Count only in the database, so that losing the data of Redis doesn't start a new day."""
        return self._database.hit(limit, _hash(subject))

    def clear_daily(self, limit: RateLimitItem, subject: str) -> None:
        """Forget the attempts of the subject today."""
        self._database.clear(limit, _hash(subject))

    def _hit_in_redis(self, limit: RateLimitItem, key: str) -> bool:
        is_allowed = self._redis.hit(limit, key)
        if is_allowed and not self._redis.test(limit, key):
            # The last allowed attempt: the subject is locked until the window in Redis ends.
            ends_in = math.ceil(self._redis.get_window_stats(limit, key).reset_time - time.time())
            self._database_storage.incr(limit.key_for(key), max(ends_in, 1), amount=limit.amount)
        return is_allowed

    def _note_that_redis_is_down(self, error: StorageError) -> None:
        self._redis_down_until = time.monotonic() + REDIS_PAUSE_SECONDS
        log.warning("rate_limits_without_redis", error=str(error.storage_error))


def hit(limit: RateLimitItem, subject: str) -> bool:
    """Count one attempt of a client, an account or a user; False if it is one too many."""
    return _rate_limiter(settings.RATE_LIMIT_STORAGE).hit(limit, subject)


def seconds_left(limit: RateLimitItem, subject: str) -> float:
    """Until the subject may try again, once `hit` has returned False."""
    return _rate_limiter(settings.RATE_LIMIT_STORAGE).seconds_left(limit, subject)


def give_back(limit: RateLimitItem, subject: str) -> None:
    """Count one attempt less, because it succeeded."""
    _rate_limiter(settings.RATE_LIMIT_STORAGE).give_back(limit, subject)


def clear(limit: RateLimitItem, subject: str) -> None:
    """Forget all attempts of the subject."""
    _rate_limiter(settings.RATE_LIMIT_STORAGE).clear(limit, subject)


def hit_daily(limit: RateLimitItem, subject: str) -> bool:
    """Count one attempt of the subject today; False if it is one too many."""
    return _rate_limiter(settings.RATE_LIMIT_STORAGE).hit_daily(limit, subject)


def clear_daily(limit: RateLimitItem, subject: str) -> None:
    """Forget the attempts of the subject today."""
    _rate_limiter(settings.RATE_LIMIT_STORAGE).clear_daily(limit, subject)


@lru_cache
def _rate_limiter(redis_url: str) -> RateLimiter:
    return RateLimiter(redis_url)


def _hash(subject: str) -> str:
    """A hash has a fixed length, and keeps email addresses out of Redis and the database."""
    return hashlib.sha256(subject.encode()).hexdigest()
