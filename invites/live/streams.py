"""Server-sent events: send a fragment each time it changes, as long as its viewer may see it.

There are many long streams, and most polls find no change. So all streams of a process share a budget.
"""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import tzinfo

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone, translation

from accounts.organizations.access import MemberRequest

# From the start of one poll to the start of the next.
POLL_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 15
LONGEST_STREAM_SECONDS = 600
# The share of one processor that all streams of a process use together. With more streams, each polls less often.
MAX_LOAD = 0.25
# Each poll holds a database connection.
MAX_CONCURRENT_POLLS = 4
# In this process. A browser opens at most six, and few people use many browsers.
MAX_STREAMS_PER_USER = 30


@dataclass(frozen=True)
class Snapshot:
    """The result of a poll: fragments by event name, and whether the stream goes on."""

    fragments: dict[str, str]
    goes_on: bool


# Returns None if the viewer may no longer see it.
Poll = Callable[[], Snapshot | None]

_polling = threading.BoundedSemaphore(MAX_CONCURRENT_POLLS)
_open: Counter[int] = Counter()
# Reentrant, because garbage collection may release one stream while the same thread admits another.
_open_lock = threading.RLock()
# A stream whose client left before the first byte is garbage, in a cycle that may not be collected for a minute.
COLLECT_SECONDS = 1.0
_collected_at = 0.0


def stream(request: MemberRequest, poll: Poll, *, at_end: list[str]) -> HttpResponseBase:
    """Send the fragments of `poll` when they change, and at the end trigger the events `at_end`.

    They are in the language and the time zone of the request. A viewer with too many open streams gets a 429, and
    requests the fragment instead.
    """
    user_id = request.user.pk
    if not _admit(user_id):
        return HttpResponse(status=429)
    events = _Events(_events(poll, at_end, translation.get_language(), timezone.get_current_timezone()), user_id)
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _admit(user_id: int) -> bool:
    """Count one more stream of the user. False if the user has too many."""
    global _collected_at  # noqa: PLW0603 - of all streams of the process
    with _open_lock:
        if _open[user_id] >= MAX_STREAMS_PER_USER and time.monotonic() - _collected_at > COLLECT_SECONDS:
            gc.collect()
            _collected_at = time.monotonic()
        if _open[user_id] >= MAX_STREAMS_PER_USER:
            return False
        _open[user_id] += 1
        return True


def _release(user_id: int) -> None:
    with _open_lock:
        _open[user_id] -= 1
        if not _open[user_id]:
            del _open[user_id]


class _Events:
    """The events of an admitted stream. Releases it once: when Django closes the response or drops it.

    The end of the iterator is no safe place to do so: Django doesn't close a response whose client left before the
    first byte.
    """

    def __init__(self, events: AsyncIterator[str], user_id: int) -> None:
        self._events = events
        self._release = weakref.finalize(self, _release, user_id)

    def __aiter__(self) -> AsyncIterator[str]:
        return self._events

    def close(self) -> None:
        """Called by Django when it closes the response."""
        self._release()


async def _events(poll: Poll, at_end: list[str], language: str | None, zone: tzinfo) -> AsyncIterator[str]:
    cost = 0.0

    def polled() -> Snapshot | None:
        nonlocal cost
        with _polling:
            began = time.thread_time()
            try:
                with translation.override(language), timezone.override(zone):
                    return poll()
            finally:
                # The thread lives for minutes, and must not keep the connection.
                connections.close_all()
                cost = time.thread_time() - began

    sent: dict[str, str] = {}
    began, sent_at = time.monotonic(), 0.0
    while (polled_at := time.monotonic()) - began < LONGEST_STREAM_SECONDS:
        snapshot = await sync_to_async(polled)()
        if snapshot is None:
            # The page requests the fragment once. The response is a sign-in page, a 404, or the fragment.
            yield _event("end", json.dumps({"ask": True}))
            return
        now = time.monotonic()
        for name, html in snapshot.fragments.items():
            if html != sent.get(name):
                sent[name], sent_at = html, now
                yield _event(name, html)
        if now - sent_at > KEEP_ALIVE_SECONDS:
            sent_at = now
            yield ": still here\n\n"
        if not snapshot.goes_on:
            for name in at_end:
                yield _event("trigger", name)
            yield _event("end", json.dumps({}))
            return
        # Poll a slow database less often: wait at least as long as the poll took.
        took = now - polled_at
        await asyncio.sleep(max(POLL_SECONDS - took, took, cost * _open.total() / MAX_LOAD))


def _event(name: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"
