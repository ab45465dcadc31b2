"""How long whole imports of different sizes take: `python -m benchmarks.scaling`, or `make bench-scaling`.

Measures from the upload until everyone is invited and emailed, on PostgreSQL and Redis, with the web and worker
processes of docs/deploy.md and a mail server that accepts everything immediately. Meanwhile, a user opens pages. Each
combination of rows and workers has its own database, and its result is saved immediately: after an interruption, the
next run continues, and `--again` starts over. What wouldn't finish within `--minutes` is left for the next run.

    python -m benchmarks.scaling --rows 1000 10000 --workers 1 2
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg

from benchmarks import report
from benchmarks.files import people, write_file
from benchmarks.mail_sink import MailSink
from benchmarks.rounds import keep, kept, say
from config.harness.deployment import Machine
from config.harness.postgres import PostgresServer, binaries
from config.harness.redis_server import RedisServer
from config.harness.running import free_port, wait_for
from config.harness.visitor import Visitor

ROWS = (1_000, 10_000, 100_000, 1_000_000)
WORKERS = (1, 2, 4)
PASSWORD = "four quiet harbors"  # noqa: S105 - of a database that is thrown away
# The most expensive pages of the organization that is inviting.
PAGES = ("/o/acme/users/", "/o/acme/users/?q=berg", "/o/acme/batches/", "/o/acme/users/?status=pending")
PAUSE_SECONDS = 0.2
MOST_SECONDS = 3_600
FEWEST_PAGES = 40
STARTING_SECONDS = 20


@dataclass(frozen=True)
class Run:
    """One import: the seconds from pressing the button to each moment, and the milliseconds of page views meanwhile."""

    rows: int
    workers: int
    uploaded: float
    checked: float
    invited: float
    mailed: float
    pages: int
    page_median: float | None
    page_p95: float | None


class Reader(threading.Thread):
    """A signed-in user who opens one page after the other. `seconds` is how long each took."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__(daemon=True)
        self.seconds: list[float] = []
        self.trouble: Exception | None = None
        self._visitor = visitor
        self._ended = threading.Event()

    def run(self) -> None:
        for page in itertools.cycle(PAGES):
            if self._ended.wait(PAUSE_SECONDS):
                return
            began = time.perf_counter()
            try:
                self._visitor.get(page)
            except Exception as trouble:
                self.trouble = trouble
                return
            self.seconds.append(time.perf_counter() - began)

    def end(self) -> list[float]:
        """Stop, and return what was measured. Raises the error that ended it, if any."""
        self._ended.set()
        self.join()
        if self.trouble:
            raise self.trouble
        return self.seconds


class Servers:
    """PostgreSQL, Redis and the mail server, and a database with the demo. Each import gets a copy of it."""

    def __init__(self, postgres: PostgresServer, redis: RedisServer, sink: MailSink, machine: Machine) -> None:
        self.machine = machine
        self._postgres = postgres
        self._redis = redis
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._template = postgres.new_database()
        self._settings = {
            "BASE_URL": self.url,
            "SECRET_KEY": "a-key-for-these-measurements-and-for-nothing-else-at-all",
            "REDIS_URL": redis.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
            "DATA_DIR": str(machine.directory / "data"),
            "DEMO_PASSWORD": PASSWORD,
            "LOG_LEVEL": "WARNING",
            "MAX_ROWS": "10000000",
            "MAX_UPLOAD_MB": "1000",
            "INVITATIONS_PER_DAY": "100000000",
            "INVITATIONS_PER_INVITER_PER_DAY": "100000000",
        }
        for command in (["migrate"], ["collectstatic", "--noinput"], ["seed_demo"]):
            machine.run([sys.executable, "manage.py", *command], self._with(self._template))

    @contextmanager
    def product(self, *, workers: int) -> Iterator[str]:
        """Run web, beat and so many workers with one process each. Yields the URL of their database."""
        database = self._postgres.copy_of(self._template)
        self._redis.client.flushall()
        settings = self._with(database)
        celery = [sys.executable, "-m", "celery", "-A", "config"]
        names = [f"worker{number}" for number in range(workers)]
        web = ["-m", "gunicorn", "config.asgi:application", "--worker-class", "asgi", "--workers", "2"]
        self.machine.start("web", [sys.executable, *web, "--bind", f"127.0.0.1:{self.port}"], settings)
        for name in names:
            self.machine.start(name, [*celery, "worker", "--concurrency", "1", "--hostname", f"{name}@bench"], settings)
        self.machine.start("beat", [*celery, "beat"], settings)
        try:
            for name in names:
                self.machine.wait_for_line(name, "worker_ready")
            wait_for(lambda: Visitor(self.url).is_answered("/readyz"), what="web process", seconds=60)
            yield database
        finally:
            for name in ("beat", *names, "web"):
                self.machine.end(name)
            self._postgres.drop(database)

    def _with(self, database: str) -> dict[str, str]:
        return {**self._settings, "DATABASE_URL": database}


def measure(servers: Servers, path: Path, *, rows: int, workers: int) -> Run:
    with servers.product(workers=workers) as database, psycopg.connect(database, autocommit=True) as connection:
        admin, reading = Visitor(servers.url), Visitor(servers.url)
        for visitor in (admin, reading):
            visitor.sign_in("admin@example.com", PASSWORD)
        for page in PAGES * 2:  # Nobody's first page counts.
            reading.get(page)
        content = path.read_bytes()
        reader = Reader(reading)
        reader.start()
        began = time.time()
        batch = admin.import_file(content, organization="acme")
        uploaded = time.time() - began
        ended = "SELECT 1 FROM invites_batch WHERE id = %s AND state = 'done'"
        wait_for(lambda: connection.execute(ended, [batch]).fetchone(), what="end of the batch", seconds=MOST_SECONDS)
        pages = reader.end()
        checked, invited, mailed = _moments(connection, batch, rows=rows)
    return Run(
        rows=rows,
        workers=workers,
        uploaded=round(uploaded, 2),
        checked=round(checked - began, 2),
        invited=round(invited - began, 2),
        mailed=round(mailed - began, 2),
        pages=len(pages),
        page_median=_milliseconds(median(pages)) if len(pages) >= FEWEST_PAGES else None,
        page_p95=_milliseconds(quantiles(pages, n=20)[-1]) if len(pages) >= FEWEST_PAGES else None,
    )


def _moments(connection: psycopg.Connection[Any], batch: int, *, rows: int) -> tuple[float, float, float]:
    """When the file was checked, the last person invited, and the last person emailed. Fails unless everyone was."""
    counts = "SELECT count(*), count(*) FILTER (WHERE mail_state = 'sent') FROM invites_invitation WHERE batch_id = %s"
    found = connection.execute(counts, [batch]).fetchone()
    if found != (rows, rows):
        raise AssertionError(f"Of {rows:,} people, {found} were invited and emailed.")
    moments = """
        SELECT extract(epoch FROM checked_at), extract(epoch FROM ended_at),
               (SELECT extract(epoch FROM max(created_at)) FROM invites_invitation WHERE batch_id = batch.id)
        FROM invites_batch AS batch WHERE id = %s"""
    told = connection.execute(moments, [batch]).fetchone()
    assert told is not None
    checked, mailed, invited = map(float, told)
    return checked, invited, mailed


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1_000, 1)


def measure_all(programs: Path, wanted: Iterable[tuple[int, int]], *, ends: float) -> None:
    """Measure each combination of rows and workers that can finish before `ends`, the smallest first."""
    with (
        tempfile.TemporaryDirectory(prefix="rollcall-bench-") as directory,
        PostgresServer(programs) as postgres,
        RedisServer() as redis,
        MailSink() as sink,
        Machine(Path(directory)) as machine,
    ):
        servers = Servers(postgres, redis, sink, machine)
        for rows, workers in sorted(wanted):
            known = _known()
            seconds = _expected(known, rows=rows, workers=workers)
            if time.monotonic() + seconds > ends:
                say(f"{rows:>9,} rows, {workers} workers: left for the next run (about {seconds:.0f} s)")
                continue
            path = Path(directory) / f"{rows}.csv"
            if not path.exists():
                write_file(path, people(rows, bad=0))
            run = measure(servers, path, rows=rows, workers=workers)
            say(_line(run))
            runs = [*known.values(), asdict(run)]
            keep("scaling", {"machine": _machine(postgres, redis), "runs": runs})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--workers", type=int, nargs="+", default=WORKERS)
    parser.add_argument("--minutes", type=float, default=15, help="start nothing that would exceed this total")
    parser.add_argument("--again", action="store_true", help="discard earlier measurements")
    options = parser.parse_args()
    ends = time.monotonic() + 60 * options.minutes
    if options.again:
        keep("scaling", {})
    wanted = set(itertools.product(options.rows, options.workers)) - set(_known())
    programs = binaries()
    if programs is None:
        sys.exit("There is no PostgreSQL here: apt install postgresql")
    if wanted:
        measure_all(programs, wanted, ends=ends)
    report.write()


def _known() -> dict[tuple[int, int], dict[str, Any]]:
    """What was already measured, by rows and workers."""
    return {(run["rows"], run["workers"]): run for run in kept("scaling").get("runs", [])}


def _expected(known: dict[tuple[int, int], dict[str, Any]], *, rows: int, workers: int) -> float:
    """An estimate of the seconds: as many per row as the largest import so far."""
    measured = [run for run in known.values() if run["workers"] == workers] or list(known.values())
    if not measured:
        return 0
    largest = max(measured, key=lambda run: int(run["rows"]))
    seconds: float = largest["mailed"] * max(1.0, rows / largest["rows"])
    return seconds + STARTING_SECONDS


def _machine(postgres: PostgresServer, redis: RedisServer) -> str:
    python = platform.python_version()
    return (
        f"{date.today():%B %-d, %Y}, {os.cpu_count()} cores, Python {python}, PostgreSQL {postgres.version}, "
        f"Redis {redis.version}"
    )


def _line(run: Run) -> str:
    pages = f", pages p95 {run.page_p95:.0f} ms" if run.page_p95 is not None else ""
    return (
        f"{run.rows:>9,} rows, {run.workers} workers: uploaded {run.uploaded:.1f} s, checked {run.checked:.1f} s, "
        f"all invited {run.invited:.1f} s, all mailed {run.mailed:.1f} s{pages}"
    )


if __name__ == "__main__":
    main()
