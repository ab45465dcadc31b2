"""`manage.py up`: the whole product on one machine, ready to sign in, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from accounts.organizations.demo import sign_in_hint
from config.devserver.data_directory import end_leftovers, lock, make_run_dir
from config.devserver.printer import Printer
from config.devserver.processes import Supervisor, describe
from config.devserver.services import build_environment, build_services, check_port


class Command(BaseCommand):
    help = "Prepare the data directory, then run web server, worker and (without REDIS_URL) Valkey together."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._run(settings.DATA_DIR)
        except CommandError as error:
            # One sentence, without the name of the exception.
            self.stderr.write(str(error))
            raise SystemExit(1) from error

    def _run(self, data_dir: Path) -> None:
        run_dir = make_run_dir(data_dir)
        held = lock(run_dir)
        left = end_leftovers(run_dir)
        if left:
            self.stderr.write(f"Ended what an earlier run had left behind: {', '.join(left)}.")
        check_port(settings.PORT)
        self._prepare()
        announcement = self._announcement()
        connections.close_all()

        printer = Printer(self.stdout)
        supervisor = Supervisor(
            build_services(data_dir, printer),
            env=build_environment(),
            cwd=settings.BASE_DIR,
            run_dir=run_dir,
            output=printer,
            # Called once the web server answers and the worker takes tasks.
            on_ready=lambda: printer.say(announcement),
        )
        gave_up = supervisor.run()
        held.close()
        if gave_up:
            printer.print_broker_output(gave_up.name)
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
            raise CommandError(f"The database can't be used: {first_line}") from error
        if build_environment()["DEBUG"] == "0":
            call_command("collectstatic", verbosity=0, interactive=False)

    def _announcement(self) -> str:
        hint = sign_in_hint() if settings.DEMO else None
        # Spaces around the address and the password make them easy to copy.
        return " - ".join(filter(None, (f"Rollcall is at {settings.BASE_URL}/", hint, "Ctrl-C ends it.")))
