"""Forms are decoded as UTF-8, whatever charset the request names."""

from __future__ import annotations

import asyncio
from typing import Any

from config.asgi import application

FORM = "application/x-www-form-urlencoded"


def test_the_charset_of_a_request_that_is_too_large_changes_nothing() -> None:
    """The page that says so reads the request for its language. No lookup of a codec may fail there."""
    headers = [(b"content-type", f"{FORM}; charset=\0".encode()), (b"content-length", b"99999999999")]
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/accounts/login/",
        "query_string": b"",
        "headers": headers,
    }

    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Any) -> None:
        sent.append(event)

    asyncio.run(application(scope, receive, send))

    assert sent[0]["status"] == 413
