"""`manage.py up`: the whole product on one machine, ready to sign in, until Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections

from accounts.organizations.demo import sign_in_hint
from config.devserver import embedded_broker
from config.devserver.processes import Service, Supervisor, describe
from config.environment import reached_from_elsewhere
from invites.imports import chunks

HOST = "127.0.0.1"
WEB, WORKER, BROKER = "web", "worker", "broker"


class Command(BaseCommand):
    help = "Prepare the data directory, then run web server, worker and (without REDIS_URL) Valkey together."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._run(settings.DATA_DIR)
        except CommandError as error:
            # One sentence for people, without the name of a class before it.
            self.stderr.write(str(error))
            raise SystemExit(1) from error

    def _run(self, data_dir: Path) -> None:
        run_dir = _make_run_dir(data_dir)
        lock = _lock(run_dir)
        left = _end_leftovers(run_dir)
        if left:
            self.stderr.write(f"Ended what an earlier run had left behind: {', '.join(left)}.")
        _check_port(settings.PORT)
        self._prepare()
        announcement = self._announcement()
        connections.close_all()

        printer = Printer(self.stdout)
        supervisor = Supervisor(
            _services(data_dir, printer),
            env=_environment(),
            cwd=settings.BASE_DIR,
            run_dir=run_dir,
            output=printer,
            # Once somebody who goes there is served and the worker takes tasks.
            on_ready=lambda: printer.say(announcement),
        )
        gave_up = supervisor.run()
        lock.close()
        if gave_up:
            printer.tell_last_words(gave_up.name)
            raise CommandError(
                f"The {gave_up.name} process {describe(gave_up.status)} {gave_up.starts} times before it was ready, "
                "so everything was stopped."
            )

    def _prepare(self) -> None:
        try:
            call_command("migrate", verbosity=0, interactive=False)
            if settings.DEMO:
                call_command("seed_demo", quiet=True)
        except DatabaseError as error:
            first_line = str(error).strip().splitlines()[0]
            raise CommandError(f"The database cannot be used: {first_line}") from error
        if _environment()["DEBUG"] == "0":
            call_command("collectstatic", verbosity=0, interactive=False)

    def _announcement(self) -> str:
        hint = sign_in_hint() if settings.DEMO else None
        # Blanks around the address and the password: both are there to be copied.
        return " - ".join(filter(None, (f"Rollcall is at {settings.BASE_URL}/", hint, "Ctrl-C ends it.")))


class Printer:
    """Prints the children's lines under their names, and keeps the broker's chatter for when it fails."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._last_words: deque[str] = deque(maxlen=20)
        self.worker_is_ready = threading.Event()

    def line(self, name: str, text: str) -> None:
        if name == BROKER:
            self._last_words.append(text)
        elif name == WORKER and "worker_ready" in text:
            self.worker_is_ready.set()
        elif text and "worker: Warm shutdown" not in text:
            self.notice(name, text)

    def notice(self, name: str, text: str) -> None:
        self.say(f"{name:>6} | {text}")

    def tell_last_words(self, name: str) -> None:
        if name == BROKER:
            for line in self._last_words:
                self.notice(name, line)

    def say(self, line: str) -> None:
        # The terminal that reads this may have been closed. That must not stop an import.
        with self._lock, suppress(OSError):
            self._out.write(line)
            self._out.flush()


def _services(data_dir: Path, printer: Printer) -> list[Service]:
    web = Service(WEB, _web_command(), check=_answers)
    worker = Service(WORKER, _worker_command(), check=printer.worker_is_ready.is_set)
    if os.environ.get("REDIS_URL"):
        return [web, worker]
    if connection.vendor == "sqlite":
        worker.before_start = _free_what_the_dead_held
    try:
        command = embedded_broker.valkey_command(data_dir)
    except RuntimeError as error:
        raise CommandError(str(error)) from error
    return [Service(BROKER, command, check=lambda: embedded_broker.is_listening(data_dir), ends_last=True), web, worker]


def _free_what_the_dead_held() -> None:
    """With a database and a queue of its own this is the only worker, and the one before it is dead."""
    try:
        chunks.expire_claims()
    except DatabaseError:
        pass  # Then the leases run out by themselves.
    finally:
        connections.close_all()


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{settings.PORT}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _make_run_dir(data_dir: Path) -> Path:
    run_dir = data_dir / "run"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        run_dir.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CommandError(f"The data directory {data_dir} cannot be used: {error.strerror}. Set DATA_DIR.") from error
    return run_dir


def _lock(run_dir: Path) -> TextIO:
    """The lock that one living `up` holds on its data directory; the kernel frees it however that ends."""
    file = (run_dir / "up.lock").open("a+")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        raise CommandError(f"Rollcall is running here already: {file.read().strip()}.") from error
    file.seek(0)
    file.truncate()
    file.write(f"{settings.BASE_URL}/ (process {os.getpid()})")
    file.flush()
    return file


def _end_leftovers(run_dir: Path) -> list[str]:
    """Ends processes of an earlier run that was killed so that it could not end them; their names.

    Nearly always they end by themselves a moment after it, so they get that moment.
    """
    left = {}
    for path in run_dir.glob("*.pid"):
        pid = _pid_of_ours(path)
        if pid is None:
            path.unlink(missing_ok=True)
        else:
            left[path.stem] = pid
    for how in (0, signal.SIGTERM, signal.SIGKILL):
        for pid in left.values():
            _signal(pid, how)
        end = time.monotonic() + 4
        while any(_signal(pid, 0) for pid in left.values()) and time.monotonic() < end:
            time.sleep(0.1)
    return sorted(left)


def _pid_of_ours(path: Path) -> int | None:
    """The process that the file names, if it still is one that this project started."""
    try:
        pid = int(path.read_text())
    except (OSError, ValueError):
        return None
    ours = ("config.asgi:application", "celery -A config", "celery --quiet -A config", "valkey")
    return pid if any(name in _command_line(pid) for name in ours) else None


def _command_line(pid: int) -> str:
    """How the process was started; empty for one that has ended."""
    processes = Path("/proc")
    try:
        if (processes / "self").exists():
            return (processes / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return shown.stdout


def _signal(pid: int, how: int) -> bool:
    try:
        os.kill(pid, how)
    except OSError:
        return False
    return bool(_command_line(pid))  # A process that has ended, but was not collected yet, has none.


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise CommandError(f"Port {port} is for root alone. Choose another one: PORT=8000 make run") from error
        except OSError as error:
            another = port + 1 if port < 65_535 else 8000
            raise CommandError(
                f"Port {port} is in use by another program. Choose another one, for example: PORT={another} make run"
            ) from error


def _environment() -> dict[str, str]:
    """What the children are told: development, unless the product is reached under a name of its own."""
    is_reached = reached_from_elsewhere(settings.BASE_URL, settings.ALLOWED_HOSTS)
    defaults = {
        "DEBUG": "0" if is_reached else "1",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "console",
        "PYTHONUNBUFFERED": "1",
        # In a container one is root, and this is one's own machine.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }
    given = {name: value for name, value in os.environ.items() if value != ""}
    debug = "1" if settings.DEVELOPMENT else "0"
    return {**defaults, **given, **({"DEBUG": debug} if given.get("DEBUG") else {})}


def _web_command() -> list[str]:
    options = {
        "--host": HOST,
        "--port": str(settings.PORT),
        "--log-level": "warning",
        # Progress is streamed for as long as a page is open: a stop must not wait for that.
        "--timeout-graceful-shutdown": "2",
        "--lifespan": "off",
    }
    parts = [part for option in options.items() for part in option]
    # There is no proxy before it whose word on the client's address could be taken.
    flags = ["--no-access-log", "--no-server-header", "--no-proxy-headers"]
    return [sys.executable, "-m", "uvicorn", "config.asgi:application", *parts, *flags]


def _worker_command() -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "--beat"]
