"""How the child processes of a worker behave: they give way to web processes, and don't outlive the worker."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1


def give_way(nice: int) -> None:
    """Lower the priority of this process by a `nice` value, unless it is 0.

    On most Linux machines each session has its own share of the processor, and only the value of the session counts
    (sched(7)). It is changed only if the parent leads the session, which then has no other processes.
    """
    os.nice(nice)
    if nice and os.getsid(0) == os.getppid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(nice))


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies. Does nothing on systems other than Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
