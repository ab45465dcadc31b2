"""Reject requests that are too large while they stream in.

Django reads the whole body into a temporary file before a view can reject it, and its own limit ignores files. So this
wraps the application: it checks the Content-Length first, and then counts the bytes that arrive.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from io import BytesIO
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.translation import get_language_from_request, override
from django.utils.translation import gettext as _

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Where a CSV file may be uploaded, for a new import or as a corrected file.
UPLOAD_PATHS = re.compile(r"/o/[^/]+/import/")
WEBHOOKS = "/webhooks/"
ENCODED_FORM = b"application/x-www-form-urlencoded"

MEGABYTE = 1024 * 1024
# A browser shows the response only if the server has read the whole request first. Up to this size the rest is read and
# discarded.
MAX_DISCARDED = 512 * MEGABYTE


class _TooLarge(Exception):
    """The body is larger than the path allows."""


class LimitBody:
    """The ASGI application `inner`, with a limit on the size of request bodies."""

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
            # A client that expects a 100 Continue hasn't sent anything yet.
            if headers.get(b"expect", b"").lower() != b"100-continue":
                await _discard(receive)
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
                        received += await _discard(receive)
                    raise _TooLarge
            return event

        try:
            await self._inner(scope, counted, send)
        except _TooLarge:
            await _refuse(scope, send, size=received, limit=limit)


def limit_of(path: str, *, content_type: bytes = b"") -> int:
    """The largest body of a request for `path`, in bytes."""
    is_encoded = content_type.partition(b";")[0].strip().lower() == ENCODED_FORM
    # Reports of a mail provider are decoded only after its secret was checked.
    if is_encoded and not path.startswith(WEBHOOKS):
        limit: int = settings.MAX_FORM_BYTES
    elif UPLOAD_PATHS.fullmatch(path):
        limit = settings.MAX_UPLOAD_BODY_BYTES
    else:
        limit = settings.MAX_BODY_BYTES
    return limit


async def _discard(receive: Receive) -> int:
    """Read and discard the rest of the body. Returns its size."""
    size = 0
    while size < MAX_DISCARDED:
        event = await receive()
        size += len(event.get("body", b""))
        if event["type"] != "http.request" or not event.get("more_body"):
            break
    return size


async def _refuse(scope: Scope, send: Send, *, size: int, limit: int) -> None:
    wants_part = any(name.lower() == b"hx-request" for name, _value in scope["headers"])
    body = (await sync_to_async(_text)(scope, size, limit, is_page=not wants_part)).encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8" if wants_part else b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _text(scope: Scope, size: int, limit: int, *, is_page: bool) -> str:
    """What is too large, as a page or as one line, in the language of the browser."""
    with override(get_language_from_request(ASGIRequest(scope, BytesIO()))):
        size_mb = number_format(size / MEGABYTE, decimal_pos=1, force_grouping=True)
        if limit == settings.MAX_UPLOAD_BODY_BYTES:
            message = _("This file is {size} MB, and the limit is {limit} MB.")
            message = message.format(size=size_mb, limit=number_format(settings.MAX_UPLOAD_MB))
        else:
            message = _("This form is {size} MB, and the limit is {limit} MB.")
            message = message.format(size=size_mb, limit=number_format(f"{limit / MEGABYTE:g}"))
        return render_to_string("413.html", {"message": message}) if is_page else message
