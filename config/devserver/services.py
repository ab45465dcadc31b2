"""What `make run` runs: the web server, the worker, and an embedded broker if no other one is configured."""

from __future__ import annotations

import os
import socket
import sys
import urllib.request
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, connections

from config.devserver import embedded_broker
from config.devserver.printer import BROKER, WEB, WORKER, Printer
from config.devserver.processes import Service
from config.environment import reached_from_elsewhere
from invites.imports import chunks

HOST = "127.0.0.1"


def build_services(data_dir: Path, printer: Printer) -> list[Service]:
    """The services to run together. Raises CommandError if there is no broker for this machine."""
    web = Service(WEB, web_command(settings.PORT), check=_is_healthy)
    worker = Service(WORKER, _worker_command(), check=printer.worker_is_ready.is_set)
    if os.environ.get("REDIS_URL"):
        return [web, worker]
    if connection.vendor == "sqlite":
        worker.before_start = _expire_claims
    try:
        command = embedded_broker.valkey_command(data_dir)
    except RuntimeError as error:
        raise CommandError(str(error)) from error
    return [Service(BROKER, command, check=lambda: embedded_broker.is_listening(data_dir), ends_last=True), web, worker]


def _expire_claims() -> None:
    """Let the new worker claim what the last one held: with SQLite and an embedded broker, there is only one worker."""
    try:
        chunks.expire_claims()
    except DatabaseError:
        pass  # The claims expire later.
    finally:
        connections.close_all()


def _is_healthy() -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{settings.PORT}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def check_port(port: int) -> None:
    """Raises CommandError if the port can't be used."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise CommandError(
                f"Port {port} can only be used by root. Choose another one: PORT=8000 make run"
            ) from error
        except OSError as error:
            another = port + 1 if port < 65_535 else 8000
            raise CommandError(
                f"Port {port} is in use by another program. Choose another one, for example: PORT={another} make run"
            ) from error


def build_environment() -> dict[str, str]:
    """The environment of the services: development, unless other machines can reach the product."""
    is_reached = reached_from_elsewhere(settings.BASE_URL, settings.ALLOWED_HOSTS)
    defaults = {
        "DEBUG": "0" if is_reached else "1",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "console",
        "PYTHONUNBUFFERED": "1",
        # In a container the user is root, and this is the developer's own machine.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }
    given = {name: value for name, value in os.environ.items() if value != ""}
    debug = "1" if settings.DEVELOPMENT else "0"
    return {**defaults, **given, **({"DEBUG": debug} if given.get("DEBUG") else {})}


def web_command(port: int) -> list[str]:
    """Runs the web server at that port."""
    options = {
        "--host": HOST,
        "--port": str(port),
        "--log-level": "warning",
        # Progress is streamed while a page is open. Stopping must not wait for that.
        "--timeout-graceful-shutdown": "2",
        "--lifespan": "off",
    }
    parts = [part for option in options.items() for part in option]
    # There is no proxy whose headers could be trusted.
    flags = ["--no-access-log", "--no-server-header", "--no-proxy-headers"]
    return [sys.executable, "-m", "uvicorn", "config.asgi:application", *parts, *flags]


def _worker_command() -> list[str]:
    # Django's checks are for those who change the code: `make lint` runs them.
    return [sys.executable, "-m", "celery", "--quiet", "--skip-checks", "-A", "config", "worker", "--beat"]
