"""The supervisor of `manage.py up`, with small programs instead of the product's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.devserver.processes import STARTS_UNTIL_GIVING_UP
from config.harness.running import ROOT, ignore_sigint, is_alive, wait_for

# Reads its services as JSON. Prints what `up` would print, and how it ended.
SUPERVISE = """
import json, os, sys
from pathlib import Path
from typing import Any
from config.devserver import processes

given = json.loads(sys.argv[1])
for name, value in given["constants"].items():
    setattr(processes, name, value)

def say(text):
    # In one piece: several threads say something.
    os.write(1, f"{text}\\n".encode())

class Output:
    def line(self, name, text):
        say(f"{name}: {text}")
    def notice(self, name, text):
        say(f"{name} {text}")

services = [
    processes.Service(name, command, check=lambda: given["ready"], ends_last=name == "last")
    for name, command in given["services"].items()
]
say(processes.Supervisor(
    services, env=dict(os.environ), cwd=Path.cwd(), run_dir=Path(given["run_dir"]), output=Output(),
    on_ready=lambda: say("ready"),
).run())
"""
Supervised = Callable[..., "subprocess.Popen[str]"]
FOREVER = "import time; time.sleep(1000)"


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    """Starts a supervisor of Python programs. Its output goes to `said`."""
    started: list[subprocess.Popen[str]] = []

    def supervised(*, ready: bool = True, constants: dict[str, float] | None = None, **programs: str) -> Any:
        given = {
            "services": {name: [sys.executable, "-uc", program] for name, program in programs.items()},
            "ready": ready,
            "constants": constants or {},
            "run_dir": str(tmp_path),
        }
        with said(tmp_path).open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISE, json.dumps(given)],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=ignore_sigint,
                text=True,
            )
        started.append(process)
        return process

    yield supervised
    for process in started:
        process.kill()
        process.wait()


def said(directory: Path) -> Path:
    return directory / "said"


def wait_for_lines(directory: Path, *lines: str) -> None:
    def there() -> bool:
        return set(lines) <= set(said(directory).read_text().splitlines())

    try:
        wait_for(there, what=f"{lines}")
    except AssertionError as error:
        raise AssertionError(said(directory).read_text()) from error


def wait_for_pid(directory: Path, name: str) -> int:
    wait_for((directory / f"{name}.pid").exists, what=f"process {name}")
    return wait_for(lambda: int((directory / f"{name}.pid").read_text() or 0), what=f"process {name}")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_restarts_with_growing_delays_and_stops_immediately(
    supervised: Supervised, tmp_path: Path, how: signal.Signals
) -> None:
    supervisor = supervised(web="raise SystemExit(3)", other=FOREVER, constants={"RESTART_DELAYS": [0, 0.5, 1, 1000]})
    wait_for_lines(tmp_path, "ready", "web ended (status 3) and is restarted in 1000 s")
    other = wait_for_pid(tmp_path, "other")

    began = time.monotonic()
    supervisor.send_signal(how)

    assert supervisor.wait(10) == 0
    # Not after the 1000 seconds. A busy machine takes its time.
    assert time.monotonic() - began < 6
    assert not is_alive(other)
    *notices, last = said(tmp_path).read_text().splitlines()
    assert last == "None", "Nothing was given up."
    assert [line for line in notices if line != "ready"] == [
        "web ended (status 3) and is restarted now",
        "web ended (status 3) and is restarted in 0.5 s",
        "web ended (status 3) and is restarted in 1 s",
        "web ended (status 3) and is restarted in 1000 s",
    ]


def test_delays_start_over_after_a_healthy_run(supervised: Supervised, tmp_path: Path) -> None:
    supervised(
        web="import time; time.sleep(1.5); raise SystemExit(3)",
        constants={"RESTART_DELAYS": [0, 1000], "HEALTHY_SECONDS": 1},
    )

    def restarts() -> int:
        return said(tmp_path).read_text().count("web ended (status 3) and is restarted now")

    wait_for(lambda: restarts() >= 3, what="restarts")
    assert "1000" not in said(tmp_path).read_text()


def test_gives_up_only_on_processes_that_never_get_ready(supervised: Supervised, tmp_path: Path) -> None:
    supervisor = supervised(web="raise SystemExit(3)", other=FOREVER, ready=False, constants={"RESTART_DELAYS": [0]})

    assert supervisor.wait(20) == 0

    *before, last = said(tmp_path).read_text().splitlines()
    assert before == ["web ended (status 3) and is restarted now"] * (STARTS_UNTIL_GIVING_UP - 1)
    assert last == f"GaveUp(name='web', status=3, starts={STARTS_UNTIL_GIVING_UP})"


def test_stops_the_children_of_a_dead_process_before_a_restart(supervised: Supervised, tmp_path: Path) -> None:
    program = "import os, subprocess; print(subprocess.Popen(['sleep', '1000']).pid); os.kill(os.getpid(), 9)"
    supervised(web=program, constants={"RESTART_DELAYS": [1000]})

    wait_for_lines(tmp_path, "web was killed (SIGKILL) and is restarted in 1000 s")

    orphan = int(said(tmp_path).read_text().partition("web: ")[2].split()[0])
    wait_for(lambda: not is_alive(orphan), what="end of the orphan")


def test_the_last_process_stops_after_all_others(supervised: Supervised, tmp_path: Path) -> None:
    ends_slowly = "import signal, time; signal.signal(15, lambda *_: (time.sleep(1), print('bye'), exit()))"
    supervisor = supervised(
        last=f"import signal; signal.signal(15, lambda *_: (print('bye'), exit())); print('up'); {FOREVER}",
        web=f"{ends_slowly}; print('up'); {FOREVER}",
    )
    wait_for_lines(tmp_path, "last: up", "web: up")

    supervisor.terminate()

    assert supervisor.wait(10) == 0
    assert said(tmp_path).read_text().splitlines()[-3:] == ["web: bye", "last: bye", "None"]


@pytest.mark.parametrize("is_impatient", [False, True])
def test_a_second_signal_kills_what_does_not_stop(supervised: Supervised, tmp_path: Path, is_impatient: bool) -> None:
    stubborn = f"import signal; signal.signal(15, signal.SIG_IGN); print('up'); {FOREVER}"
    supervisor = supervised(web=stubborn, constants={"STOP_SECONDS": 60 if is_impatient else 2})
    wait_for_lines(tmp_path, "web: up")
    web = wait_for_pid(tmp_path, "web")

    began = time.monotonic()
    supervisor.terminate()
    if is_impatient:
        time.sleep(1.5)
        supervisor.send_signal(signal.SIGINT)

    assert supervisor.wait(15) == 0
    assert 1.5 <= time.monotonic() - began < 10
    assert not is_alive(web)


@pytest.mark.parametrize("is_stubborn", [False, True])
def test_nothing_outlives_a_killed_supervisor(supervised: Supervised, tmp_path: Path, is_stubborn: bool) -> None:
    ignoring = "import signal; signal.signal(15, signal.SIG_IGN); " if is_stubborn else ""
    supervisor = supervised(web=f"{ignoring}print('up'); {FOREVER}")
    wait_for_lines(tmp_path, "web: up")
    web = wait_for_pid(tmp_path, "web")

    os.kill(supervisor.pid, signal.SIGKILL)

    wait_for(lambda: not is_alive(web), what="end of the process", seconds=15)
