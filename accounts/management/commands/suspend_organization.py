"""`manage.py suspend_organization SLUG`: make an organization read-only until it is resumed."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.activity.source import coming_from, source_of_command
from accounts.management.organization_arguments import add_slug, find_organization
from accounts.organizations.operators import suspend_organization


class Command(BaseCommand):
    help = (
        "Suspend an organization: its members can look at everything, but nothing can be changed, nothing is sent, and "
        "the links of its invitations don't work. Imports and emails wait until resume_organization."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_slug(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        organization = find_organization(options["slug"])
        with coming_from(source_of_command("suspend_organization")):
            is_new = suspend_organization(organization, by=None)
        self.stdout.write(f"{organization.name} is {'now' if is_new else 'already'} suspended.")
