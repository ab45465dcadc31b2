"""Limits of memory, time and output, which this process sets for itself."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time

from .protocol import ChildLimits


def limit_this_process(limits: ChildLimits) -> None:
    """Make sure that this process ends in time, even if its parent is killed, and stays within its limits."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits["seconds"])
    lower(resource.RLIMIT_CORE, 0)
    # Python ignores the signal of this limit, so writing more raises OSError. The rows of up to three sheets are in the
    # output at a time: the two that are kept without a choice, and the one that is being read.
    lower(resource.RLIMIT_FSIZE, 3 * limits["text"])
    if limits["is_watched"]:
        threading.Thread(target=watch_memory, args=(limits["memory"],), daemon=True).start()
    else:
        lower(resource.RLIMIT_AS, limits["memory"])


def lower(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def watch_memory(most: int) -> None:
    """End this process when it uses more memory. For macOS, which has no RLIMIT_AS."""
    while resident_size() < most:
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGKILL)


def resident_size() -> int:
    """How many bytes of memory this process uses; on macOS, the most so far."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # On Linux, the most so far includes what the parent used before it started this process.
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
