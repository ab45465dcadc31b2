"""Runs all tests: those in a browser beside the others, and their report comes last. Arguments go to both runs.

With ROLLCALL_TRIES=2, tests that failed are run once more, alone: a browser on a busy machine can be late.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile

PYTEST = [sys.executable, "-m", "pytest", *sys.argv[1:]]
# Each run remembers its own failures.
IN_BROWSER = [*PYTEST, "-m", "browser", "-o", "cache_dir=.pytest_cache/browser"]
OTHERS = [*PYTEST, "-m", "not browser", "-o", "cache_dir=.pytest_cache/others"]
BY_FILE = ["--dist", "loadfile", "--no-loadscope-reorder"]
# Many tests wait. Each process with a browser also starts the product, so two are enough.
TWO_PROCESSES = ["-n", "2", *BY_FILE]
ONE_PER_CORE = ["-n", "auto", *BY_FILE]
TESTS_FAILED = 1
GIVES_WAY = ["/usr/bin/env", "nice", "-n", "5"]


def main() -> int:
    runs: list[subprocess.Popen[bytes]] = []

    def interrupt(*_: object) -> None:
        for run in runs:
            run.send_signal(signal.SIGINT)

    # Interrupted runs stop what they have started, so this waits for them. Ctrl-C reaches them without our help.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, interrupt)
    with tempfile.TemporaryFile() as report:
        runs.append(subprocess.Popen([*IN_BROWSER, *TWO_PROCESSES], stdout=report, stderr=subprocess.STDOUT))
        # A browser that waits for the processor is late, and its tests fail. Other tests only take longer.
        runs.append(subprocess.Popen([*GIVES_WAY, *OTHERS, *ONE_PER_CORE]))
        others, in_browser = runs[1].wait(), runs[0].wait()
        report.seek(0)
        shutil.copyfileobj(report, sys.stdout.buffer)
        sys.stdout.flush()
    return max(_again(IN_BROWSER, in_browser), _again(OTHERS, others))


def _again(command: list[str], status: int) -> int:
    """The status of a second run of the failed tests, if there may be one."""
    if status != TESTS_FAILED or os.environ.get("ROLLCALL_TRIES") != "2":
        return abs(status)
    print("== once more, what failed", flush=True)
    return abs(subprocess.call([*command, "--last-failed", "--last-failed-no-failures", "none"]))


if __name__ == "__main__":
    sys.exit(main())
