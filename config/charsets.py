"""Decode every form as UTF-8, and ignore the charset in the request.

Browsers send our forms as UTF-8. Django accepts any codec of Python as the charset of a form, even `hex` and `rot13`,
and fails on those before a view can respond.
"""

from __future__ import annotations

import re

from config.limits import Application, Receive, Scope, Send

_CHARSET = re.compile(rb';\s*charset\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)


class ReadAsUtf8:
    """The ASGI application `inner`, which sees no charset in requests."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [
                (name, _CHARSET.sub(b"", value) if name.lower() == b"content-type" else value)
                for name, value in scope["headers"]
            ]
            scope = {**scope, "headers": headers}
        await self._inner(scope, receive, send)
