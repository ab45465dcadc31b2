"""Downloads that are generated while they are sent, so that long ones need little memory."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Iterable, Iterator

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import StreamingHttpResponse
from django.utils import translation
from django.utils.http import content_disposition_header

from invites.checking import ESCAPED_COLUMN, CsvLines, escape_formula
from invites.workbooks import CONTENT_TYPE, workbook

# Bytes that are generated at a time.
BLOCK = 128 * 1024


def download(lines: Iterator[bytes], *, name: str, content_type: str = "text/csv") -> StreamingHttpResponse:
    """The lines as a file of that name. They are generated while it is sent, in the language of the request."""
    response = StreamingHttpResponse(_blocks(lines, translation.get_language()), content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def csv_download(rows: Iterable[list[str]], *, name: str) -> StreamingHttpResponse:
    """The rows, the header first, as a CSV file of that name, in UTF-8.

    Cells that a spreadsheet might run as a formula are escaped, and an empty column says so to people and to imports.
    """
    return download(_csv(rows), name=name)


def workbook_download(rows: Iterable[list[str]], *, name: str, sheet: str) -> StreamingHttpResponse:
    """The rows as an .xlsx workbook of that name. Cells are text, and nothing is escaped."""
    return download(workbook(rows, sheet=sheet), name=name, content_type=CONTENT_TYPE)


def _csv(rows: Iterable[list[str]]) -> Iterator[bytes]:
    lines = CsvLines()
    yield BOM_UTF8
    mark = ESCAPED_COLUMN
    for row in rows:
        yield f"{lines.line(map(escape_formula, [*row, mark]))}\r\n".encode()
        mark = ""


async def _blocks(lines: Iterator[bytes], language: str | None) -> AsyncIterator[bytes]:
    """Many lines at a time, after the first one. Under ASGI, Django would exhaust an ordinary iterator before it sends
    anything.
    """

    def take(enough: int) -> bytes:
        block = bytearray()
        try:
            with translation.override(language):
                for line in lines:
                    block += line
                    if len(block) >= enough:
                        break
            return bytes(block)
        finally:
            # Don't hold a database connection while a slow client reads the block.
            connections.close_all()

    # The first bytes immediately: then the browser shows the download.
    enough = 1
    while block := await sync_to_async(take)(enough):
        yield block
        enough = BLOCK
