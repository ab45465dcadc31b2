"""The data directory of `make run`: one running product per directory, and nothing left over from an earlier one."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.core.management.base import CommandError


def make_run_dir(data_dir: Path) -> Path:
    """The directory of the lock and the process ids, created if it doesn't exist."""
    run_dir = data_dir / "run"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        run_dir.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CommandError(f"The data directory {data_dir} can't be used: {error.strerror}. Set DATA_DIR.") from error
    return run_dir


def lock(run_dir: Path) -> TextIO:
    """Acquire the lock of a running `up` on its data directory. The kernel releases it when the process ends."""
    file = (run_dir / "up.lock").open("a+")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        raise CommandError(f"Rollcall is already running here: {file.read().strip()}.") from error
    file.seek(0)
    file.truncate()
    file.write(f"{settings.BASE_URL}/ (process {os.getpid()})")
    file.flush()
    return file


def end_leftovers(run_dir: Path) -> list[str]:
    """End the processes that an earlier run left over when it was killed. Returns their names.

    Nearly all of them end by themselves a moment later, so wait for that first.
    """
    left = {}
    for path in run_dir.glob("*.pid"):
        pid = _pid_of_ours(path)
        if pid is None:
            path.unlink(missing_ok=True)
        else:
            left[path.stem] = pid
    for how in (0, signal.SIGTERM, signal.SIGKILL):
        for pid in left.values():
            _signal(pid, how)
        end = time.monotonic() + 4
        while any(_signal(pid, 0) for pid in left.values()) and time.monotonic() < end:
            time.sleep(0.1)
    return sorted(left)


def _pid_of_ours(path: Path) -> int | None:
    """The id of the process in the file; None unless it still is a process of this project."""
    try:
        pid = int(path.read_text())
    except (OSError, ValueError):
        return None
    ours = ("config.asgi:application", "-A config worker", "valkey")
    return pid if any(name in _command_line(pid) for name in ours) else None


def _command_line(pid: int) -> str:
    """The command line of the process; empty if it has ended."""
    processes = Path("/proc")
    try:
        if (processes / "self").exists():
            return (processes / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return shown.stdout


def _signal(pid: int, how: int) -> bool:
    try:
        os.kill(pid, how)
    except OSError:
        return False
    return bool(_command_line(pid))  # A zombie has none.
