"""`make run` restarts processes that die, and imports that were running finish."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from config.harness.running import Stack, children_of, copy_prepared_data, is_alive, wait_for
from tests.files import many

PEOPLE = 600
FINISHED_SECONDS = 30
PARTS = ("broker", "web", "worker")
# `manage.py up` with nothing but its broker.
ONLY_BROKER = """
import django
django.setup()
from django.core.management import execute_from_command_line
from config.devserver.printer import BROKER
from config.management.commands import up
build = up.build_services
up.build_services = lambda *given: [service for service in build(*given) if service.name == BROKER]
execute_from_command_line(["manage.py", "up"])
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One whose processes may be killed."""
    stack = Stack(tmp_path_factory.mktemp("restarts") / "var")
    stack.start()
    yield stack
    assert stack.stop() == 0


def pid_of(stack: Stack, name: str) -> int:
    """The running process with that name."""

    def running() -> int | None:
        try:
            pid = int((stack.data_dir / "run" / f"{name}.pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if is_alive(pid) else None

    return wait_for(running, what=f"process {name}: {stack.lines}")


def wait_until_replaced(stack: Stack, name: str, pid: int) -> None:
    wait_for(lambda: pid_of(stack, name) != pid, what=f"new {name}")


def kill(stack: Stack, name: str) -> None:
    """Kill the process, and return when it was restarted."""
    pid = pid_of(stack, name)
    os.kill(pid, signal.SIGKILL)
    wait_until_replaced(stack, name, pid)


def notices(stack: Stack, name: str) -> list[str]:
    return [line for line in stack.lines if line.startswith(f"{name:>6} | ") and "is restarted" in line]


def invite(stack: Stack, path: Path, people: int) -> None:
    path.write_bytes(many(people))
    how = ("--organization", "acme", "--as", "admin@example.com", "--role", "ReadOnly", "--all-sites")
    started = stack.manage("invite_csv", str(path), *how)
    assert started.returncode == 0, started.stderr


def mails(stack: Stack) -> list[Path]:
    return list((stack.data_dir / "mail").glob("*.json"))


def state(stack: Stack) -> str:
    with closing(sqlite3.connect(stack.data_dir / "rollcall.sqlite3", timeout=20)) as database:
        return str(database.execute("SELECT state FROM invites_batch ORDER BY id DESC").fetchone()[0])


def report(stack: Stack) -> dict[str, Any]:
    done = stack.manage("batch_report", "1", "--json")
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_an_import_is_complete_even_if_the_worker_is_killed_twice_at_the_start(stack: Stack, tmp_path: Path) -> None:
    invite(stack, tmp_path / "team.csv", PEOPLE)
    wait_for(lambda: len(mails(stack)) >= PEOPLE // 5, what="first mails")

    for _ in range(2):
        kill(stack, "worker")
    killed = time.monotonic()
    assert len(mails(stack)) < PEOPLE, "The import ended before the worker was killed."
    wait_for(lambda: state(stack) == "done", what="end of the import", seconds=180)
    seconds = time.monotonic() - killed

    told = report(stack)
    assert (told["rows"], told["invited"], told["failed"]) == (PEOPLE, PEOPLE, 0)
    # After a minute, Ines also gets an email with the result.
    mailed = Counter(to for to in stack.recipients() if to != "admin@example.com")
    assert len(mailed) == PEOPLE
    assert mailed.total() - PEOPLE <= 4, "Each child was sending one email when it died."
    assert notices(stack, "worker") == [
        "worker | was killed (SIGKILL) and is restarted now",
        "worker | was killed (SIGKILL) and is restarted in 1 s",
    ]
    # The worker gives way to other programs, so it takes as much longer as there are others on a processor.
    assert seconds < FINISHED_SECONDS * max(1, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))


def test_every_process_is_restarted_even_if_only_its_keeper_dies(stack: Stack, tmp_path: Path) -> None:
    assert stack.process is not None
    pids = {name: pid_of(stack, name) for name in PARTS}
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    for name, pid in pids.items():
        wait_until_replaced(stack, name, pid)
    for name in ("broker", "web"):
        assert notices(stack, name) == [f"{name:>6} | was killed (SIGKILL) and is restarted now"]

    pids = {name: pid_of(stack, name) for name in PARTS}
    for keeper in children_of(stack.process.pid):
        os.kill(keeper, signal.SIGKILL)
    for name, pid in pids.items():
        wait_until_replaced(stack, name, pid)

    invite(stack, tmp_path / "team.csv", 20)
    wait_for(lambda: state(stack) == "done", what="end of the import", seconds=FINISHED_SECONDS)
    wait_for(lambda: _answers(stack), what="web server")


def test_gives_up_on_a_process_that_never_gets_ready_and_shows_its_output(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "var")
    copy_prepared_data(stack.data_dir, demo=True)
    queue = tmp_path / "var" / "valkey" / "appendonlydir"
    queue.mkdir(parents=True)
    (queue / "appendonly.aof.manifest").write_text("This is no manifest.\n")

    stack.start(wait=False, command=[sys.executable, "-c", ONLY_BROKER])

    assert stack.process is not None
    assert stack.process.wait(60) == 1
    wait_for(lambda: "The broker process" in stack.lines[-1], what="last words")
    assert stack.lines[-1] == (
        "The broker process ended (status 1) 4 times before it was ready, so everything was stopped."
    )
    assert any("manifest" in line for line in stack.lines if line.startswith("broker | "))
    assert len(notices(stack, "broker")) == 3
    assert stack.processes() == {}


def _answers(stack: Stack) -> bool:
    try:
        return bool(stack.get("/healthz"))
    except OSError:
        return False
