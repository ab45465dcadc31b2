"""The schedule where there may be several beats: one of them is at work, elected by a lock in Redis.

Others stand by, and one takes over when the lock runs out: no machine is the only one that looks for lost work.
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
# A beat that was killed is replaced after at most so long. Together with the time between two sweeps less than the
# half minute in which what a dead machine had begun is to be taken up.
LOCK_SECONDS = 10.0
LOOK_SECONDS = 2.0


class ElectedScheduler(Scheduler):
    """Sends what is due while it holds the lock, and asks for the lock while it does not.

    Kept in memory: a schedule of every few seconds needs no file, which two on one machine would fight for.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        server = Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=1, socket_timeout=5)
        self._lock = server.lock(LOCK, timeout=LOCK_SECONDS, blocking=False)
        self._elected = False
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """The seconds until it is to be called again."""
        if not self._holds_the_lock():
            return LOOK_SECONDS
        return min(super().tick(*args, **kwargs), LOOK_SECONDS)

    def close(self) -> None:
        """Others need not wait for the lock of one that ends in good order."""
        super().close()
        if self._elected:
            self._elected = False
            try:
                self._lock.release()
            except RedisError as error:
                log.info("lock_not_released", error=str(error))

    def _holds_the_lock(self) -> bool:
        """Renews the lock, or tries to get it. While Redis is away nobody holds it, and nothing could be sent."""
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
        except LockError:  # It ran out, or Redis has lost it.
            return False
