"""Workers leave the processor to whoever waits for a page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.processes import GIVE_WAY

ROOT = Path(__file__).parents[2]
AUTOGROUP = Path("/proc/self/autogroup")
# As the pool of a worker does, whose first process leads a session.
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


def told(*, own_session: bool) -> list[str]:
    command = [sys.executable, "-c", OF_THE_POOL]
    done = subprocess.run(
        command, cwd=ROOT, start_new_session=own_session, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()


def test_a_process_of_the_pool_gives_way() -> None:
    assert int(told(own_session=True)[0]) == os.getpriority(os.PRIO_PROCESS, 0) + GIVE_WAY


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="sessions have no share of their own here")
def test_the_session_of_a_worker_gives_way_and_that_of_a_terminal_does_not() -> None:
    before = AUTOGROUP.read_text().split()[-1]

    assert told(own_session=True)[-1].endswith(f"nice {GIVE_WAY}")
    assert told(own_session=False)[-1].endswith(f"nice {before}")
    assert AUTOGROUP.read_text().split()[-1] == before
