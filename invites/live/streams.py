"""Server-sent events: a fragment each time it has changed, for as long as its viewer may see it.

Streams are many and long, and most of what they look at has not changed. So they share what they may cost.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from accounts.organizations.access import MemberRequest

# From the start of one poll to the start of the next.
POLL_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 15
LONGEST_STREAM_SECONDS = 600
# All streams of a process together keep one processor busy for this share of the time. The more there are, the
# less often each of them polls.
MOST_BUSY = 0.25
# Each poll holds a connection to the database.
POLLS_AT_ONCE = 4
# In this process. A browser opens six at most, and a person has few browsers.
MOST_OF_ONE_USER = 30


@dataclass(frozen=True)
class Snapshot:
    """What a poll has found: fragments by the names of their events, and whether there is more to come."""

    fragments: dict[str, str]
    goes_on: bool


# None for a viewer who may no longer see it.
Poll = Callable[[], Snapshot | None]

_polling = threading.BoundedSemaphore(POLLS_AT_ONCE)
_open: Counter[int] = Counter()
# Reentrant: the garbage collector may release one stream while its thread admits another.
_open_lock = threading.RLock()


def stream(request: MemberRequest, poll: Poll, *, at_end: list[str]) -> HttpResponseBase:
    """Tells what `poll` returns, each fragment when it has changed, and at the end triggers `at_end`.

    A viewer who has too many streams open already gets 429, and asks for the fragment instead.
    """
    user_id = request.user.pk
    if not _admit(user_id):
        return HttpResponse(status=429)
    events = _Events(_events(poll, at_end), user_id)
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _admit(user_id: int) -> bool:
    """Count one more stream of the user, unless they have too many. Checked and counted in one step."""
    with _open_lock:
        if _open[user_id] >= MOST_OF_ONE_USER:
            return False
        _open[user_id] += 1
        return True


def _release(user_id: int) -> None:
    with _open_lock:
        _open[user_id] -= 1
        if not _open[user_id]:
            del _open[user_id]


class _Events:
    """The events of an admitted stream, which is released once: when Django closes the response or drops it.

    Django closes no response whose client left before the first byte, so that the end of the iterator is no
    safe place to count.
    """

    def __init__(self, events: AsyncIterator[str], user_id: int) -> None:
        self._events = events
        self._release = weakref.finalize(self, _release, user_id)

    def __aiter__(self) -> AsyncIterator[str]:
        return self._events

    def close(self) -> None:
        """Called by Django, whose response keeps this object alive."""
        self._release()


async def _events(poll: Poll, at_end: list[str]) -> AsyncIterator[str]:
    cost = 0.0

    def polled() -> Snapshot | None:
        nonlocal cost
        with _polling:
            began = time.thread_time()
            try:
                return poll()
            finally:
                # The thread outlives this poll by minutes; a connection must not.
                connections.close_all()
                cost = time.thread_time() - began

    told: dict[str, str] = {}
    began, told_at = time.monotonic(), 0.0
    while (polled_at := time.monotonic()) - began < LONGEST_STREAM_SECONDS:
        snapshot = await sync_to_async(polled)()
        if snapshot is None:
            # The page asks once for the fragment: it is sent to sign in, or finds nothing, or may go on.
            yield _event("end", json.dumps({"ask": True}))
            return
        now = time.monotonic()
        for name, html in snapshot.fragments.items():
            if html != told.get(name):
                told[name], told_at = html, now
                yield _event(name, html)
        if now - told_at > KEEP_ALIVE_SECONDS:
            told_at = now
            yield ": still here\n\n"
        if not snapshot.goes_on:
            for name in at_end:
                yield _event("trigger", name)
            yield _event("end", json.dumps({}))
            return
        # A database that answers slowly is left alone for as long as the answer took.
        took = now - polled_at
        await asyncio.sleep(max(POLL_SECONDS - took, took, cost * _open.total() / MOST_BUSY))


def _event(name: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"
