"""Workers have a lower priority than the web server."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from config.harness.running import ROOT, clean_environment

GIVE_WAY = 10
AUTOGROUP = Path("/proc/self/autogroup")
# Like the pool of a worker, whose first process leads a session.
OF_THE_POOL = """
import os, sys
from celery import signals
import config.celery
if os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
signals.worker_process_init.send(sender=None)
print(os.getpriority(os.PRIO_PROCESS, 0))
sys.stdout.write(open("/proc/self/autogroup").read() if os.path.exists("/proc/self/autogroup") else "")
"""


@cache
def told(*, own_session: bool, **settings: str) -> tuple[int, str]:
    """The nice value, and that of its session. The latter is empty where sessions have no share."""
    command = [sys.executable, "-c", OF_THE_POOL]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=clean_environment(DEBUG="1", **settings),
        start_new_session=own_session,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    nice, _, share = done.stdout.partition("\n")
    return int(nice), share.strip()


def share_of_a_new_session() -> str:
    done = subprocess.run(["cat", AUTOGROUP], start_new_session=True, capture_output=True, text=True, timeout=60)
    return done.stdout.strip()


def test_a_pool_process_has_a_lower_priority() -> None:
    nice, _ = told(own_session=True)

    assert nice == os.getpriority(os.PRIO_PROCESS, 0) + GIVE_WAY


def test_it_can_have_the_priority_of_others() -> None:
    nice, share = told(own_session=True, WORKER_NICE="0")

    assert nice == os.getpriority(os.PRIO_PROCESS, 0)
    assert not share or share.endswith("nice 0")


def test_the_session_of_a_worker_has_a_lower_priority_and_that_of_a_terminal_does_not() -> None:
    ours = AUTOGROUP.read_text().strip() if AUTOGROUP.exists() else ""

    _, of_a_worker = told(own_session=True)
    _, of_a_terminal = told(own_session=False)

    # Init processes have no session with a share, and on some kernels no process has one.
    if share_of_a_new_session():
        assert of_a_worker.endswith(f"nice {GIVE_WAY}")
    assert of_a_terminal == ours
    assert not AUTOGROUP.exists() or AUTOGROUP.read_text().strip() == ours
