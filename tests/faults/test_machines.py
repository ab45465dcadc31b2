"""Several worker machines on one PostgreSQL and one Redis: they share a batch, and each of them can be lost or stopped."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.harness.deployment import Machine
from config.harness.postgres import PostgresServer
from config.harness.redis_server import RedisServer
from config.harness.running import wait_for
from tests.faults.conftest import mailing_by
from tests.faults.mail_servers import CloseMailServer
from tests.files import many
from tests.invites.imports.work import Work
from tests.worker_on_file import WorkerOnFile

PEOPLE = 2_000
CELERY = (sys.executable, "-m", "celery", "-A", "config")


@pytest.fixture
def server() -> Iterator[CloseMailServer]:
    with CloseMailServer() as running:
        yield running


class Machines:
    """Workers and beats by the names of their machines; each machine has a sender and a directory of its own."""

    def __init__(self, work: Work, machine: Machine) -> None:
        self.work = work
        self._machine = machine

    def start_worker(self, name: str, *options: str) -> None:
        command = [*CELERY, "worker", "--hostname", f"worker@{name}", *options]
        self._machine.start(name, command, self._settings(name))
        self._machine.wait_for_line(name, "worker_ready")

    def start_beat(self, name: str) -> None:
        self._machine.start(name, [*CELERY, "beat"], self._settings(name))

    def kill(self, name: str) -> None:
        """As a machine that loses its power, with all that ran on it."""
        self._machine.kill(name)

    def end(self, name: str) -> int:
        return self._machine.end(name)

    def is_elected(self, name: str) -> bool:
        """Whether the last that became the one beat at work was this machine's."""
        return "schedule_elected" in self._machine.said(name)

    def _settings(self, name: str) -> dict[str, str]:
        directory = self._machine.directory / f"data-{name}"
        directory.mkdir(exist_ok=True)
        return {
            **self.work.worker.settings,
            "DATA_DIR": str(directory),
            "DEFAULT_FROM_EMAIL": f"Rollcall <{name}@example.com>",
            "LOG_LEVEL": "INFO",
        }


@pytest.fixture
def machines(
    tmp_path: Path, postgres: PostgresServer, redis: RedisServer, server: CloseMailServer
) -> Iterator[Machines]:
    """None runs yet."""
    settings = {
        **mailing_by(server),
        "WORKERS": "1",
        "SECRET_KEY": "the-same-on-all-machines-0123456789-0123456789-0123456789",
        "DATABASE_URL": postgres.new_database(),
        "REDIS_URL": redis.url,
    }
    with WorkerOnFile(tmp_path, broker=redis, **settings) as first, Machine(tmp_path) as machine:
        first.kill_worker()
        yield Machines(Work(first, tmp_path), machine)


def check_the_ledger(machines: Machines, batch: int, server: CloseMailServer, *, twice: int) -> None:
    """Everybody was invited once, and at most so many were mailed twice."""
    machines.work.wait_for_end(batch)
    report = machines.work.report(batch)
    assert (report["rows"], report["invited"], report["failed"]) == (PEOPLE, PEOPLE, 0)
    assert machines.work.ask(f"SELECT count(DISTINCT email_key) FROM invites_invitation WHERE batch_id = {batch}") == [
        PEOPLE
    ]
    mails = Counter(server.taken)
    assert len(mails) == PEOPLE
    assert mails.total() - PEOPLE <= twice
    assert all(len(set(links)) == 1 for links in server.links.values())


def test_two_machines_share_a_batch(machines: Machines, server: CloseMailServer) -> None:
    machines.start_worker("lyon", "--beat")
    machines.start_worker("ghent", "--beat")

    batch = machines.work.invite(many(PEOPLE))

    check_the_ledger(machines, batch, server, twice=0)
    shares = Counter(server.senders.values())
    assert set(shares) == {"lyon@example.com", "ghent@example.com"}
    assert min(shares.values()) >= PEOPLE // 10, shares


def test_the_other_machine_takes_over_when_one_is_lost_with_the_queue(
    machines: Machines, server: CloseMailServer, redis: RedisServer
) -> None:
    machines.start_worker("lyon", "--beat")
    wait_for(lambda: machines.is_elected("lyon"), what="beat at work")
    machines.start_worker("ghent", "--beat")
    batch = machines.work.invite(many(PEOPLE))
    server.wait_for_mails(200)

    redis.stop()
    redis.lose_everything()
    machines.kill("lyon")
    held = machines.work.held(batch)
    redis.start()

    assert held
    machines.work.wait_until_taken_up(batch, held, seconds=30)
    check_the_ledger(machines, batch, server, twice=1)


def test_a_worker_hands_back_its_work_on_sigterm(machines: Machines, server: CloseMailServer) -> None:
    machines.start_worker("lyon", "--beat")
    batch = machines.work.invite(many(PEOPLE))
    server.wait_for_mails(100)

    began = time.monotonic()
    status = machines.end("lyon")

    assert (status, time.monotonic() - began < 15) == (0, True)
    assert len(server.taken) < PEOPLE
    held = f"SELECT count(*) FROM invites_batchchunk WHERE batch_id = {batch} AND claimed_until > now() AND stage <> 'done'"
    assert machines.work.ask(held) == [0], "Nobody has to wait until a claim expires."
    machines.start_worker("ghent", "--beat")
    check_the_ledger(machines, batch, server, twice=0)


def test_the_other_beat_finds_lost_work_when_the_active_one_is_killed(
    machines: Machines, server: CloseMailServer, redis: RedisServer
) -> None:
    machines.start_beat("first")
    wait_for(lambda: machines.is_elected("first"), what="beat at work")
    machines.start_beat("second")
    machines.start_worker("lyon")
    batch = machines.work.invite(many(PEOPLE))
    server.wait_for_mails(1)
    assert not machines.is_elected("second")

    # Otherwise it would enqueue what is left itself.
    machines.end("lyon")
    machines.kill("first")
    redis.client.delete("celery", "unacked", "unacked_index")
    machines.start_worker("ghent")

    wait_for(lambda: machines.is_elected("second"), what="other beat at work", seconds=15)
    check_the_ledger(machines, batch, server, twice=0)
