"""Runs one command for `config.devserver.processes`, and ends it when the process that asked for it is gone.

    python -I config/devserver/keeper.py PID_FILE COMMAND [ARGUMENT...]

Run as a script, without Django, so that it costs a few megabytes and starts at once. Standard input is a pipe from the
supervisor, which writes an order into it: TERMINATE or KILL. When the pipe closes, the supervisor has died, even by
`kill -9`, and the command is ended. If the keeper itself is killed, the kernel ends the command on Linux; elsewhere the
next start finds it by its PID_FILE.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

TERMINATE, KILL = b"t", b"k"
# How long the command may take to end after the supervisor has died.
GRACE_SECONDS = 6
PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies. Does nothing on systems other than Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))


def main(pid_file: Path, command: list[str]) -> int:
    """Run the command until it ends. Returns its exit status, or 128 plus the number of the signal that killed it."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - there is no thread yet
    )
    pid_file.write_text(str(child.pid))
    threading.Thread(target=_follow_orders, args=(child,), daemon=True).start()
    status = child.wait()
    # Processes that the command left over would keep its port and its files open.
    _kill_group(child)
    pid_file.unlink(missing_ok=True)
    return status if status >= 0 else 128 - status


def _follow_orders(child: subprocess.Popen[bytes]) -> None:
    while order := os.read(sys.stdin.fileno(), 1):
        if order == TERMINATE:
            child.terminate()  # Only the command: a worker ends its own children.
        else:
            _kill_group(child)
    child.terminate()
    time.sleep(GRACE_SECONDS)
    _kill_group(child)


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
