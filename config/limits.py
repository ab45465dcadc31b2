"""Refuses a request that is too large while it streams in, before anything of it is kept.

Django reads the whole body into a temporary file before a view can object, and its own limit does not
count files. So the application is wrapped: the length that the request announces is looked at first,
then what really comes is counted.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Where a CSV file may be uploaded: a new import, and the corrected file of a batch, come the same way.
UPLOAD_PATHS = re.compile(r"/o/[^/]+/import/")
WEBHOOKS = "/webhooks/"
ENCODED_FORM = b"application/x-www-form-urlencoded"

MEGABYTE = 1024 * 1024
# A browser shows the answer only if the server has taken all that the browser sends before it answers.
# This much is taken, and thrown away.
MOST_THROWN_AWAY = 512 * MEGABYTE


class _TooLarge(Exception):
    """More came than the path allows."""


class LimitBody:
    """The ASGI application `inner`, shielded from bodies larger than the settings allow for the path."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        limit = limit_of(scope["path"], content_type=headers.get(b"content-type", b""))
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > limit:
            # A client that waits to be told to go on has sent nothing yet.
            if headers.get(b"expect", b"").lower() != b"100-continue":
                await _throw_away(receive)
            await _refuse(scope, send, size=int(announced), limit=limit)
            return

        received = 0

        async def counted() -> Event:
            nonlocal received
            event = await receive()
            if event["type"] == "http.request":
                received += len(event.get("body", b""))
                if received > limit:
                    if event.get("more_body"):
                        received += await _throw_away(receive)
                    raise _TooLarge
            return event

        try:
            await self._inner(scope, counted, send)
        except _TooLarge:
            await _refuse(scope, send, size=received, limit=limit)


def limit_of(path: str, *, content_type: bytes = b"") -> int:
    """How many bytes the body of a request for `path` may have."""
    is_encoded = content_type.partition(b";")[0].strip().lower() == ENCODED_FORM
    # A mail provider's reports are decoded only after its secret was checked.
    if is_encoded and not path.startswith(WEBHOOKS):
        limit: int = settings.MAX_FORM_BYTES
    elif UPLOAD_PATHS.fullmatch(path):
        limit = settings.MAX_UPLOAD_BODY_BYTES
    else:
        limit = settings.MAX_BODY_BYTES
    return limit


async def _throw_away(receive: Receive) -> int:
    """Takes the rest of the body without keeping it; its size."""
    size = 0
    while size < MOST_THROWN_AWAY:
        event = await receive()
        size += len(event.get("body", b""))
        if event["type"] != "http.request" or not event.get("more_body"):
            break
    return size


async def _refuse(scope: Scope, send: Send, *, size: int, limit: int) -> None:
    is_upload = limit == settings.MAX_UPLOAD_BODY_BYTES
    limit_mb = str(settings.MAX_UPLOAD_MB) if is_upload else f"{limit / MEGABYTE:g}"
    what = "file" if is_upload else "form"
    message = f"This {what} has {size / MEGABYTE:,.1f} MB. At most {limit_mb} MB are read."
    wants_part = any(name.lower() == b"hx-request" for name, _ in scope["headers"])
    page = "" if wants_part else await sync_to_async(_page)(message, size, limit_mb)
    body = (page or message).encode()
    kind = b"text/html; charset=utf-8" if page else b"text/plain; charset=utf-8"
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _page(message: str, size: int, limit_mb: str) -> str:
    context = {"message": message, "size_mb": f"{size / MEGABYTE:,.1f}", "limit_mb": limit_mb}
    try:
        return render_to_string("413.html", context)
    except TemplateDoesNotExist:
        return ""
