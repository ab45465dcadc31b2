"""Runs the processes of `manage.py up` together: restarts those that die, and ends all of them on request.

Each process runs under a small keeper (`keeper.py`), so that none outlives the supervisor, even if that is killed.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from config.devserver import keeper

# All services together may take this long to end before they are killed.
STOP_SECONDS = 10
# Two signals closer together than this count as one: some programs signal the process and its group.
IMPATIENCE_SECONDS = 1
# How long to wait before each restart of a process that keeps dying; the last delay is repeated.
RESTART_DELAYS = (0, 1, 2, 4, 8, 16, 30)
# A process that ran this long is healthy: its delays start over.
HEALTHY_SECONDS = 60
# A process that never became ready is started this often.
STARTS_UNTIL_GIVING_UP = 4
POLL_SECONDS = 0.1


@dataclass
class Service:
    """One process to keep running. `check` tells whether it is ready; it is asked until it has said so once.

    `before_start` is called before each start, in a thread of the supervisor.
    """

    name: str
    command: Sequence[str]
    check: Callable[[], bool]
    before_start: Callable[[], None] | None = None
    ends_last: bool = False
    is_ready: bool = False
    keeper: subprocess.Popen[bytes] | None = None

    def order(self, order: bytes) -> None:
        """Pass an order on to the keeper, unless it has ended already."""
        if self.keeper is not None and self.keeper.stdin is not None:
            with suppress(OSError, ValueError):
                self.keeper.stdin.write(order)


class Output(Protocol):
    """Where lines go. Called from several threads."""

    def line(self, name: str, text: str) -> None:
        """The process of that name printed this line."""

    def notice(self, name: str, text: str) -> None:
        """The supervisor reports this about that process."""


@dataclass(frozen=True)
class GaveUp:
    """The process that never became ready, its last exit status, and how often it was started."""

    name: str
    status: int
    starts: int


class Supervisor:
    """Starts all services at once, and restarts each that ends, with growing delays.

    It stops all of them on SIGINT, on SIGTERM, and when a service keeps ending without ever becoming ready.
    A second signal, more than a second after the first, kills those that still run.
    """

    def __init__(
        self,
        services: Sequence[Service],
        *,
        env: dict[str, str],
        cwd: Path,
        run_dir: Path,
        output: Output,
        on_ready: Callable[[], None],
    ) -> None:
        self._services = services
        self._env = env
        self._cwd = cwd
        self._run_dir = run_dir
        self._output = output
        self._on_ready = on_ready
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        # A signal handler may take no lock, so it only notes the time; the main thread acts on it.
        self._signals: list[float] = []
        self._gave_up: GaveUp | None = None

    def run(self) -> GaveUp | None:
        """Run until a signal, or until a service fails. Call it from the main thread: it installs signal handlers."""
        for how in (signal.SIGINT, signal.SIGTERM):
            signal.signal(how, lambda *_: self._signals.append(time.monotonic()))
        threads = {
            service.name: threading.Thread(target=self._keep_running, args=(service,), daemon=True)
            for service in self._services
        }
        for thread in threads.values():
            thread.start()
        threading.Thread(target=self._wait_until_ready, daemon=True).start()
        while not self._signals and self._gave_up is None and not make_was_interrupted():
            time.sleep(POLL_SECONDS)
        self._stop(threads)
        return self._gave_up

    def _keep_running(self, service: Service) -> None:
        starts, delays = 0, iter(RESTART_DELAYS)
        while not self._stopping.is_set():
            began = time.monotonic()
            status = self._run_once(service)
            if self._stopping.is_set():
                return
            starts += 1
            if not service.is_ready and starts == STARTS_UNTIL_GIVING_UP:
                self._gave_up = self._gave_up or GaveUp(service.name, status, starts)
                return
            if service.is_ready and time.monotonic() - began >= HEALTHY_SECONDS:
                delays = iter(RESTART_DELAYS)
            delay = next(delays, RESTART_DELAYS[-1])
            when = f"in {delay} s" if delay else "now"
            self._output.notice(service.name, f"{describe(status)} and is restarted {when}")
            self._stopping.wait(delay)

    def _run_once(self, service: Service) -> int:
        """Run the service until it ends, and pass on what it prints. Returns its exit status."""
        if service.before_start is not None:
            service.before_start()
        arguments = [str(self._run_dir / f"{service.name}.pid"), *service.command]
        with self._lock:
            if self._stopping.is_set():
                return 0
            try:
                service.keeper = subprocess.Popen(
                    [sys.executable, "-I", keeper.__file__, *arguments],
                    env=self._env,
                    cwd=self._cwd,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    bufsize=0,
                    start_new_session=True,  # Ctrl-C reaches only the supervisor, which then stops them in order.
                )
            except OSError as error:
                self._output.notice(service.name, f"can't be started: {error.strerror}")
                return 1
        assert service.keeper.stdout is not None
        with service.keeper, open(service.keeper.stdout.fileno(), errors="replace", closefd=False) as lines:
            for line in lines:
                self._output.line(service.name, line.rstrip())
        return service.keeper.returncode

    def _wait_until_ready(self) -> None:
        waiting = list(self._services)
        while waiting and not self._stopping.is_set():
            for service in waiting:
                service.is_ready = service.check()
            waiting = [service for service in waiting if not service.is_ready]
            self._stopping.wait(POLL_SECONDS)
        if not waiting:
            self._on_ready()

    def _stop(self, threads: dict[str, threading.Thread]) -> None:
        began = time.monotonic()
        with self._lock:
            self._stopping.set()
        told: set[str] = set()
        while running := [service for service in self._services if threads[service.name].is_alive()]:
            is_impatient = any(each > self._signals[0] + IMPATIENCE_SECONDS for each in self._signals)
            waited = time.monotonic() - began
            if is_impatient or waited > STOP_SECONDS:
                for service in running:
                    service.order(keeper.KILL)
            if waited > 2 * STOP_SECONDS:
                return  # They can't be killed. The threads end with this process.
            for service in running:
                # Only once: a second signal tells a worker to stop immediately.
                if service.name not in told and (not service.ends_last or len(running) == 1):
                    told.add(service.name)
                    service.order(keeper.TERMINATE)
            time.sleep(POLL_SECONDS / 2)


def make_was_interrupted() -> bool:
    """Whether `make`, if it is the parent, received a SIGINT that this process did not. Linux only; elsewhere False.

    On Ctrl-C the terminal signals both. After `kill -INT`, make waits for its children without signaling them. The only
    trace is that make is in its signal handler, where the signal is blocked.
    """
    parent = Path(f"/proc/{os.getppid()}")
    try:
        name, status = parent.joinpath("comm").read_text(), parent.joinpath("status").read_text()
    except OSError:
        return False
    blocked = re.search(r"^SigBlk:\s+(\w+)$", status, re.MULTILINE)
    return name.strip() in ("make", "gmake") and bool(blocked and int(blocked[1], 16) >> (signal.SIGINT - 1) & 1)


def describe(status: int) -> str:
    """How a process ended, in words. A keeper reports death by a signal as 128 and its number."""
    try:
        return f"was killed ({signal.Signals(status - 128).name})"
    except ValueError:
        return f"ended (status {status})"
