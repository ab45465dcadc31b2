"""Server-sent events: a fragment each time it has changed, for as long as its viewer may see it.

Streams are many and long, and most of what they look at has not changed. So they share what they may cost.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from accounts.access import MemberRequest

# From the beginning of one look to that of the next.
POLL_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 15
LONGEST_STREAM_SECONDS = 600
# All streams of a process together keep one processor busy for this share of the time. The more there are, the
# less often each of them looks.
MOST_BUSY = 0.25
# Each look holds a connection to the database.
LOOKS_AT_ONCE = 4
# A browser opens six at most, and a person has few browsers.
MOST_OF_ONE_USER = 30


@dataclass(frozen=True)
class Seen:
    """What a look has found: fragments by the names of their events, and whether there is more to come."""

    fragments: dict[str, str]
    goes_on: bool


# None for a viewer who may look no more.
Look = Callable[[], Seen | None]

_looking = threading.BoundedSemaphore(LOOKS_AT_ONCE)
_open: Counter[int] = Counter()


def stream(request: MemberRequest, look: Look, *, at_end: list[str]) -> HttpResponseBase:
    """Tells what `look` returns, each fragment when it has changed, and at the end triggers `at_end`.

    A viewer who has too many streams open already gets 429, and asks for the fragment instead.
    """
    if _open[request.user.pk] >= MOST_OF_ONE_USER:
        return HttpResponse(status=429)
    response = StreamingHttpResponse(_events(request, look, at_end), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(request: MemberRequest, look: Look, at_end: list[str]) -> AsyncIterator[str]:
    cost = 0.0

    def looked() -> Seen | None:
        nonlocal cost
        with _looking:
            began = time.thread_time()
            try:
                return look()
            finally:
                # The thread outlives this look by minutes; a connection must not.
                connections.close_all()
                cost = time.thread_time() - began

    told: dict[str, str] = {}
    began, told_at = time.monotonic(), 0.0
    _open[request.user.pk] += 1
    try:
        while (looks_at := time.monotonic()) - began < LONGEST_STREAM_SECONDS:
            seen = await sync_to_async(looked)()
            if seen is None:
                yield _event("end", json.dumps({}))
                return
            now = time.monotonic()
            for name, html in seen.fragments.items():
                if html != told.get(name):
                    told[name], told_at = html, now
                    yield _event(name, html)
            if now - told_at > KEEP_ALIVE_SECONDS:
                told_at = now
                yield ": still here\n\n"
            if not seen.goes_on:
                for name in at_end:
                    yield _event("trigger", name)
                yield _event("end", json.dumps({}))
                return
            # A database that answers slowly is left alone for as long as the answer took.
            took = now - looks_at
            await asyncio.sleep(max(POLL_SECONDS - took, took, cost * _open.total() / MOST_BUSY))
    finally:
        _open[request.user.pk] -= 1
        if not _open[request.user.pk]:
            del _open[request.user.pk]


def _event(name: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"
