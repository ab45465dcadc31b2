"""`manage.py erase_person ADDRESS`: erase everything that is stored about a person."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.activity.source import coming_from, source_of_command
from accounts.errors import DomainError
from invites.management.person_arguments import add_address, address_in
from invites.personal_data.erasure import erase_person


class Command(BaseCommand):
    help = (
        "Erase a person from all organizations: their account and memberships, and their names and address in "
        "invitations, imports and the activity log. This can't be undone. Asks for the address, unless there is --yes. "
        "It can be repeated."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_address(parser)
        parser.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        email = address_in(options)
        if not options["yes"]:
            self.stderr.write(f"This erases {email} everywhere, and can't be undone. Type the address to erase it:")
            if sys.stdin.readline().strip().lower() != email:
                raise CommandError("That isn't the address. Nothing was erased.")
        try:
            with coming_from(source_of_command("erase_person")):
                erased = erase_person(email)
        except DomainError as broken:
            raise CommandError(f"{broken.message} Nothing was erased.") from broken
        if not erased.counts and not erased.unfinished:
            self.stdout.write(f"Nothing is stored about {email}.")
        for what, count in erased.counts.items():
            self.stdout.write(f"Erased: {count:,} {what}")
        if erased.unfinished:
            numbers = ", ".join(map(str, erased.unfinished))
            raise CommandError(
                f"These imports haven't ended, and still have the address: {numbers}. Have them finished or stopped, "
                "and run this again."
            )
