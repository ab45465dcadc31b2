"""The file of a batch as it is stored, in pieces of a megabyte."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import BinaryIO, cast

from django.conf import settings
from django.db import connection

from accounts.errors import DomainError
from invites import checking
from invites.imports.bulk_insert import insert_part
from invites.imports.check_claims import NeedsWorker
from invites.models import Batch, UploadPart

IN_MEMORY = 1024 * 1024
# What is checked while the admin waits for the page. Anything larger or slower is left to a worker, which starts over.
BYTES_IN_REQUEST = 256 * 1024
ROWS_IN_REQUEST = 5_000
CELLS_IN_REQUEST = 200_000
MEMORY_IN_REQUEST = 128 * 1024 * 1024
SECONDS_IN_REQUEST = 1.0
_turn = threading.Lock()


def limits() -> checking.Limits:
    """The limits of a file, as the operator set them."""
    return checking.Limits(
        max_bytes=settings.MAX_UPLOAD_MB * 1024 * 1024,
        max_rows=settings.MAX_ROWS,
        workbook_memory=settings.WORKBOOK_MEMORY_MB * 1024 * 1024,
        workbook_seconds=settings.WORKBOOK_SECONDS,
    )


def limits_in_request() -> checking.Limits:
    """The limits of a file that is checked inside a request. A workbook may unpack to ten times `max_bytes`."""
    whole = limits()
    return replace(
        whole,
        max_bytes=BYTES_IN_REQUEST,
        max_rows=min(whole.max_rows, ROWS_IN_REQUEST),
        max_cells=CELLS_IN_REQUEST,
        workbook_memory=min(whole.workbook_memory, MEMORY_IN_REQUEST),
        workbook_seconds=min(whole.workbook_seconds, SECONDS_IN_REQUEST),
    )


@dataclass(frozen=True)
class Budget:
    """What may be spent on a file: all that the limits allow, or in a request only what an admin can wait for.

    Each check raises NeedsWorker when that is exceeded.
    """

    deadline: float | None = None

    @classmethod
    def of(cls, *, in_request: bool) -> Budget:
        return cls(time.monotonic() + SECONDS_IN_REQUEST if in_request else None)

    @property
    def limits(self) -> checking.Limits:
        """Of a file that is looked at several times, a workbook gets less time every time."""
        if self.deadline is None:
            return limits()
        allowed = limits_in_request()
        left = max(0.001, self.deadline - time.monotonic())
        return replace(allowed, workbook_seconds=min(allowed.workbook_seconds, left))

    def check_size(self, size: int) -> None:
        if self.deadline is not None and size > BYTES_IN_REQUEST:
            raise NeedsWorker

    def check_rows(self, rows: int) -> None:
        if self.deadline is not None and rows > ROWS_IN_REQUEST:
            raise NeedsWorker

    def check_time(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise NeedsWorker

    def check_problem(self, code: str) -> None:
        """A file that is only too large for a request is no problem."""
        if self.deadline is not None and code in checking.OVER_LIMITS:
            raise NeedsWorker


def new_file() -> BinaryIO:
    """A temporary file; what doesn't fit into a megabyte is on the disk."""
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))


def stored_upload(batch: Batch, *, is_correction: bool = False) -> BinaryIO:
    """The stored pieces of a batch's file, or of the corrected file that is to replace it, as one file at its start."""
    whole = new_file()
    parts = batch.parts.filter(is_correction=is_correction)
    # One piece in memory at a time; none that was removed since, because the batch was stopped or corrected.
    for number in parts.values_list("number", flat=True).order_by("number"):
        whole.writelines(parts.filter(number=number).values_list("content", flat=True))
    whole.seek(0)
    return whole


@contextmanager
def in_turn() -> Iterator[None]:
    """For the transaction that stores an upload: on SQLite, one after the other in each process.

    SQLite lets one connection write at a time. The others try again and again, with backoff_count, and while large
    files are stored some would try for seconds.
    """
    if connection.vendor == "sqlite":
        with _turn:
            yield
    else:
        yield


def store_upload(batch: Batch, content: Iterable[bytes], *, is_correction: bool = False) -> int:
    """Store a file that comes in pieces of any size. Its size in bytes; raises DomainError("too_large")."""
    return store_parts(batch, _limited(_cut(content, UploadPart.SIZE)), is_correction=is_correction)


def store_parts(batch: Batch, parts: Iterable[bytes], *, is_correction: bool = False) -> int:
    """Store a file that is cut already. Its size in bytes."""
    size = 0
    for number, part in enumerate(parts):
        size += len(part)
        insert_part(UploadPart(batch=batch, number=number, content=part, is_correction=is_correction))
    return size


def _limited(parts: Iterable[bytes]) -> Iterator[bytes]:
    limit, size = settings.MAX_UPLOAD_MB * 1024 * 1024, 0
    for part in parts:
        size += len(part)
        if size > limit:
            raise DomainError(
                "too_large", f"The file is larger than {settings.MAX_UPLOAD_MB} MB, the most that is read."
            )
        yield part


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """The file from its start, in pieces that can be stored."""
    file.seek(0)
    while piece := file.read(UploadPart.SIZE):
        yield piece


def _cut(content: Iterable[bytes], size: int) -> Iterator[bytes]:
    pending = bytearray()
    for piece in content:
        pending += piece
        while len(pending) >= size:
            yield bytes(pending[:size])
            del pending[:size]
    if pending:
        yield bytes(pending)


def plain_name(file_name: str) -> str:
    """The last part of the name, for people to recognize the file by; it is never used as a path."""
    name = PurePath(file_name.replace("\\", "/")).name
    shown = "".join(sign for sign in name if sign.isprintable()).strip()
    return shown[-255:] or "file.csv"
