"""Runs commands of manage.py in one process for all of them, because importing the product takes most of their time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from config.harness.prepared import ROOT

SECONDS = 300


class CommandProcess:
    """Starts with the first command, in the given environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What `manage.py` with these arguments would have returned and printed."""
        with self._lock:
            answer = self._ask(list(arguments))
        return subprocess.CompletedProcess(arguments, answer["status"], answer["stdout"], answer["stderr"])

    def _ask(self, arguments: list[str]) -> dict[str, Any]:
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        too_long = threading.Timer(SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        too_long.start()
        try:
            process.stdin.write(json.dumps(arguments) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        finally:
            too_long.cancel()
        assert line, f"manage.py {arguments} crashed, or took longer than {SECONDS} s."
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "config.harness.command_server"],
            cwd=ROOT,
            env={"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING", **self._environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def close(self) -> None:
        if self._process is not None:
            # Its standard input is closed, so it ends.
            self._process.communicate(timeout=SECONDS)
            self._process = None
