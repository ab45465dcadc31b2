""".ci/test.py runs tests in a browser beside the others, reports failures of either, and repeats them if it may."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from config.harness.running import ROOT, wait_for

FAILS_FIRST = """
from pathlib import Path
def test_of_{name}():
    first = Path("{name}")
    if not first.exists():
        first.touch()
        raise AssertionError
"""
WAITS = """
import time
from pathlib import Path
def test_of_{name}():
    Path("{name}-began").touch()
    try:
        time.sleep(60)
    finally:
        Path("{name}-ended").touch()
"""
MARKED = "import pytest\npytestmark = pytest.mark.browser\n"
GOOD = "def test_of_{name}():\n    pass\n"


def start(folder: Path, *, in_browser: str, others: str, **environment: str) -> subprocess.Popen[str]:
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    browser: in a browser\n")
    (folder / "test_browser.py").write_text(MARKED + in_browser.format(name="browser"))
    (folder / "test_others.py").write_text(others.format(name="others"))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DJANGO"))}
    return subprocess.Popen(
        [sys.executable, str(ROOT / ".ci/test.py"), "-q", "-p", "xdist"],
        cwd=folder,
        # Other plugins than xdist would take most of the time.
        env={**clean, "ROLLCALL_TRIES": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_failure_in_a_browser_counts_although_its_run_ends_first(tmp_path: Path) -> None:
    running = start(tmp_path, in_browser=FAILS_FIRST, others=GOOD)

    said, _ = running.communicate(timeout=60)

    assert running.returncode == 1
    assert "1 passed" in said
    assert "1 failed" in said


def test_failures_are_repeated_once_where_that_is_allowed(tmp_path: Path) -> None:
    running = start(tmp_path, in_browser=FAILS_FIRST, others=FAILS_FIRST, ROLLCALL_TRIES="2")

    said, _ = running.communicate(timeout=60)

    assert running.returncode == 0
    assert (said.count("1 failed"), said.count("1 passed")) == (2, 2)


def test_both_runs_clean_up_when_it_is_ended(tmp_path: Path) -> None:
    running = start(tmp_path, in_browser=WAITS, others=WAITS)
    wait_for(lambda: len(list(tmp_path.glob("*-began"))) == 2 or None, what="both runs", seconds=40)

    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)

    assert running.returncode != 0
    assert (tmp_path / "browser-ended").exists()
