"""Keep one process of a worker free of checks: the check of a large file may take minutes."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


class CheckSlots:
    """Limits how many processes of one worker check files at the same time.

    Create it before the worker forks: its processes inherit the temporary file. Each slot is a lock on one byte of this
    file. The kernel releases the lock when a process exits or is killed.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the worker runs

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Take a slot until the end of the block. False if none is free."""
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
