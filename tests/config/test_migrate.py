"""A database of an earlier version is refused in one sentence, before anything in it is changed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from config.harness.running import ROOT, clean_environment, copy_prepared_data, free_port, run_manage

SENTENCE = "This database is from an earlier version. Remove var/ to start again."


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A data directory whose database has migrations that this version doesn't know."""
    with closing(sqlite3.connect(tmp_path / "rollcall.sqlite3")) as database, database:
        database.execute("CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT, applied TEXT)")
        applied = [("accounts", "0001_initial"), ("admin", "0001_initial"), ("invites", "0009_authors")]
        database.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (?, ?, '2026-11-01')", applied)
    return tmp_path


@pytest.mark.parametrize("command", ["migrate", "up"])
def test_a_database_of_an_earlier_version_is_refused(earlier: Path, command: str) -> None:
    environment = clean_environment(DATA_DIR=str(earlier), PORT=str(free_port()))

    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert done.stderr.strip().endswith(SENTENCE)
    assert "Traceback" not in done.stderr
    with closing(sqlite3.connect(earlier / "rollcall.sqlite3")) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"django_migrations"}


def test_a_database_of_a_later_version_is_not_mistaken_for_an_earlier_one(tmp_path: Path) -> None:
    copy_prepared_data(tmp_path, demo=False)
    with closing(sqlite3.connect(tmp_path / "rollcall.sqlite3")) as database, database:
        database.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('invites', '0099_later', '2026')")

    done = run_manage("migrate", DATA_DIR=str(tmp_path))

    assert (done.returncode, done.stderr) == (0, "")
