"""A PostgreSQL server for tests that break it."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.harness.running import free_port

USER = "rollcall"


def binaries() -> Path | None:
    """The directory with the programs of the newest installed version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class PostgresServer:
    """A cluster in a temporary directory. Its data is on disk, so that it survives a restart."""

    def __init__(self, programs: Path) -> None:
        self.port = free_port()
        self._programs = programs
        self._directory = Path(tempfile.mkdtemp(prefix="rollcall-postgres-"))
        # PostgreSQL refuses to be run by root.
        self._owner = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        shutil.chown(self._directory, self._owner)

    def __enter__(self) -> PostgresServer:
        how = ("-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8")
        self._run("initdb", "-D", str(self._data), *how)
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c autovacuum_naptime=5s -k {self._directory}"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._directory / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Kill it, as a power failure would."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    @property
    def version(self) -> str:
        with psycopg.connect(f"{self._url}/postgres") as connection:
            return connection.info.parameter_status("server_version") or ""

    def new_database(self) -> str:
        """The URL of an empty database."""
        return self.copy_of(f"{self._url}/template1")

    def copy_of(self, database: str) -> str:
        """The URL of a copy of the database at that URL, which must have no connections."""
        name = f"faults_{secrets.token_hex(8)}"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, database.rpartition("/")[2])
        return f"{self._url}/{name}"

    def drop(self, database: str) -> None:
        """Drop the database, even if there are connections."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)"), database.rpartition("/")[2])

    def _execute(self, statement: sql.SQL, *names: str) -> None:
        with psycopg.connect(f"{self._url}/postgres", autocommit=True) as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    @property
    def _url(self) -> str:
        return f"postgres://{USER}@127.0.0.1:{self.port}"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            cwd="/",
            user=self._owner if os.getuid() == 0 else None,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
