"""Files that tests upload and download."""

from __future__ import annotations

from typing import Any
from unittest import mock

from asgiref.sync import async_to_sync

from invites import downloads

HEADER = "Email,First name,Last name,Description"


def csv_of(*people: str, header: str = HEADER) -> bytes:
    """A file of those lines; a person given as a bare address gets a name."""
    lines = (person if "," in person else f"{person},Ann,Example,Night shift" for person in people)
    return ("\r\n".join([header, *lines]) + "\r\n").encode()


async def pieces_of(response: Any) -> list[bytes]:
    """The pieces in which a file is streamed, as uvicorn asks for them."""
    return [piece async for piece in response.streaming_content]


def whole_of(response: Any) -> bytes:
    """The whole of a file that is streamed, in a test whose transaction the stream must leave open."""
    with mock.patch.object(downloads, "connections"):
        return b"".join(async_to_sync(pieces_of)(response))


def many(count: int, *, domain: str = "people.example.com") -> bytes:
    return csv_of(*(f"person{number}@{domain}" for number in range(count)))


PROBLEMS = csv_of("ann@example.com", "ben@@example.com", "c@example.com,,Cole,", "dee@example.com")
UNDECIDED = b"Email,First name,Surname\r\nann@example.com,Ann,Lee\r\n"
# Without an address, a file can't hold people.
REFUSED = b"Email,First name,Surname\r\nann,Ann,Lee\r\n"
