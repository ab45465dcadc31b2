"""Runs the whole product in processes of its own, for tests and benchmarks."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import TypeVar

import psycopg
import redis
from psycopg import sql

from config.harness.commands import CommandProcess
from config.harness.prepared import demo_password, prepared

ROOT = Path(__file__).resolve().parents[2]
UP = ("manage.py", "up")
START_SECONDS = 120
STOP_SECONDS = 60

# Nothing that a browser does beside showing the pages.
CHROMIUM_FLAGS = [
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]

# Tests run beside each other, so an email would wait for minutes if a worker gave way to all of them.
ON_A_BUSY_MACHINE = {"WORKER_NICE": "0"}
# The prepared demo has such passwords.
FAST_PASSWORDS = {"DJANGO_SETTINGS_MODULE": "config.harness.settings"}

Found = TypeVar("Found")


def free_port() -> int:
    """A free TCP port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(found: Callable[[], Found | None], *, what: str, seconds: float = 120) -> Found:
    """Wait until `found` returns something true, and return it. Fails with `what` after the timeout."""
    began = time.monotonic()
    while True:
        result = found()
        if result:
            return result
        waited = time.monotonic() - began
        if waited > seconds:
            raise AssertionError(f"After {seconds:.0f} s there was still no {what}.")
        # A test that waits long asks less often, because what it waits for needs the processor.
        time.sleep(min(0.05 + waited / 50, 0.2))


def ignore_sigint() -> None:
    """For `preexec_fn`: start the process as a shell starts background jobs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def heed_sigint() -> None:
    """For `preexec_fn`: start the process as from a terminal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def find_chromium() -> str | None:
    """The browser of the CHROMIUM variable, or the first that is installed."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    # Without windows, opening a page takes a quarter of the processor time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


# As long as a secret key has to be.
LONG_KEY = "a-secret-key-for-this-test-and-nothing-else-0123456789"


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment without settings of the product, except for those given."""
    from_outside = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "CHROMIUM")
    kept = {name: os.environ[name] for name in from_outside if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **settings}


def servers_of_its_own() -> dict[str, str]:
    """Settings for a new PostgreSQL database and an empty Redis if .ci/with-servers has started them; else empty."""
    settings = {}
    if server := os.environ.get("STACK_DATABASE_URL"):
        name = f"stack_{secrets.token_hex(8)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        settings["DATABASE_URL"] = f"{server.rpartition('/')[0]}/{name}"
    if server := os.environ.get("STACK_REDIS_URL"):
        # Tests that run at the same time have a database of Redis for each of their processes: gw0 has 0.
        number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        server = f"{server.rpartition('/')[0]}/{number}"
        redis.Redis.from_url(server).flushdb()
        settings["REDIS_URL"] = server
    return settings


def processes_that_mention(text: str) -> dict[int, str]:
    """Process id and command line of every process that has `text` in its command line or environment."""
    found = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = (directory / "cmdline").read_bytes()
            if text.encode() in command + (directory / "environ").read_bytes():
                found[int(directory.name)] = command.replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
    return {pid: command for pid, command in found.items() if command and pid != os.getpid()}


def is_alive(pid: int) -> bool:
    """Whether the process exists and isn't a zombie."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def children_of(pid: int) -> set[int]:
    """Its living child processes."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return {int(child) for child, parent in map(str.split, listed.splitlines()) if int(parent) == pid}


@dataclass(frozen=True)
class Mail:
    """One message of the development inbox."""

    to: str
    subject: str
    text: str
    html: str
    reply_to: str = ""


def copy_prepared_data(data_dir: Path, *, demo: bool) -> None:
    """Fill a new data directory with a migrated SQLite database, so that the product starts quickly on it."""
    source = prepared("demo", _prepare_demo) if demo else prepared("migrated", _prepare_database)
    shutil.copytree(source, data_dir, dirs_exist_ok=True)


def copy_prepared_database(path: Path) -> None:
    """Only the database of the product, without the demo."""
    shutil.copy(prepared("migrated", _prepare_database) / "rollcall.sqlite3", path)


def _prepare_database(data_dir: Path) -> None:
    done = run_manage("migrate", "--verbosity=0", DATA_DIR=str(data_dir), DEBUG="1")
    assert done.returncode == 0, done.stderr


def _prepare_demo(data_dir: Path) -> None:
    copy_prepared_data(data_dir, demo=False)
    settings = {"DATA_DIR": str(data_dir), "DEBUG": "1", "DEMO_PASSWORD": demo_password(), **FAST_PASSWORDS}
    done = run_manage("seed_demo", "--quiet", **settings)
    assert done.returncode == 0, done.stderr


def read_inbox(directory: Path, to: str | None = None) -> list[Mail]:
    """The messages kept below `directory`, or those to one address, oldest first."""
    return [_read_mail(path) for path in _messages_below(directory) if to is None or _recipient_of(path) == to]


def read_recipients(directory: Path) -> list[str]:
    """To whom the messages kept below `directory` went, oldest first. Much faster than reading thousands of them."""
    return [_recipient_of(path) for path in _messages_below(directory)]


def _messages_below(directory: Path) -> list[str]:
    """Their paths, oldest first. `Path.glob` takes ten times as long, and tests look many times."""
    names = os.listdir(directory) if directory.exists() else []
    return [f"{directory}/{name}" for name in sorted(names) if name.endswith(".json")]


# A message never changes once it is there, and a test that waits for one looks at all of them many times.
@cache
def _recipient_of(path: str) -> str:
    recipients = json.loads(Path(path).read_text())["to"]
    return str(recipients[0]) if recipients else ""


@cache
def _read_mail(path: str) -> Mail:
    raw = Path(path).with_suffix(".eml").read_bytes()
    message: EmailMessage = message_from_bytes(raw, policy=policy.default)
    parts = {
        part.get_content_type(): part.get_content() for part in message.walk() if part.get_content_maintype() == "text"
    }
    subject = str(json.loads(Path(path).read_text())["subject"])
    return Mail(
        _recipient_of(path),
        subject,
        text=parts.get("text/plain", ""),
        html=parts.get("text/html", ""),
        reply_to=str(message.get("Reply-To", "")),
    )


class Stack:
    """`manage.py up` as a user runs it: `url`, `password` of the demo's admins, `inbox()`, `manage(...)`."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.password = demo_password()
        self.settings = {
            "DATA_DIR": str(data_dir),
            "PORT": str(self.port),
            "DEMO_PASSWORD": self.password,
            **ON_A_BUSY_MACHINE,
            **FAST_PASSWORDS,
            **servers_of_its_own(),
            **settings,
        }
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self._commands = CommandProcess(clean_environment(**{**self.settings, "DEBUG": "1"}))

    def start(
        self,
        *,
        wait: bool = True,
        ignoring_sigint: bool = False,
        from_nothing: bool = False,
        command: Sequence[str] = (sys.executable, *UP),
    ) -> None:
        """Starts everything; returns when the line that says where to go was printed.

        `ignoring_sigint`: as a shell starts what runs in its background. Unless it starts `from_nothing`, its SQLite
        database is migrated already.
        """
        if not from_nothing and "DATABASE_URL" not in self.settings and not self.data_dir.exists():
            copy_prepared_data(self.data_dir, demo=True)
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=clean_environment(**self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=ignore_sigint if ignoring_sigint else heed_sigint,
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> str:
        """Wait for the line with the URL and the password, and return it."""

        def ready() -> str | None:
            assert self.process is not None
            line = next((line for line in self.lines if line.startswith("Rollcall is at ")), None)
            if line is None and self.process.poll() is not None:
                raise AssertionError("`manage.py up` ended early:\n" + "\n".join(self.lines))
            return line

        return wait_for(ready, what=f"running product: {self.lines}", seconds=START_SECONDS)

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Stop everything, as Ctrl-C does. Returns the exit status. Fails if a process is left."""
        assert self.process is not None
        self._commands.close()
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(STOP_SECONDS)
        finally:
            for pid in processes_that_mention(str(self.data_dir)):
                if self.process.poll() is None:
                    os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not self.processes(), what=f"end of {self.processes()}", seconds=10)
        return status

    def processes(self) -> dict[int, str]:
        """The processes of this stack that still run."""
        return processes_that_mention(str(self.data_dir))

    def get(self, path: str) -> str:
        """The body at `path`, without signing in."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return str(answer.read().decode())

    def inbox(self, to: str | None = None) -> list[Mail]:
        """The mails sent so far, oldest first; only those to one address, if given."""
        return read_inbox(self.data_dir / "mail", to)

    def recipients(self) -> list[str]:
        """To whom the mails sent so far went, oldest first."""
        return read_recipients(self.data_dir / "mail")

    def wait_for_mail(self, to: str, *, seconds: float = 120) -> Mail:
        """Wait for an email to that address, and return the newest one."""
        return wait_for(lambda: self.inbox(to), what=f"mail to {to}", seconds=seconds)[-1]

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of manage.py beside the stack, on the same data."""
        return self._commands.run(*arguments)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))


def run_manage(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of manage.py with exactly these settings."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean_environment(**settings),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
