"""The process that runs the commands of config/harness/commands.py: `python -m config.harness.command_server`.

A line of standard input is a command, as JSON, and a line of standard output is what it returned and printed. Each
command runs in a fork, which starts without connections, as a new process would.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from importlib import import_module
from typing import Any, TextIO

import django
from django.conf import settings
from django.core.management import execute_from_command_line, get_commands, load_command_class


def answer_all(commands: TextIO, answers: TextIO) -> None:
    for line in commands:
        answers.write(json.dumps(answer(["manage.py", *json.loads(line)])) + "\n")
        answers.flush()


def answer(arguments: list[str]) -> dict[str, Any]:
    import_command(arguments[1])
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            status = run(arguments)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        out.seek(0)
        err.seek(0)
        return {"status": status, "stdout": out.read().decode(), "stderr": err.read().decode()}


def import_command(name: str) -> None:
    """What a command of the product imports, once for all forks. It takes longer than most commands."""
    if get_commands().get(name) in ("accounts", "invites"):
        load_command_class(get_commands()[name], name)
        import_module(settings.ROOT_URLCONF)


def run(arguments: list[str]) -> int:
    """The exit status, as that of manage.py."""
    try:
        execute_from_command_line(arguments)
    except SystemExit as end:
        if not isinstance(end.code, str):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    django.setup()
    commands, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    # What commands start gets neither.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    answer_all(commands, answers)
