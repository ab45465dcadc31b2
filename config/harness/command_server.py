"""The process that runs the commands of config/harness/commands.py: `python -m config.harness.command_server`.

A line of standard input is a command, as JSON, and a line of standard output is what it returned and printed.
"""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from typing import TextIO

from django.core.management import execute_from_command_line
from django.db import connections

from config.celery import app


def answer_all(commands: TextIO, answers: TextIO) -> None:
    for line in commands:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = _run(["manage.py", *json.loads(line)])
        answers.write(json.dumps({"status": status, "stdout": out.getvalue(), "stderr": err.getvalue()}) + "\n")
        answers.flush()


def _run(arguments: list[str]) -> int:
    """The exit status, as that of manage.py."""
    try:
        execute_from_command_line(arguments)
    except SystemExit as end:
        if not isinstance(end.code, str):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        _disconnect()
    return 0


def _disconnect() -> None:
    """The next command connects again, as a new process would: a test may have restarted the servers."""
    connections.close_all()
    for pool in (app.producer_pool, app.pool):
        pool.force_close_all(close_pool=False)  # type: ignore[attr-defined]


if __name__ == "__main__":
    commands, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    # What commands start gets neither.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    answer_all(commands, answers)
