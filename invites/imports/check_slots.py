"""Keep one process of a worker free: the check of a large file may take minutes, and a worker gets many of them."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


class CheckSlots:
    """How many processes of one worker may check files at the same time.

    Made before the processes are forked, which inherit the file. Each slot is a lock on one byte of it. The system
    gives such a lock to one process, and releases it when that process ends, however it ends.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the worker runs

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Whether there was a free slot, which is held until the end of the block."""
        slot = next((slot for slot in range(self._count) if self._lock(slot)), None)
        try:
            yield slot is not None
        finally:
            if slot is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)

    def _lock(self, slot: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
        except OSError:
            return False
        return True
