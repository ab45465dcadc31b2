"""A newcomer's first command creates the virtual environment, or says in one sentence why it can't."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.harness.running import ROOT, clean_environment, heed_sigint, ignore_sigint, processes_that_mention, wait_for

Run = Callable[..., subprocess.CompletedProcess[str]]
INSTALL_ANEW = ".ci/install.py requirements.txt .venv --anew"
NOWHERE = {"PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A project with one pinned package and nothing installed."""
    (tmp_path / ".ci").mkdir()
    for name in (".ci/venv", ".ci/install.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
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


def python_of_version(path: Path, version: str) -> str:
    """A Python that reports this version. It runs no program: it notes the arguments, because installing takes long."""
    numbers = tuple(map(int, version.split(".")))
    says = (
        f"import platform, sys; sys.version_info = {numbers}; sys.version = {version!r}; "
        f"platform.python_version = lambda: {version!r}"
    )
    return fake_python(
        path,
        f'''[ "$1" = -c ] && exec {sys.executable} -c "{says}
$2" "$3" "$4"
echo "$0 $@" >> {path.parent}/used''',
    )


def fake_python(path: Path, script: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15", "3.10.13", "3.11.1", "3.15.0", "4.0.0"])
def test_a_python_that_is_not_supported(copy: Path, run: Run, version: str) -> None:
    other = python_of_version(copy / "other", version)

    ended = run(PYTHON=other)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Rollcall needs Python 3.11.2 to 3.14, but {other} is {version}: install one")
    assert ended.stderr.count("\n") == 1
    assert not (copy / ".venv").exists()


@pytest.mark.parametrize("version", ["3.11.2", "3.14.9"])
def test_a_python_that_is_supported(copy: Path, run: Run, version: str) -> None:
    other = python_of_version(copy / "other", version)

    ended = run(PYTHON=other)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert (copy / "used").read_text() == f"{other} {INSTALL_ANEW}\n"


def test_no_python_at_all(run: Run) -> None:
    ended = run(PYTHON="no-such-python")

    assert ended.stderr.startswith("Rollcall needs Python 3.11.2 to 3.14, but no-such-python is not there: install one")


def test_a_supported_python_is_found_beside_one_that_is_not(copy: Path, run: Run) -> None:
    python_of_version(copy / "bin" / "python3", "3.9.2")
    python_of_version(copy / "bin" / "python3.13", "3.13.1")
    python_of_version(copy / "bin" / "python3.12", "3.12.1")

    run(PATH=f"{copy}/bin:/usr/bin:/bin")

    assert (copy / "bin" / "used").read_text() == f"{copy}/bin/python3.13 {INSTALL_ANEW}\n"


def test_an_environment_with_another_python_is_recreated(copy: Path, run: Run) -> None:
    with_pip_of_this_test(copy)
    shutil.copy(copy / "requirements.txt", copy / ".venv" / "installed-requirements.txt")
    created_by = str(Path(sys.base_prefix, "bin", "python3").resolve())
    other = python_of_version(copy / "other", "3.13.99")

    assert run(PYTHON=created_by).stdout == "", "It is the same Python."
    assert run().stdout == "", "Nobody asked for another one."

    run(PYTHON=other)
    assert (copy / "used").read_text() == f"{other} {INSTALL_ANEW}\n"


def test_an_unfinished_environment_is_recreated(copy: Path, run: Run) -> None:
    # Without pip, because nothing was installed in it.
    fake = fake_python(copy / ".venv" / "bin" / "python", f'exec {sys.executable} -S "$@"')
    marker = copy / ".venv" / "marker"
    marker.touch()

    ended = run(**NOWHERE)

    assert not marker.exists()
    assert Path(fake).is_symlink()
    assert (copy / ".venv" / "bin" / "pip").exists()
    assert ended.stderr.startswith("The packages can't be downloaded: is there a network?")


def with_pip_of_this_test(copy: Path) -> None:
    """An existing environment that has the pip of the one that runs this test."""
    fake_python(copy / ".venv" / "bin" / "python", f'exec {sys.executable} "$@"')


def test_a_python_without_venv(copy: Path, run: Run) -> None:
    # Like Debian without the package python3-venv.
    hide = (
        "import importlib.util as u; find = u.find_spec; u.find_spec = lambda name: name != 'ensurepip' and find(name)"
    )
    program = f"{hide}; import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"
    bare = fake_python(
        copy / "bare", f'''[ "$1" = -c ] && exec {sys.executable} "$@"; exec {sys.executable} -c "{program}" "$@"'''
    )

    ended = run(PYTHON=bare)

    assert ended.returncode == 1
    assert ended.stderr == (
        "Python's venv module is missing. Install it (Debian and Ubuntu: apt install python3-venv) and try again.\n"
    )


def test_no_network(copy: Path, run: Run) -> None:
    with_pip_of_this_test(copy)

    ended = run(**NOWHERE)

    assert ended.returncode == 1
    assert (
        ended.stderr == "The packages can't be downloaded: is there a network? pip's output is in .venv/install.log.\n"
    )
    assert not list((copy / ".venv").glob("installed-*")), "the next time it is tried again"


def test_packages_are_installed_again_only_when_the_pins_change(copy: Path, run: Run) -> None:
    calls = copy / "calls"
    fake_python(
        copy / ".venv" / "bin" / "python",
        f"""[ "$1" = -m ] || exec {sys.executable} "$@"; echo "$@" >> {calls}""",
    )

    assert run().returncode == run().returncode == 0
    assert len(calls.read_text().splitlines()) == 1

    (copy / "requirements.txt").write_text("other==1.0\n")
    assert run().returncode == 0
    assert len(calls.read_text().splitlines()) == 2
    assert "--require-hashes" in calls.read_text()


@pytest.mark.parametrize("works", [True, False])
def test_uv_installs_the_others_if_it_is_among_them(copy: Path, run: Run, works: bool) -> None:
    """If uv can't, for example because only pip knows the index of a company, pip does."""
    calls, requirements, venv = copy / "calls", copy / "requirements.txt", copy / ".venv"
    uv = f"uv==1.0 \\\n    --hash=sha256:{'1' * 64} \\\n    --hash=sha256:{'2' * 64}\n"
    requirements.write_text(f"{requirements.read_text()}{uv}zoo==1.0 --hash=sha256:{'3' * 64}\n")
    note = f'for last; do :; done; echo "$(basename "$0") $last" >> {calls}'
    fake_python(venv / "bin" / "python", f'[ "$1" = -m ] || exec {sys.executable} "$@"; {note}')
    fake_python(venv / "bin" / "uv", f"{note}; exit {0 if works else 2}")

    assert run().returncode == 0

    expected = ["python .venv/uv.txt", "uv requirements.txt", *([] if works else ["python requirements.txt"])]
    assert calls.read_text().splitlines() == expected
    assert (venv / "uv.txt").read_text() == uv


@pytest.mark.parametrize("to_group", [False, True], ids=["it alone", "its group"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_can_be_stopped_while_pip_waits_even_in_the_background(copy: Path, how: signal.Signals, to_group: bool) -> None:
    with_pip_of_this_test(copy)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        index = {**NOWHERE, "PIP_INDEX_URL": f"http://127.0.0.1:{silent.getsockname()[1]}/simple"}
        process = subprocess.Popen(
            [str(copy / ".ci" / "venv"), "requirements.txt"],
            env=clean_environment(**index),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=ignore_sigint,
        )
        connection, _ = silent.accept()  # pip has started, and now it waits.
        with connection:
            (os.killpg if to_group else os.kill)(process.pid, how)
            _, said = process.communicate(timeout=10)

    assert (process.returncode, said) == (130, "Stopped. The next start continues from here.\n")
    assert processes_that_mention(str(copy)) == {}


def test_can_be_stopped_while_pip_waits_by_a_sigint_to_make(copy: Path) -> None:
    with_pip_of_this_test(copy)
    (copy / "Makefile").write_text("install:\n\t@.ci/venv requirements.txt\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        index = {**NOWHERE, "PIP_INDEX_URL": f"http://127.0.0.1:{silent.getsockname()[1]}/simple"}
        process = subprocess.Popen(
            ["make", "install"], cwd=copy, env=clean_environment(**index), preexec_fn=heed_sigint
        )
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == -signal.SIGINT

    assert processes_that_mention(str(copy)) == {}


def test_can_be_stopped_while_the_environment_is_created(copy: Path) -> None:
    process = subprocess.Popen(
        [str(copy / ".ci" / "venv"), "requirements.txt"],
        env=clean_environment(**NOWHERE),
        start_new_session=True,
        preexec_fn=ignore_sigint,
    )
    wait_for((copy / ".venv" / "pyvenv.cfg").exists, what="beginning")

    process.send_signal(signal.SIGINT)

    assert process.wait(10) == 130
    assert not (copy / ".venv").exists()
    assert processes_that_mention(str(copy)) == {}
