"""A real worker on a database of its own, and its broker."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import redis

from config.devserver import embedded_broker
from config.harness.commands import CommandProcess
from config.harness.running import (
    ON_A_BUSY_MACHINE,
    ROOT,
    START_SECONDS,
    Mail,
    clean_environment,
    copy_prepared_data,
    read_inbox,
    read_recipients,
    run_manage,
    wait_for,
)


class Broker(Protocol):
    """A queue that a test may break; `client` looks into it while it runs."""

    client: redis.Redis

    def start(self) -> None:
        """Start it, if it isn't running."""

    def stop(self) -> None: ...

    def lose_everything(self) -> None:
        """Delete all data, also on disk. It must not be running."""


class EmbeddedValkey:
    """The broker of a data directory, as `manage.py up` starts it."""

    def __init__(self, data_dir: Path) -> None:
        self.client: redis.Redis = redis.Redis(unix_socket_path=str(embedded_broker.socket_path(data_dir)))
        self._data_dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        if self._process is not None:
            return
        self._process = subprocess.Popen(embedded_broker.valkey_command(self._data_dir), stdout=subprocess.DEVNULL)
        wait_for(lambda: embedded_broker.is_listening(self._data_dir), what="broker")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def lose_everything(self) -> None:
        shutil.rmtree(self._data_dir / "valkey" / "appendonlydir")


class WorkerOnFile:
    """A real Celery worker with beat, an embedded Valkey, and a SQLite file with the demo.

    `broker` is another one than Valkey, with its REDIS_URL among the settings, as a DATABASE_URL may be.
    The test's own process never opens that database: `run(code)` runs Python in a Django process
    there and returns what it printed, `ask(code)` what it printed as JSON. Without `starts`, the test starts the worker.
    """

    def __init__(self, directory: Path, *, broker: Broker | None = None, **settings: str) -> None:
        self.data_dir = directory / "var"
        self.settings = {"DATA_DIR": str(self.data_dir), "DEBUG": "1", **ON_A_BUSY_MACHINE, **settings}
        self.broker = broker or EmbeddedValkey(self.data_dir)
        self.worker: subprocess.Popen[bytes] | None = None
        self.starts = True
        self.log_path = directory / "worker.log"
        self._commands = CommandProcess(clean_environment(**self.settings))

    def __enter__(self) -> WorkerOnFile:
        try:
            if "DATABASE_URL" in self.settings:
                for command in (("migrate", "--verbosity=0"), ("seed_demo", "--quiet")):
                    done = run_manage(*command, **self.settings)
                    assert done.returncode == 0, done.stderr
            else:
                copy_prepared_data(self.data_dir, demo=True)
            # By day, the demo's admin would get a summary of what has expired, among the mails that tests count.
            self.run("from accounts.models import User; User.objects.update(wants_expiry_emails=False)")
            self.broker.start()
            if self.starts:
                self.start_worker()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: Any) -> None:
        self._commands.close()
        if self.worker is not None and self.worker.poll() is None:
            # Ending as it should, it would finish its tasks, and nobody waits for what they do.
            self.kill_worker()
        self.broker.stop()

    def start_worker(self) -> None:
        """Start the worker, and wait until it takes tasks."""
        with self.log_path.open("ab") as log:
            before = log.tell()
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "--skip-checks", "-A", "config", "worker", "-B"],
                cwd=ROOT,
                env=clean_environment(**self.settings),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(
            lambda: "worker_ready" in self.log_path.read_text(errors="replace")[before:],
            what="worker",
            seconds=START_SECONDS,
        )

    def kill_worker(self) -> None:
        """Kill it and all its children, as `kill -9` does."""
        assert self.worker is not None
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of manage.py on this database."""
        return self._commands.run(*arguments)

    def run(self, code: str) -> str:
        """What the Python code printed, run in a Django process on this database."""
        done = self.manage("shell", "--no-imports", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, code: str) -> Any:
        """The JSON on the last line of what the code printed."""
        return json.loads(self.run(code).strip().splitlines()[-1])

    def inbox(self, to: str | None = None) -> list[Mail]:
        """The mails sent so far, oldest first; only those to one address, if given."""
        return read_inbox(self.data_dir / "mail", to)

    def recipients(self) -> list[str]:
        """To whom the mails sent so far went, oldest first."""
        return read_recipients(self.data_dir / "mail")
