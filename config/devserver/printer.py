"""What `make run` prints: the lines of its services, each with the name of the service."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from typing import Any

WEB, WORKER, BROKER = "web", "worker", "broker"


class Printer:
    """Prints the lines of the services. Those of the broker are kept, and printed only if it fails."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._broker_output: deque[str] = deque(maxlen=20)
        self.worker_is_ready = threading.Event()

    def line(self, name: str, text: str) -> None:
        if name == BROKER:
            self._broker_output.append(text)
        elif name == WORKER and "worker_ready" in text:
            self.worker_is_ready.set()
        elif text and "worker: Warm shutdown" not in text:
            self.notice(name, text)

    def notice(self, name: str, text: str) -> None:
        self.say(f"{name:>6} | {text}")

    def print_broker_output(self, name: str) -> None:
        if name == BROKER:
            for line in self._broker_output:
                self.notice(name, line)

    def say(self, line: str) -> None:
        # The terminal may have been closed. That must not stop an import.
        with self._lock, suppress(OSError):
            self._out.write(line)
            self._out.flush()
