"""`manage.py export_person ADDRESS`: print everything that is stored about a person."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from invites.management.person_arguments import add_address, address_in
from invites.personal_data.export import export_person


class Command(BaseCommand):
    help = (
        "Print everything that is stored about an email address, in all organizations, as one JSON object: account, "
        "memberships, invitations, rows of imports, results of emails, activity, and blocks."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_address(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        for part in export_person(address_in(options)):
            self.stdout.write(part, ending="")
