"""Files that are made while they are sent, however long they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

BLOCK = 2_000


def download(lines: Iterator[bytes], *, name: str) -> StreamingHttpResponse:
    """The lines as a CSV file of that name, whose beginning is sent before its end is made."""
    response = StreamingHttpResponse(_blocks(lines), content_type="text/csv")
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


async def _blocks(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Some thousand lines at a time. An ordinary iterator Django would read to its end before it sends anything."""

    def taken() -> list[bytes]:
        try:
            return list(islice(lines, BLOCK))
        finally:
            # Whoever reads may take minutes to do so; a connection is not kept for them.
            connections.close_all()

    while block := await sync_to_async(taken)():
        yield b"".join(block)
