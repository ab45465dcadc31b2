"""Processes that end together: what `manage.py up` starts must not outlive it, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from honcho.manager import Manager
from honcho.process import Process

PR_SET_PDEATHSIG = 1
# Of -20 to 19, as `nice` counts: about a tenth of the share of who waits beside it.
GIVE_WAY = 10
GRACE_SECONDS = 6
# How long everything together may take to end before it is killed.
STOP_SECONDS = 10
# Two signals nearer to each other than this are one: some programs send it to the process and to its group.
IMPATIENCE_SECONDS = 1
# A child that lived shorter than this when it ended would only end again.
WORTH_RESTARTING_SECONDS = 10


def die_with_parent(how: signal.Signals = signal.SIGKILL) -> None:
    """Asks the kernel to signal this process when its parent has died. Linux only; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(how))


def give_way() -> None:
    """Lets others have the processor first: somebody waits for a page, and nobody for the next of a thousand mails.

    Costs nothing where there is enough of it. Where each session has its own share, as on most Linux machines, the
    value that counts is the session's (sched(7)): it is only changed in one that the parent leads, and so is its own.
    """
    os.nice(GIVE_WAY)
    if os.getsid(0) == os.getppid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(GIVE_WAY))


class Keeper(Process):  # type: ignore[misc]
    """One process of the stack, kept by a small process that honcho forks for it.

    The keeper passes on what its process prints, and starts it again when it ends unasked, unless it
    had only just begun. It holds the reading end of a pipe whose writing end is the manager's alone:
    when the manager is gone, even by `kill -9`, the keeper ends its process and itself. Should the
    keeper be killed too, the kernel does it, and where it cannot, the next start finds `pid_file`.
    """

    lifeline: tuple[int, int]
    pid_file: Path
    _stopping = False

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        self._events = events
        os.close(self.lifeline[1])
        os.setsid()  # Ctrl-C reaches the manager alone, which then ends all in good order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        signal.signal(signal.SIGUSR1, lambda *_: self._kill())
        self._send_message({"pid": os.getpid()}, type="start")
        threading.Thread(target=self._watch_the_manager, daemon=True).start()
        status = 0
        while not self._stopping:
            began = time.monotonic()
            status = self._run_once()
            if self._stopping or time.monotonic() - began < WORTH_RESTARTING_SECONDS:
                break
            self._send_message(b"ended (status %d) and is started again\n" % status)
        self.pid_file.unlink(missing_ok=True)
        self._send_message({"returncode": status}, type="stop")

    def _run_once(self) -> int:
        child = self._child = subprocess.Popen(
            self.cmd,
            env=self.env,
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no lock is taken in it
        )
        self.pid_file.write_text(str(child.pid))
        if self._stopping:
            self._stop()
        assert child.stdout is not None
        for line in child.stdout:
            self._send_message(line)
        return child.wait()

    def _stop(self) -> None:
        """Lets the process end in its own way; only it is told, so that a worker ends its own children."""
        self._stopping = True
        if self._child is not None:
            self._child.terminate()

    def _kill(self) -> None:
        self._stopping = True
        if self._child is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def _watch_the_manager(self) -> None:
        os.read(self.lifeline[0], 1)  # Nobody ever writes: it returns when the manager is gone.
        self._stop()
        end = time.monotonic() + GRACE_SECONDS
        while self.pid_file.exists() and time.monotonic() < end:
            time.sleep(0.1)
        self._kill()
        os._exit(1)


class _ToKeepers:
    """How honcho's manager ends what it manages: it tells the keepers."""

    def terminate(self, pid: int) -> None:
        self._send(pid, signal.SIGTERM)

    def kill(self, pid: int) -> None:
        self._send(pid, signal.SIGUSR1)

    def _send(self, pid: int, how: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, how)


class Together(Manager):  # type: ignore[misc]
    """honcho's manager: starts all at once, and ends all when one has ended for good or it is told to.

    `printer.write` gets every line that is printed. After `loop()`, `gave_up` is the name and the
    status of the process that ended of itself, or None when everything was asked to end.
    """

    def __init__(self, printer: Any, *, run_dir: Path) -> None:
        super().__init__(printer)
        self._procmgr = _ToKeepers()
        self._process_ctor = Keeper
        self._run_dir = run_dir
        self._lifeline = os.pipe()
        self._last: str | None = None
        self._asked_at: float | None = None
        self._told: set[str] = set()
        self.gave_up: tuple[str, int] | None = None

    def add(self, name: str, command: Sequence[str], *, env: dict[str, str], cwd: Path, last: bool = False) -> None:
        """Adds a process; the one that is `last` is ended when all others have ended."""
        keeper = self.add_process(name, list(command), env=env, cwd=str(cwd))
        keeper.lifeline = self._lifeline
        keeper.pid_file = self._run_dir / f"{name}.pid"
        if last:
            self._last = name

    def terminate(self) -> None:
        """Ends everything. Called a second time, by an impatient Ctrl-C, it waits for nothing."""
        now = time.monotonic()
        if self._asked_at is not None:
            if now - self._asked_at > IMPATIENCE_SECONDS:
                self._kill_all()
            return
        self._asked_at = now
        timer = threading.Timer(STOP_SECONDS, self._kill_all)
        timer.daemon = True
        timer.start()
        self.gave_up = next(((name, p["returncode"]) for name, p in self._processes.items() if "returncode" in p), None)
        self._end_those_whose_turn_it_is()

    def _end_those_whose_turn_it_is(self) -> None:
        if self._asked_at is None or not self._all_started():
            return
        running = {name: p["pid"] for name, p in self._processes.items() if "returncode" not in p}
        for name, pid in running.items():
            # Once only: a second signal tells a worker to leave at once.
            if name not in self._told and (name != self._last or len(running) == 1):
                self._told.add(name)
                self._procmgr.terminate(pid)

    def _kill_all(self) -> None:
        for process in self._processes.values():
            if "pid" in process and "returncode" not in process:
                self._procmgr.kill(process["pid"])

    def _system_print(self, data: str) -> None:
        """honcho tells of every start and stop here. People need not know, but it may be the next one's turn."""
        self._end_those_whose_turn_it_is()
