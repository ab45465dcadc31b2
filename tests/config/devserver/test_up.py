"""`manage.py up` for a newcomer: it starts, prints where to go, stops without a trace, and survives being killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from config.devserver import embedded_broker
from config.harness.running import LONG_KEY, Stack, children_of, run_manage, wait_for


@pytest.fixture
def new_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Creates stacks in one data directory, and stops what the test leaves running."""
    made: list[Stack] = []

    def new_stack(directory: str = "var", **settings: str) -> Stack:
        stack = Stack(tmp_path / directory, **settings)
        made.append(stack)
        return stack

    yield new_stack
    for stack in made:
        for pid in stack.processes():
            os.kill(pid, signal.SIGKILL)


def listens_at(port: int) -> list[str]:
    """The local addresses, as the kernel writes them, at which some process listens on that TCP port."""
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return [line[1] for line in lines if line[1].endswith(f":{port:04X}") and line[3] == "0A"]


# The path of a socket in this directory would be too long, so it is kept elsewhere.
DEEP = "/".join(["deep"] * 25)


def pretend_a_crash(data_dir: Path) -> None:
    """A socket at which nobody listens any more, and the process id of somebody else."""
    path = embedded_broker.socket_path(data_dir)
    assert not path.is_relative_to(data_dir)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(path))
    (data_dir / "run" / "worker.pid").write_text(str(os.getpid()))


@contextmanager
def left_behind(data_dir: Path) -> Iterator[Callable[[], int]]:
    """A web process that an earlier run has left over; its exit status."""
    command = [sys.executable, "-c", "input()", "config.asgi:application"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        (data_dir / "run" / "web.pid").write_text(str(process.pid))
        yield lambda: process.wait(5)


def expect_beat_to_be_restarted(stack: Stack) -> None:
    worker = int((stack.data_dir / "run" / "worker.pid").read_text())
    # Workers, and the schedule of the recovery task.
    killed = children_of(worker)

    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    wait_for(lambda: len(children_of(worker) - killed) == len(killed), what="as many new ones", seconds=30)


def test_starts_prints_where_to_go_and_stops_without_a_trace(new_stack: Callable[..., Stack], tmp_path: Path) -> None:
    as_a_user = {"DEMO_PASSWORD": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
    first = new_stack(DEEP, **as_a_user)
    first.start(from_nothing=True)

    line = first.wait_until_ready()
    assert f"Rollcall is at http://127.0.0.1:{first.port}/ " in line
    assert "Sign in as admin@example.com with the password " in line
    assert [each for each in first.lines if each != line] == [], "nothing but that one line is said"
    with urlopen(first.url + "/readyz") as answer:
        assert answer.status == 200
    assert listens_at(first.port) == [f"0100007F:{first.port:04X}"], "on the loopback alone"

    again = run_manage("up", **first.settings)
    assert again.returncode == 1
    assert again.stderr == (
        f"Rollcall is already running here: http://127.0.0.1:{first.port}/ (process {first.process.pid}).\n"  # type: ignore[union-attr]
    )

    elsewhere = run_manage("up", **{**first.settings, "DATA_DIR": str(tmp_path / "elsewhere")})
    assert elsewhere.returncode == 1
    assert elsewhere.stderr.startswith(f"Port {first.port} is in use by another program. ")
    assert elsewhere.stderr.count("\n") == 1

    assert first.stop(signal.SIGTERM) == 0
    assert first.processes() == {}
    assert not [each for each in first.lines if "error" in each.lower() or "Traceback" in each]

    pretend_a_crash(first.data_dir)
    second = new_stack(DEEP, **as_a_user, PORT=str(first.port))
    with left_behind(second.data_dir) as ended:
        second.start(ignoring_sigint=True)

        assert ended() == -signal.SIGTERM
    assert second.lines == ["Ended what an earlier run had left behind: web.", line], "the password is told again"
    assert embedded_broker.is_listening(second.data_dir)
    expect_beat_to_be_restarted(second)
    broker = int((second.data_dir / "run" / "broker.pid").read_text())
    assert not ignores(broker, signal.SIGINT), "Processes that it starts don't ignore the signal."

    # Nothing survives it.
    assert second.process is not None
    second.process.kill()
    second.process.wait()
    wait_for(lambda: not second.processes(), what="end of its children", seconds=15)


def test_a_broker_that_only_accepts_connections_is_not_ready(tmp_path: Path) -> None:
    """As long as it reads its queue. If it can't read it, it ends."""
    path = embedded_broker.socket_path(tmp_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as reading:
        reading.bind(str(path))
        reading.listen()

        assert not embedded_broker.is_listening(tmp_path)


MOMENTS = ("at once", "while it prepares", "while all starts")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", MOMENTS)
def test_can_be_stopped_while_it_starts_even_in_the_background(
    new_stack: Callable[..., Stack], how: signal.Signals, moment: str
) -> None:
    stack = new_stack()
    stack.start(wait=False, ignoring_sigint=True)
    assert stack.process is not None
    if moment == "at once":
        pid = stack.process.pid
        wait_for(lambda: not ignores(pid, signal.SIGINT), what="first line of manage.py")
    else:
        file = "up.lock" if moment == "while it prepares" else "worker.pid"
        wait_for((stack.data_dir / "run" / file).exists, what=file)

    status = stack.stop(how)

    assert status == (0 if moment == "while all starts" else -how)
    assert not any("Traceback" in line for line in stack.lines), stack.lines


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_can_be_stopped_by_a_signal_to_make(
    new_stack: Callable[..., Stack], tmp_path: Path, how: signal.Signals
) -> None:
    """At Ctrl-C make and what it runs get the signal. Here only make does, and it does not pass SIGINT on."""
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@exec {sys.executable} manage.py up\n")
    stack = new_stack()
    stack.start(wait=False, command=["make", "--file", str(makefile), "run"])
    wait_for((stack.data_dir / "run" / "worker.pid").exists, what="worker")

    assert stack.stop(how) == -how


def ignores(pid: int, how: signal.Signals) -> bool:
    """Whether the process has that signal ignored."""
    status = Path(f"/proc/{pid}/status").read_text()
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(ignored.split()[1], 16) >> (how - 1) & 1)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"PORT": "abc"}, "A setting is wrong: PORT must be a whole number of 1 to 65535, not 'abc'."),
        ({"BASE_URL": "rollcall"}, "A setting is wrong: BASE_URL must look like https://"),
        ({"DATA_DIR": "/proc/rollcall"}, "A setting is wrong: No SECRET_KEY is set, and none can be kept in /proc/"),
        ({"DATA_DIR": "/proc/rollcall", "SECRET_KEY": LONG_KEY}, "The data directory /proc/rollcall can't be used: "),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "The database can't be used: "),
    ],
)
def test_reports_errors_in_one_sentence(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    ended = run_manage("up", **{"DATA_DIR": str(tmp_path / "var"), "PORT": "8999", **settings})

    assert ended.returncode == 1
    assert ended.stderr.startswith(sentence)
    assert ended.stderr.count("\n") == 1
