"""A newcomer's first command makes the virtual environment, or says in one sentence why it cannot."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import ROOT, clean_environment

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A project with one pinned package and nothing installed."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "venv", tmp_path / ".ci" / "venv")
    (tmp_path / "requirements.txt").write_text(f"nothing-of-this-name==1.0 --hash=sha256:{'0' * 64}\n")
    return tmp_path


@pytest.fixture
def run(copy: Path) -> Run:
    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(copy / ".ci" / "venv"), "requirements.txt"],
            env=clean_environment(**variables),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def fake_python(path: Path, script: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_python_that_is_too_old(copy: Path, run: Run) -> None:
    old = fake_python(copy / "old", 'case "$2" in *platform*) echo 3.9.2;; *) exit 1;; esac')

    ended = run(PYTHON=old)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Rollcall needs Python 3.11 or newer, but {old} is 3.9.2: install it")
    assert ended.stderr.count("\n") == 1
    assert not (copy / ".venv").exists()


def test_no_python_at_all(run: Run) -> None:
    ended = run(PYTHON="no-such-python")

    assert ended.stderr.startswith("Rollcall needs Python 3.11 or newer, but no-such-python is not there: install it")


def test_a_python_without_venv(copy: Path, run: Run) -> None:
    bare = fake_python(copy / "bare", f'case "$2" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"')

    ended = run(PYTHON=bare)

    assert ended.returncode == 1
    assert ended.stderr == (
        "Python's venv module is missing: install it (on Debian and Ubuntu: apt install python3-venv) and try again.\n"
    )


def test_no_network(copy: Path, run: Run) -> None:
    # An environment that is there already, with the pip of the one that runs this test.
    fake_python(copy / ".venv" / "bin" / "python", f'exec {sys.executable} "$@"')
    nowhere = {"PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}

    ended = run(**nowhere)

    assert ended.returncode == 1
    assert (
        ended.stderr == "The packages can't be downloaded: is there a network? What pip said is in .venv/install.log.\n"
    )
    assert not list((copy / ".venv").glob("installed-*")), "the next time it is tried again"


def test_what_was_installed_is_not_installed_again_until_the_pins_change(copy: Path, run: Run) -> None:
    fake_python(copy / ".venv" / "bin" / "python", 'case "$1" in -m) echo "$@" >> "$(dirname "$0")/calls";; esac')
    calls = copy / ".venv" / "bin" / "calls"

    assert run().returncode == run().returncode == 0
    assert len(calls.read_text().splitlines()) == 1

    (copy / "requirements.txt").write_text("other==1.0\n")
    assert run().returncode == 0
    assert len(calls.read_text().splitlines()) == 2
    assert "--require-hashes" in calls.read_text()
