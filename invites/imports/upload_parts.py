"""Store the file of a batch in the database, in pieces of a megabyte, and read it again."""

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
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.wording import grouped
from invites import checking
from invites.imports.bulk_insert import insert_part
from invites.imports.check_claims import NeedsWorker
from invites.models import Batch, UploadPart

IN_MEMORY = 1024 * 1024
# Limits of a check inside a request. For a larger or slower file, a worker starts over.
BYTES_IN_REQUEST = 256 * 1024
ROWS_IN_REQUEST = 5_000
CELLS_IN_REQUEST = 200_000
MEMORY_IN_REQUEST = 128 * 1024 * 1024
SECONDS_IN_REQUEST = 1.0
_upload_lock = threading.Lock()


def limits() -> checking.Limits:
    """The limits of a file from the settings."""
    return checking.Limits(
        max_bytes=settings.MAX_UPLOAD_MB * 1024 * 1024,
        max_rows=settings.MAX_ROWS,
        workbook_memory=settings.WORKBOOK_MEMORY_MB * 1024 * 1024,
        workbook_seconds=settings.WORKBOOK_SECONDS,
    )


@dataclass(frozen=True)
class Budget:
    """What a check may cost: all that the limits allow, or inside a request only what an admin can wait for.

    Each method `check_*` raises NeedsWorker if the budget is exceeded.
    """

    deadline: float | None = None

    @classmethod
    def of(cls, *, in_request: bool) -> Budget:
        return cls(time.monotonic() + SECONDS_IN_REQUEST if in_request else None)

    @property
    def limits(self) -> checking.Limits:
        """The limits of a file. A workbook that is read a second time gets only the time that is left."""
        allowed = limits()
        if self.deadline is None:
            return allowed
        seconds_left = max(0.001, self.deadline - time.monotonic())
        return replace(
            allowed,
            # A workbook may unpack to ten times this size.
            max_bytes=BYTES_IN_REQUEST,
            max_rows=min(allowed.max_rows, ROWS_IN_REQUEST),
            max_cells=CELLS_IN_REQUEST,
            workbook_memory=min(allowed.workbook_memory, MEMORY_IN_REQUEST),
            workbook_seconds=min(allowed.workbook_seconds, SECONDS_IN_REQUEST, seconds_left),
        )

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
        """A file may be too large for a request, and still be valid."""
        if self.deadline is not None and code in checking.OVER_LIMITS:
            raise NeedsWorker


def new_file() -> BinaryIO:
    """A temporary file, in memory up to a megabyte and then on disk."""
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))


def stored_upload(batch: Batch, *, is_correction: bool = False) -> BinaryIO:
    """The file of a batch, or its corrected file that isn't used yet, opened at its start."""
    whole = new_file()
    parts = batch.parts.filter(is_correction=is_correction)
    # One piece in memory at a time. Pieces may be deleted meanwhile, when the batch is stopped or corrected.
    for number in parts.values_list("number", flat=True).order_by("number"):
        whole.writelines(parts.filter(number=number).values_list("content", flat=True))
    whole.seek(0)
    return whole


@contextmanager
def in_turn() -> Iterator[None]:
    """Run the transactions that store uploads one after the other in this process, on SQLite.

    SQLite has one writer at a time. The others retry with backoff, so while large files are stored, some would retry
    for seconds.
    """
    if connection.vendor == "sqlite":
        with _upload_lock:
            yield
    else:
        yield


def store_upload(batch: Batch, content: Iterable[bytes], *, is_correction: bool = False) -> int:
    """Store a file that comes in pieces of any size. Returns its size in bytes. Raises DomainError("too_large")."""
    return store_parts(batch, _limited(_cut(content, UploadPart.SIZE)), is_correction=is_correction)


def store_parts(batch: Batch, parts: Iterable[bytes], *, is_correction: bool = False) -> int:
    """Store a file that comes in pieces of the right size. Returns its size in bytes."""
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
            message = _("The file is larger than {limit} MB, which is the limit.")
            raise DomainError("too_large", message.format(limit=grouped(settings.MAX_UPLOAD_MB)))
        yield part


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """The file from its start, in pieces of the right size."""
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
    """The last part of the name, for display only."""
    name = PurePath(file_name.replace("\\", "/")).name
    shown = "".join(sign for sign in name if sign.isprintable()).strip()
    return shown[-255:] or "file.csv"
