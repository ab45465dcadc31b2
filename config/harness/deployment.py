"""Runs the services of compose.yaml and the commands of docs/deploy.md as plain processes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from mailbox import Maildir
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from config.harness.running import ROOT, clean_environment, wait_for

_WITH_DEFAULT = re.compile(r"\$\{(\w+):-([^${}]*)\}")
_BLOCK = re.compile(r"^## (?P<heading>[^\n]+)$|^```sh\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)


def compose(**given: str) -> dict[str, Any]:
    """The file with the given variables, and the defaults of all others."""
    read: dict[str, Any] = _interpolated(yaml.safe_load((ROOT / "compose.yaml").read_text()), given)
    return read


def _interpolated(value: Any, given: dict[str, str]) -> Any:
    """Replace variables in all strings as Compose does, from the inside out. `$$` becomes `$`."""
    if isinstance(value, dict):
        return {key: _interpolated(each, given) for key, each in value.items()}
    if isinstance(value, list):
        return [_interpolated(each, given) for each in value]
    if not isinstance(value, str):
        return value
    while _WITH_DEFAULT.search(value):
        value = _WITH_DEFAULT.sub(lambda found: given.get(found[1]) or found[2], value)
    return value.replace("$$", "$")


def documented(heading: str) -> list[str]:
    """The complete commands below that heading of docs/deploy.md."""
    under, found = "", ""
    for part in _BLOCK.finditer((ROOT / "docs" / "deploy.md").read_text()):
        under = part["heading"] or under
        if part["commands"] and under == heading:
            found += part["commands"]
    lines = found.replace("\\\n", " ").splitlines()
    return [re.sub(r"\s+", " ", line) for line in lines if line.strip() and not line.startswith("#")]


class Machine:
    """Runs commands in the project's root as a shell would. Their output goes to log files in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        # Not below a directory that is root's alone: PostgreSQL runs as somebody else then.
        self.postgres_directory = Path(tempfile.mkdtemp(prefix="rollcall-postgres-"))
        if os.getuid() == 0:
            shutil.chown(self.postgres_directory, "postgres")

    def __enter__(self) -> Machine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(list(self.running)):
            self.end(name)
        shutil.rmtree(self.postgres_directory, ignore_errors=True)

    def run(
        self,
        command: str | Sequence[str],
        settings: Mapping[str, str] | None = None,
        *,
        cwd: Path = ROOT,
        given: str = "",
    ) -> str:
        """Run the command, and return its output. Fails if the command fails."""
        done = subprocess.run(
            self._arguments(command),
            cwd=cwd,
            env=clean_environment(**(settings or {})),
            input=given,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(
        self,
        name: str,
        command: str | Sequence[str],
        settings: Mapping[str, str] | None = None,
        *,
        cwd: Path = ROOT,
    ) -> None:
        with self._log(name).open("wb") as log:
            self.running[name] = subprocess.Popen(
                self._arguments(command),
                cwd=cwd,
                env=clean_environment(**(settings or {})),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end(self, name: str, how: signal.Signals = signal.SIGTERM) -> int:
        """Terminate the process, and return its exit status."""
        process = self.running.pop(name)
        if process.poll() is None:
            process.send_signal(how)
        try:
            return process.wait(30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def kill(self, name: str) -> None:
        """Kill it and its children."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait_for_line(self, name: str, text: str) -> None:
        wait_for(lambda: text in self.said(name), what=f"{text!r} in what {name} says")

    def said(self, name: str) -> str:
        return self._log(name).read_text(errors="replace")

    def _log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def _arguments(self, command: str | Sequence[str]) -> list[str]:
        return ["bash", "-euc", command] if isinstance(command, str) else list(command)


def as_postgres(command: str) -> list[str]:
    """PostgreSQL refuses to run as root. `exec`, so that signals reach the program and not the shell."""
    arguments = ["bash", "-euc", command]
    return ["runuser", "--user", "postgres", "--", *arguments] if os.getuid() == 0 else arguments


def caught(directory: Path) -> list[str]:
    """The recipients of all emails in the directory of the mail catcher."""
    return sorted(str(mail["X-RcptTo"]) for mail in Maildir(directory, create=False))


CATCHER = f"{sys.executable} -m aiosmtpd --nosetuid --class aiosmtpd.handlers.Mailbox"
