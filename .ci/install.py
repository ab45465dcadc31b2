#!/usr/bin/env python3
"""The second half of .ci/venv: makes the virtual environment, and installs the pinned packages into it.

    python .ci/install.py REQUIREMENTS VENV [--anew]

This isn't a shell script because SIGINT and SIGTERM must end it at any moment, together with pip. A shell that was
started with SIGINT ignored, in the background of another one, can't change that, and neither can pip.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn


def main(requirements: Path, venv: Path, *, anew: bool) -> None:
    if anew:
        make(venv)
    print(
        f"Installing the packages of {requirements} into {venv}. This happens once and takes about a minute.",
        flush=True,
    )
    log = venv / "install.log"
    if not install_with_uv(requirements, venv) and run(pip_install(requirements, venv), log) != 0:
        explain(log)
    shutil.copy(requirements, venv / f"installed-{requirements.name}")
    if requirements.name == "requirements-dev.txt":
        # It includes everything that the product needs, in the same versions.
        shutil.copy("requirements.txt", venv / "installed-requirements.txt")


def pip_install(requirements: Path, venv: Path) -> list[str]:
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1", "--require-hashes"]
    return [str(venv / "bin" / "python"), "-m", "pip", "install", *options, "--requirement", str(requirements)]


def install_with_uv(requirements: Path, venv: Path) -> bool:
    """Whether uv has installed everything, in half the time of pip, because it is among the requirements.

    It doesn't know an index that only pip is configured for. Then pip installs the others, too.
    """
    pin = re.search(r"^uv==(?:.*\\\n)*.*\n", requirements.read_text(), re.MULTILINE)
    if not pin:
        return False
    only_uv, log = venv / "uv.txt", venv / "uv.log"
    only_uv.write_text(pin[0])
    options = ["--quiet", "--system-certs", "--compile-bytecode", "--require-hashes"]
    where = ["--python", str(venv / "bin" / "python"), "--requirement", str(requirements)]
    install = [str(venv / "bin" / "uv"), "pip", "install", *options, *where]
    return run(pip_install(only_uv, venv), log) == 0 and run(install, log) == 0


def make(venv: Path) -> None:
    if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        fail("Python's venv module is missing. Install it (Debian and Ubuntu: apt install python3-venv) and try again.")
    shutil.rmtree(venv, ignore_errors=True)
    log = venv.with_name(f"{venv.name}.log")
    try:
        if run([sys.executable, "-m", "venv", str(venv)], log) != 0:
            fail(f"The virtual environment {venv} can't be created. Python's output is in {log}.")
    except KeyboardInterrupt:
        shutil.rmtree(venv, ignore_errors=True)
        log.unlink()
        raise
    log.unlink()


def run(command: Sequence[str], log: Path) -> int:
    """Run the command until it ends. Kill it and its child processes if this process is interrupted."""
    with log.open("wb") as out:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            while child.poll() is None:
                time.sleep(0.05)
                if make_was_interrupted():
                    raise KeyboardInterrupt
            return child.returncode
        except KeyboardInterrupt:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise


def make_was_interrupted() -> bool:
    """Whether `make`, if it is the parent, waits for us in its handler of SIGINT: see config/devserver/processes.py."""
    parent = Path(f"/proc/{os.getppid()}")
    try:
        name, status = parent.joinpath("comm").read_text(), parent.joinpath("status").read_text()
    except OSError:
        return False
    blocked = re.search(r"^SigBlk:\s+(\w+)$", status, re.MULTILINE)
    return name.strip() in ("make", "gmake") and bool(blocked and int(blocked[1], 16) >> (signal.SIGINT - 1) & 1)


def explain(log: Path) -> NoReturn:
    """Say in one sentence why pip failed."""
    said = log.read_text(errors="replace")
    if re.search("connection|resolution|timed out|network", said, re.IGNORECASE):
        fail(f"The packages can't be downloaded: is there a network? pip's output is in {log}.")
    errors = re.findall(r"^ERROR: (.*)$", said, re.MULTILINE)
    fail(f"The packages can't be installed: {errors[-1] if errors else ''} pip's output is in {log}.")


def fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    for how in (signal.SIGINT, signal.SIGTERM):
        signal.signal(how, signal.default_int_handler)
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), anew="--anew" in sys.argv[3:])
    except KeyboardInterrupt:
        print("Stopped. The next start continues from here.", file=sys.stderr)
        sys.exit(130)
