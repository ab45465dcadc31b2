"""Forms are decoded as UTF-8, whatever charset the request names."""

from __future__ import annotations

import asyncio
import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from config.asgi import application
from config.harness.running import Stack

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "content_type",
    [
        f"{FORM}; charset=hex",
        f"{FORM}; charset=utf-7",
        f'{FORM};Charset = "rot13"',
        f"{FORM}; charset=utf-16; charset=hex",
        "multipart/form-data; boundary=x; charset=rot13",
        "multipart/form-data; charset=base64; boundary=x",
        f"{FORM}; charset=utf-8",
    ],
)
def test_the_charset_of_a_request_changes_nothing(server: Stack, content_type: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)

    connection.request("POST", "/accounts/login/", body=b"login=a", headers={"Content-Type": content_type})

    assert connection.getresponse().status == 403, "nobody's form"


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
