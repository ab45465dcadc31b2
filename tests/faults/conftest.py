"""Real servers and real workers for tests that break them: `make test-faults`. TRIALS says how often each is broken.

They aren't part of `make test`, because each takes minutes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.harness.postgres import PostgresServer, binaries
from config.harness.redis_server import RedisServer, program
from tests.invites.imports.work import Work
from tests.invites.mailing.mail_server import MailServer
from tests.worker_on_file import WorkerOnFile

TRIALS = int(os.environ.get("TRIALS", "20"))
# For what goes wrong in fewer ways, or TRIALS=200 would take longer than a night.
FEWER = min(TRIALS, 20)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL: apt install postgresql")
    with PostgresServer(programs) as server:
        yield server


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    if program() is None:
        pytest.skip("no Redis: apt install redis-server")
    with RedisServer() as server:
        yield server


@pytest.fixture
def server() -> Iterator[MailServer]:
    """Takes every mail until it is told otherwise, and counts."""
    with MailServer() as running:
        yield running


def mailing_by(server: MailServer) -> dict[str, str]:
    """The recovery task comes as often as it does by itself: within how long work goes on depends on it.

    The worker gives way a little, so that pages are fast, but goes on if the machine is busy.
    """
    url = f"smtp://127.0.0.1:{server.port}"
    return {"EMAIL_URL": url, "EMAIL_TIMEOUT": "3", "WORKERS": "2", "WORKER_NICE": "5"}


@pytest.fixture(params=["embedded", "servers"])
def work(request: pytest.FixtureRequest, tmp_path: Path, server: MailServer) -> Iterator[Work]:
    """A worker with two children that mails by `server`: on SQLite and Valkey, and on PostgreSQL and Redis."""
    if request.param == "servers":
        yield request.getfixturevalue("work_on_servers")
        return
    with WorkerOnFile(tmp_path, broker=None, **mailing_by(server)) as worker:
        yield Work(worker, tmp_path)


@pytest.fixture
def work_on_servers(tmp_path: Path, postgres: PostgresServer, redis: RedisServer, server: MailServer) -> Iterator[Work]:
    """The same where a test is about what only servers have, or needs them to itself."""
    servers = {"DATABASE_URL": postgres.new_database(), "REDIS_URL": redis.url}
    with WorkerOnFile(tmp_path, broker=redis, **mailing_by(server), **servers) as worker:
        yield Work(worker, tmp_path)
