"""A stack that logs like a server, one JSON object per line, for tests of its logs and responses."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.harness.running import Stack


@pytest.fixture(scope="session")
def server() -> Iterator[Stack]:
    """`manage.py up` that accepts files of 1 MB and logs everything."""
    with tempfile.TemporaryDirectory(prefix="rollcall-server-") as directory:
        running = Stack(Path(directory) / "var", LOG_LEVEL="INFO", LOG_FORMAT="json", MAX_UPLOAD_MB="1")
        running.start()
        try:
            yield running
        finally:
            running.stop()
