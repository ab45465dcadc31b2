"""pyproject.toml says which Python versions are supported. Everything else that names versions agrees."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from config.harness.running import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
_range = re.fullmatch(r">=(3\.\d+\.\d+),<3\.(\d+)", PYPROJECT["project"]["requires-python"])
assert _range
OLDEST = _range[1]
OLDEST_MINOR = OLDEST.rpartition(".")[0]
NEWEST = f"3.{int(_range[2]) - 1}"


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "docs/deploy.md"])
def test_every_document_names_the_same_range(document: str) -> None:
    said = re.findall(r"Python (3\.\S+) (?:to|or) (\S+)", (ROOT / document).read_text())

    assert said == [(OLDEST, NEWEST)]


def test_the_readme_lists_every_version() -> None:
    oldest, *between, newest = [f"3.{minor}" for minor in range(int(OLDEST_MINOR[2:]), int(NEWEST[2:]) + 1)]

    listed = f"Python {oldest} ({OLDEST}, Debian 12's own, or later), {', '.join(between)} or {newest}"
    assert listed in (ROOT / "README.md").read_text().replace("\n", " ")


def test_the_tools_target_the_oldest_python() -> None:
    assert PYPROJECT["tool"]["ruff"]["target-version"] == f"py{OLDEST_MINOR.replace('.', '')}"
    assert PYPROJECT["tool"]["mypy"]["python_version"] == OLDEST_MINOR
    assert f"--python-version {OLDEST} " in (ROOT / "Makefile").read_text()


def test_the_image_has_the_python_that_runs_all_tests() -> None:
    """Debian's own: .ci/run uses the oldest Python that it finds, and installs no other."""
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    ci = (ROOT / ".ci" / "run").read_text()

    assert re.findall(r"^FROM (\S+)$", dockerfile, re.MULTILINE) == ["debian:bookworm-slim"]
    assert "RUN python3 -m venv /opt/rollcall" in dockerfile
    assert "need python3 /usr/bin/python3 " in ci
    assert "PYTHON=${oldest#* } .ci/venv requirements-dev.txt" in ci


def test_django_supports_all_of_them() -> None:
    from importlib.metadata import metadata

    classifiers = metadata("django").get_all("Classifier") or []
    supported = {each.rpartition(" ")[2] for each in classifiers if "Python :: 3." in each}

    assert {OLDEST_MINOR, NEWEST} <= supported


# --- .ci/interpreters.py -----------------------------------------------------------------------------


def fake_python(path: Path, *, says: str = "", status: int = 0, real: Path | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says} {real or path}'\nexit {status}\n")
    path.chmod(0o755)
    return path


def listed(home: Path, *path: Path) -> dict[str, str]:
    """The interpreters below `home`, without those of this machine."""
    environment = {"HOME": str(home), "PATH": os.pathsep.join(map(str, path)) or str(home)}
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "interpreters.py"], env=environment, capture_output=True, text=True, check=True
    )
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    return {version: path for version, path in found.items() if path.startswith(str(home))}


def test_interpreters_are_found_on_the_path_and_where_version_managers_keep_them(tmp_path: Path) -> None:
    places = {
        "3.11.90": ".pyenv/versions/3.11.90/bin/python3.11",
        "3.12.90": ".local/share/uv/python/cpython-3.12.90-linux-x86_64-gnu/bin/python3.12",
        "3.13.90": ".asdf/installs/python/3.13.90/bin/python3.13",
        "3.13.91": ".local/share/mise/installs/python/3.13.91/bin/python3.13",
        "3.14.90": "bin/python3.14",
    }
    for version, place in places.items():
        fake_python(tmp_path / place, says=version)

    found = listed(tmp_path, tmp_path / "bin")

    assert list(found.items()) == [(version, str(tmp_path / place)) for version, place in places.items()]


def test_the_same_interpreter_is_listed_once(tmp_path: Path) -> None:
    real = fake_python(tmp_path / "first" / "python3.12", says="3.12.90")
    (tmp_path / "first" / "python3").symlink_to(real)
    fake_python(tmp_path / "shims" / "python3.12", says="3.12.90", real=real)
    fake_python(tmp_path / "copy" / "python3.12", says="3.12.90")

    assert listed(tmp_path, tmp_path / "first", tmp_path / "shims", tmp_path / "copy") == {"3.12.90": str(real)}


def test_unsupported_interpreters_are_not_listed(tmp_path: Path) -> None:
    for version in ("2.7.18", "3.10.13", "3.11.1", "3.15.0", "3.14.0rc1"):
        fake_python(tmp_path / version / "python3", says=version)
    fake_python(tmp_path / "pypy" / "python3.11", says="3.11.90", status=1)
    (tmp_path / "config" / "python3-config").parent.mkdir()
    fake_python(tmp_path / "config" / "python3-config", says="3.11.91")

    assert listed(tmp_path, *tmp_path.iterdir()) == {}


def test_an_environment_leads_to_the_interpreter_that_created_it() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "interpreters.py"],
        env={"HOME": "/nonexistent", "PATH": str(Path(sys.executable).parent)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ".venv" not in done.stdout
    assert f"{sys.version.split()[0]} " in done.stdout
