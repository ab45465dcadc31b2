"""Commands that tests run in one process answer as manage.py does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.harness.commands import CommandProcess
from config.harness.running import clean_environment


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[CommandProcess]:
    commands = CommandProcess(clean_environment(DATA_DIR=str(tmp_path / "var"), DEBUG="1"))
    yield commands
    commands.close()


def test_each_command_has_a_status_and_an_output_of_its_own(commands: CommandProcess) -> None:
    unknown = commands.run("no_such_command")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr.startswith("Unknown command: 'no_such_command'")
    wrong = commands.run("invite_csv")
    assert wrong.returncode == 2
    assert "the following arguments are required" in wrong.stderr
    broken = commands.run("shell", "--no-imports", "-c", "import sys; sys.kept = 1; 1 / 0")
    assert (broken.returncode, broken.stdout) == (1, "")
    assert broken.stderr.endswith("ZeroDivisionError: division by zero\n")
    printed = commands.run("shell", "--no-imports", "-c", "import sys; print(hasattr(sys, 'kept'), 'ä')")
    assert (printed.returncode, printed.stdout, printed.stderr) == (0, "False ä\n", "")
