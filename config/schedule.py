"""The schedule for several beat processes. Only one is active, elected by a lock in Redis.

The others are on standby. When the lock expires, one of them takes over, so no machine is a single point of failure.
"""

from __future__ import annotations

import os
import socket
from typing import Any

import structlog
from celery.beat import Scheduler
from django.conf import settings
from redis import Redis
from redis.exceptions import LockError, RedisError

log = structlog.get_logger(__name__)

LOCK = "rollcall:schedule"
# A beat that was killed is replaced within this time. Together with the interval of recoveries, it is less than half a
# minute, within which the work of a dead machine is recovered.
LOCK_SECONDS = 10.0
POLL_SECONDS = 2.0


class ElectedScheduler(Scheduler):
    """Sends due tasks while it holds the lock, and tries to acquire the lock otherwise.

    The schedule is in memory: with intervals of seconds it needs no file, which two beats on one machine would share.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        server = Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=1, socket_timeout=5)
        self._lock = server.lock(LOCK, timeout=LOCK_SECONDS, blocking=False)
        self._elected = False
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Returns the seconds until the next call."""
        if not self._holds_the_lock():
            return POLL_SECONDS
        return min(super().tick(*args, **kwargs), POLL_SECONDS)

    def close(self) -> None:
        """Release the lock, so that others needn't wait until it expires."""
        super().close()
        if self._elected:
            self._elected = False
            try:
                self._lock.release()
            except RedisError as error:
                log.info("lock_not_released", error=str(error))

    def _holds_the_lock(self) -> bool:
        """Renew or acquire the lock. While Redis is down nobody holds it, and nothing could be sent anyway."""
        held = self._elected
        try:
            self._elected = (held and self._renew()) or self._lock.acquire()
        except RedisError as error:
            self._elected = False
            log.warning("schedule_without_redis", error=str(error))
        if self._elected and not held:
            log.info("schedule_elected", host=socket.gethostname(), process=os.getpid())
        return self._elected

    def _renew(self) -> bool:
        try:
            return bool(self._lock.reacquire())
        except LockError:  # It expired, or Redis lost it.
            return False
