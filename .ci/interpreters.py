#!/usr/bin/env python3
"""Lists the interpreters on this machine that pyproject.toml allows, the oldest first, each as its version and path.

    .ci/interpreters.py        3.11.2 /usr/bin/python3.11

It searches PATH and the directories of version managers. If a version is there twice, the first one counts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MANAGED = (
    ".pyenv/versions/*/bin",
    ".local/share/uv/python/*/bin",
    ".local/share/mise/installs/python/*/bin",
    ".asdf/installs/python/*/bin",
)
NAME = re.compile(r"python3(\.\d+)?")
# An environment, or the shim of a version manager, is asked for the interpreter behind it.
ASK = (
    "import os, platform, sys; assert platform.python_implementation() == 'CPython';"
    "print(platform.python_version(), os.path.realpath(getattr(sys, '_base_executable', sys.executable)))"
)

Version = tuple[int, ...]


def supported() -> tuple[Version, Version]:
    """The oldest version that pyproject.toml allows, and the first that it doesn't."""
    text = Path(__file__).resolve().parent.parent.joinpath("pyproject.toml").read_text()
    found = re.search(r'^requires-python = ">=([\d.]+),<([\d.]+)"$', text, re.MULTILINE)
    assert found, "pyproject.toml has no range of Pythons."
    return numbers(found[1]), numbers(found[2])


def numbers(version: str) -> Version:
    return tuple(map(int, version.split(".")))


def places() -> Iterator[Path]:
    yield Path("/usr/bin")
    yield from map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))
    for pattern in MANAGED:
        yield from sorted(Path.home().glob(pattern))
    yield from sorted(Path("/").glob("opt/python*/bin"))


def candidates() -> Iterator[Path]:
    for place in places():
        if place.is_dir():
            yield from sorted(path for path in place.iterdir() if NAME.fullmatch(path.name))


def interpreters() -> dict[str, str]:
    oldest, below = supported()
    found: dict[str, str] = {}
    asked: set[Path] = set()
    for path in candidates():
        if path.resolve() in asked:
            continue
        asked.add(path.resolve())
        try:
            answer = subprocess.run(
                [path, "-c", ASK], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=True
            )
        except (OSError, subprocess.SubprocessError):
            continue  # It doesn't run, or it isn't CPython.
        version, real = answer.stdout.strip().split(" ", 1)
        # A preview, as 3.15.0rc1, is no release of any version.
        if re.fullmatch(r"[\d.]+", version) and oldest <= numbers(version) < below:
            found.setdefault(version, real)
    return dict(sorted(found.items(), key=lambda each: numbers(each[0])))


if __name__ == "__main__":
    for version, path in interpreters().items():
        sys.stdout.write(f"{version} {path}\n")
