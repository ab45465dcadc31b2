"""Runs contenders in turns, so that other work on the machine affects them all. The median of each counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from config.harness.postgres import PostgresServer, binaries
from config.harness.running import copy_prepared_data

ROOT = Path(__file__).resolve().parent.parent


def medians(contenders: Mapping[str, Callable[[], float | None]], *, rounds: int) -> dict[str, float]:
    """The seconds of each contender, as it reports them, or from start to end."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            began = time.perf_counter()
            told = work()
            seconds[name].append(time.perf_counter() - began if told is None else told)
    return {name: median(found) for name, found in seconds.items()}


def in_a_process(module: str, **settings: str) -> dict[str, Any]:
    """What the module prints as JSON when it runs in a process with its own settings."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", module, "--measure"],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def on_each_database(module: str) -> dict[str, Any]:
    """The same on SQLite, and on PostgreSQL if it is installed."""
    results = {"SQLite": in_a_process(module, DATABASE_URL="")}
    programs = binaries()
    if programs is None:
        say("PostgreSQL is skipped, because it isn't installed")
    else:
        with PostgresServer(programs) as server:
            results["PostgreSQL"] = in_a_process(module, DATABASE_URL=server.new_database())
    return results


@contextmanager
def product_settings(**settings: str) -> Iterator[None]:
    """The environment of the product in this process, with an empty database. Call `django.setup()` in it."""
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as directory:
        if not {**os.environ, **settings}.get("DATABASE_URL"):
            copy_prepared_data(Path(directory), demo=False)
        os.environ |= {"DATA_DIR": directory, "LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "config.settings"}
        os.environ |= settings
        yield


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def verdict(reached: bool) -> str:
    return "reached" if reached else "not reached"


def keep(name: str, results: Mapping[str, object]) -> None:
    """Save the results in bench.json under that name."""
    path = _bench_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**all_kept(), name: results}, indent=2) + "\n")


def kept(name: str) -> dict[str, Any]:
    """The results that were saved under that name; empty if there are none."""
    found: dict[str, Any] = all_kept().get(name, {})
    return found


def all_kept() -> dict[str, dict[str, Any]]:
    """All saved results by name."""
    path = _bench_file()
    return json.loads(path.read_text()) if path.exists() else {}


def _bench_file() -> Path:
    return Path(os.environ.get("DATA_DIR") or ROOT / "var") / "bench.json"
