"""README.md is right about settings and commands."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from config.harness.running import ROOT

# Variables that the code reads but that aren't settings.
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE"}
READS = re.compile(
    r"""\b(?:text|address|choice|switch|number|seconds|items|hosts|database|mail_server|secret|former_secrets|webhook_secret|broker|environ\.get)\(\s*"([A-Z][A-Z_]+)"(?:,\s*([^,)]+))?"""
)
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)


def read_by_the_code() -> dict[str, str]:
    """Each variable that the code reads, with its default as written there."""
    sources = [path for package in ("config", "accounts", "invites") for path in (ROOT / package).rglob("*.py")]
    sources = [path for path in sources if "harness" not in path.parts]
    found: dict[str, str] = {}
    for path in sources:
        for name, default in READS.findall(path.read_text()):
            found[name] = found.get(name) or default
    return {name: default for name, default in found.items() if name not in NOT_SETTINGS}


def told_by_the_readme() -> dict[str, str]:
    return {name: default for name, default, _ in ROW.findall((ROOT / "README.md").read_text())}


def test_the_table_has_every_setting_and_no_other() -> None:
    assert set(told_by_the_readme()) == set(read_by_the_code())


def test_the_table_has_the_right_defaults() -> None:
    told = told_by_the_readme()

    written = {"True": "1", "False": "0"}
    for name, default in read_by_the_code().items():
        number = re.fullmatch(r"[0-9_]+(\.0)?", default)
        if number or default in written:
            plain = written.get(default) or default.replace("_", "").removesuffix(".0")
            assert told[name] == f"`{plain}`", name
    assert {name for name in told if re.fullmatch(r"`[0-9]+`", told[name])} >= {"PORT", "MAX_ROWS", "DEBUG", "DEMO"}


def test_links_have_targets() -> None:
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


def make(*arguments: str) -> str:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_make_help_lists_the_commands() -> None:
    listed = re.findall(r"^  make (\w+) +\S", make("help"), re.MULTILINE)

    names = {"help", "run", "test", "lint", "translations", "bench", "pictures", "encodings", "fuzz", "lock"}
    assert set(listed) == names


@pytest.mark.parametrize("command", ["run", "test", "lint", "translations", "bench", "encodings", "fuzz", "lock"])
def test_every_make_command_runs(command: str) -> None:
    assert re.search(r"\.ci/venv \S*requirements\S*\.txt", make("--dry-run", command))


def test_everything_runs_from_one_script() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    for script in (ROOT / ".ci").iterdir():
        assert os.access(script, os.X_OK), script
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)


def test_every_package_is_pinned_with_hashes_and_tests_use_the_same_versions() -> None:
    pinned = {}
    apart = ("benchmarks/requirements.txt", "tests/fuzz/requirements.txt")
    for name in ("requirements.txt", "requirements-dev.txt", *apart):
        entries = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)[1:]
        assert all(re.match(r"[^\s=]+==\S+.*\\\n +--hash=sha256:", entry) for entry in entries)
        pinned[name] = {entry.splitlines()[0] for entry in entries}

    assert len(pinned["requirements.txt"]) > 40
    assert pinned["requirements.txt"] <= pinned["requirements-dev.txt"]
    assert pinned["requirements.txt"] <= pinned["benchmarks/requirements.txt"]
