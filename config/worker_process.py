"""How the child processes of a worker behave: they give way to web processes, and don't outlive the worker."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

# A `nice` value, of -20 to 19: about a tenth of the processor time of a process with the default value.
GIVE_WAY = 10
PR_SET_PDEATHSIG = 1


def give_way() -> None:
    """Lower the priority of this process: a page must not wait for a worker that sends thousands of emails.

    On most Linux machines each session has its own share of the processor, and only the value of the session counts
    (sched(7)). It is changed only if the parent leads the session, which then has no other processes.
    """
    os.nice(GIVE_WAY)
    if os.getsid(0) == os.getppid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(GIVE_WAY))


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies. Does nothing on systems other than Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
