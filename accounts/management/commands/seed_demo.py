"""`manage.py seed_demo`: create the demo. It can be repeated."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.organizations.demo import seed_demo, sign_in_hint


class Command(BaseCommand):
    help = "Create the organizations Acme and Globex with their people. Doing it again changes nothing."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="Say nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        organizations = seed_demo()
        if options["quiet"]:
            return
        for organization in organizations:
            self.stdout.write(f"{organization.name}: {organization.memberships.count()} members")
        if hint := sign_in_hint():
            self.stdout.write(hint)
