"""Runs the commands in docs/deploy.md and compose.yaml as they are written: a file goes in, and emails come out.

Only addresses and paths differ, and PostgreSQL doesn't run as root. Docker isn't needed: a service is a process with
the environment in compose.yaml, and aiosmtpd takes the place of the mail catcher, which has its own image.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.harness.deployment import CATCHER, Machine, as_postgres, caught, compose, documented
from config.harness.postgres import PostgresServer, binaries
from config.harness.running import ON_A_BUSY_MACHINE, free_port, wait_for
from config.harness.visitor import Visitor
from tests.files import many

PEOPLE = 30
KEY = "a-key-for-this-test-and-for-nothing-else-0123456789"
PROGRAMS = binaries()
PATH = f"{Path(sys.executable).parent}:{PROGRAMS}:{os.environ['PATH']}"

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="no PostgreSQL: apt install postgresql")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with Machine(tmp_path) as machine:
        yield machine


def answers(url: str, *, host: str = "127.0.0.1") -> bool:
    """Whether the product there is ready, database and queue and all."""
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/readyz", headers={"Host": host})) as answer:
            return bool(json.load(answer)["ready"])
    except (OSError, urllib.error.HTTPError):
        return False


def server_header(url: str, *, host: str) -> str | None:
    """What the server says that it is."""
    with urllib.request.urlopen(urllib.request.Request(f"{url}/healthz", headers={"Host": host})) as answer:
        found: str | None = answer.headers["Server"]
        return found


def whole_journey(visitor: Visitor, machine: Machine, *, email: str, password: str) -> None:
    """Signs in, imports a file, and waits until everybody in it was mailed."""
    visitor.sign_in(email, password)
    visitor.import_file(many(PEOPLE), organization="acme")

    wait_for(lambda: len(list((machine.directory / "mail" / "new").glob("*"))) >= PEOPLE, what="emails")
    # The banner, which is on every page except that of the import.
    wait_for(
        lambda: f"{PEOPLE} users were invited" in visitor.get("/o/acme/batches/").text,
        what="end of the batch",
    )

    # By day, the demo's admin also gets a summary of what has expired.
    mailed = [to for to in caught(machine.directory / "mail") if to != email]
    assert mailed == sorted(f"person{number}@people.example.com" for number in range(PEOPLE))


def test_the_documented_commands_run_the_product(machine: Machine) -> None:
    web, postgres, redis, mail = (free_port() for _ in range(4))
    host = "rollcall.example.org"
    differs = {
        "/var/lib/rollcall/postgres": f"{machine.postgres_directory}/data",
        "/var/lib/rollcall": f"{machine.directory}/rollcall",
        "/etc/rollcall.env": f"{machine.directory}/rollcall.env",
        "127.0.0.1:8000": f"127.0.0.1:{web}",
        "--port 8000": f"--port {web}",
        "5432": str(postgres),
        "6379": str(redis),
        "1025": str(mail),
        "SECRET_KEY=...": f"SECRET_KEY={KEY}",
        "smtp+tls://user:password@mail.example.org:587": f"smtp://127.0.0.1:{mail}",
        ".venv/bin/python": sys.executable,
        "mail-catcher/bin/python": sys.executable,
    }

    def here(command: str) -> str:
        for written, ours in differs.items():
            command = command.replace(written, ours)
        return command

    def commands(heading: str, *, count: int) -> list[str]:
        found = [here(command) for command in documented(heading)]
        assert len(found) == count, found
        return found

    with_settings = here("set -a; . /etc/rollcall.env; set +a; ")
    (machine.directory / "rollcall.env").write_text("\n".join(commands("Settings", count=8)) + "\n")
    initdb, postgres_server, createdb, mkdir, redis_server = commands("PostgreSQL and Redis", count=5)
    machine.run(as_postgres(initdb), {"PATH": PATH}, cwd=Path("/"))
    machine.start("postgres", as_postgres(f"exec {postgres_server}"), {"PATH": PATH}, cwd=Path("/"))
    machine.wait_for_line("postgres", "ready to accept connections")
    machine.run(createdb, {"PATH": PATH})
    machine.run(mkdir)
    machine.start("redis", redis_server)
    *_installed, catcher = commands("A mail catcher", count=3)
    machine.start("mail", catcher, cwd=machine.directory)
    settings, _venv, _pip, *prepare, found_acme = commands("Install, and each new version", count=7)
    assert settings + "; " == with_settings
    for command in prepare:
        machine.run(with_settings + command)
    machine.run(with_settings + found_acme, given="three quiet harbors\n")
    gunicorn, worker, beat, uvicorn = commands("The processes", count=4)

    for name, command in (("web", gunicorn), ("worker", worker), ("beat", beat)):
        machine.start(name, f"{with_settings} exec {command}", {"HOME": str(machine.directory), **ON_A_BUSY_MACHINE})
    url = f"http://127.0.0.1:{web}"
    wait_for(lambda: answers(url, host=host), what="running product")

    assert server_header(url, host=host) == ""
    visitor = Visitor(url, base_url=f"https://{host}")
    whole_journey(visitor, machine, email="ines@acme.example.org", password="three quiet harbors")
    ready, ping = commands("Monitoring", count=2)
    machine.run(ready)
    assert "1 node online" in machine.run(with_settings + ping)
    assert [machine.end(name) for name in ("beat", "worker", "web")] == [0, 0, 0], "All of them stop cleanly."

    # The other web server, with the same data.
    machine.start("uvicorn", f"{with_settings} exec {uvicorn}")
    wait_for(lambda: answers(url, host=host), what="running product")
    assert server_header(url, host=host) == ""
    assert machine.end("uvicorn") == 0
    dump, unescape_formula = (command for command in documented("Backups") if command.startswith("pg_"))
    for command in (dump, unescape_formula):
        machine.run(with_settings + here(command), {"PATH": PATH}, cwd=machine.directory)


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    assert PROGRAMS is not None
    with PostgresServer(PROGRAMS) as server:
        yield server


def test_every_service_of_compose_runs_as_a_process(machine: Machine, postgres: PostgresServer) -> None:
    web, redis, mail = (free_port() for _ in range(3))
    services = compose(PORT=str(web), SECRET_KEY="", DEMO_PASSWORD="three quiet harbors")["services"]
    differs = {
        "postgres://rollcall:rollcall@postgres:5432/rollcall": postgres.new_database(),
        "redis://redis:6379": f"redis://127.0.0.1:{redis}",
        "smtp://mail:1025": f"smtp://127.0.0.1:{mail}",
        "0.0.0.0:8000": f"127.0.0.1:{web}",
        "127.0.0.1:8000": f"127.0.0.1:{web}",
        "5432": str(postgres.port),
        "6379": str(redis),
        "/data": str(machine.directory),
    }

    def here(text: Any) -> str:
        return re.sub("|".join(map(re.escape, differs)), lambda found: differs[found[0]], str(text))

    def environment(name: str) -> dict[str, str]:
        given = {key: here(value) for key, value in services[name].get("environment", {}).items()}
        return {
            **ON_A_BUSY_MACHINE,
            **given,
            "PATH": PATH,
            "HOME": str(machine.directory),
            "HOSTNAME": os.uname().nodename,
        }

    def command(name: str) -> list[str]:
        return [here(part) for part in services[name]["command"]]

    def is_healthy(name: str) -> None:
        kind, *check = services[name]["healthcheck"]["test"]
        parts = [here(part) for part in check]
        machine.run(["sh", "-c", *parts] if kind == "CMD-SHELL" else parts, environment(name))

    is_healthy("postgres")
    machine.start(
        "redis", [*command("redis"), "--bind", "127.0.0.1", "--port", str(redis), "--dir", str(machine.directory)]
    )
    wait_for(_passes(lambda: is_healthy("redis")), what="Redis")
    machine.start("mail", f"exec {CATCHER} --listen 127.0.0.1:{mail} {machine.directory}/mail")
    told = machine.run(command("prepare"), environment("prepare"))
    assert "Sign in as admin@example.com with the password three quiet harbors" in told
    for name in ("web", "worker", "beat"):
        machine.start(name, command(name), environment(name))
    wait_for(lambda: answers(f"http://127.0.0.1:{web}"), what="running product")
    is_healthy("web")

    visitor = Visitor(f"http://127.0.0.1:{web}")
    whole_journey(visitor, machine, email="admin@example.com", password="three quiet harbors")

    is_healthy("worker")
    assert [machine.end(name) for name in ("beat", "worker", "web")] == [0, 0, 0], "All of them stop cleanly."


def _passes(check: Callable[[], None]) -> Callable[[], bool]:
    def passes() -> bool:
        try:
            check()
        except AssertionError:
            return False
        return True

    return passes


def test_the_documented_processes_are_those_of_compose() -> None:
    services = compose()["services"]

    def processes(commands: list[list[str]]) -> list[list[str]]:
        return [[part for part in command if not part.endswith(("python", ":8000"))] for command in commands]

    written = [shlex.split(command) for command in documented("The processes")]
    assert processes(written)[:3] == processes([services[name]["command"] for name in ("web", "worker", "beat")])
    redis = next(shlex.split(each) for each in documented("PostgreSQL and Redis") if each.startswith("redis-server"))
    assert set(services["redis"]["command"]) <= set(redis)
