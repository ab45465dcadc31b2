"""The web server and its broker without a worker: imports and emails wait for as long as a test needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.devserver.services import web_command
from config.harness.running import Stack, wait_for
from config.harness.visitor import Visitor
from tests.worker_on_file import EmbeddedValkey


@contextmanager
def web_server(data_dir: Path) -> Iterator[Stack]:
    """Those of `manage.py up`, on a new data directory with the demo. The process of the stack is the web server."""
    stack = Stack(data_dir, DEBUG="1", LOG_LEVEL="WARNING")
    stack.start(wait=False, command=web_command(stack.port))
    broker = EmbeddedValkey(data_dir)
    try:
        broker.start()
        wait_for(lambda: Visitor(stack.url).is_answered("/healthz"), what=f"web server: {stack.lines}")
        yield stack
    finally:
        broker.stop()
        stack.stop()
