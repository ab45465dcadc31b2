"""Reads every form as UTF-8, whatever the request says of itself.

No browser sends one of our forms otherwise. Django takes the name of any codec that Python has for the charset of
a form, `hex` and `rot13` too, and fails on it before a view could answer.
"""

from __future__ import annotations

import re

from config.limits import Application, Receive, Scope, Send

_CHARSET = re.compile(rb';\s*charset\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)


class ReadAsUtf8:
    """The ASGI application `inner`, which never learns of a charset that a request names."""

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
