"""Real servers and real workers for tests that break them. `make test-faults`; how often each is broken: TRIALS.

They are no part of `make test`: each takes minutes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.batches.mail_server import MailServer
from tests.batches.work import Work
from tests.faults.postgres import PostgresServer, binaries
from tests.running import WorkerOnFile

TRIALS = int(os.environ.get("TRIALS", "20"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL: apt install postgresql")
    with PostgresServer(programs) as server:
        yield server


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings of a new database, of one kind and then of the other."""
    if request.param == "SQLite":
        return {}
    server: PostgresServer = request.getfixturevalue("postgres")
    return {"DATABASE_URL": server.new_database()}


@pytest.fixture
def server() -> Iterator[MailServer]:
    """Takes every mail until it is told otherwise, and counts."""
    with MailServer() as running:
        yield running


@pytest.fixture
def work(tmp_path: Path, database: dict[str, str], server: MailServer) -> Iterator[Work]:
    """A worker with two children over a Valkey of its own, that mails by `server`."""
    settings = {"EMAIL_URL": f"smtp://127.0.0.1:{server.port}", "EMAIL_TIMEOUT": "3", "WORKERS": "2", **database}
    with WorkerOnFile(tmp_path, **settings) as worker:
        yield Work(worker, tmp_path)


@pytest.fixture
def work_on_postgres(tmp_path: Path, postgres: PostgresServer, server: MailServer) -> Iterator[Work]:
    """The same where the test needs PostgreSQL to itself."""
    settings = {"EMAIL_URL": f"smtp://127.0.0.1:{server.port}", "DATABASE_URL": postgres.new_database()}
    with WorkerOnFile(tmp_path, **settings) as worker:
        yield Work(worker, tmp_path)
