"""`manage.py resume_organization SLUG`: end the suspension of an organization."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.activity.source import coming_from, source_of_command
from accounts.management.organization_arguments import add_slug, find_organization
from accounts.organizations.operators import resume_organization


class Command(BaseCommand):
    help = "End the suspension of an organization. Imports and emails that waited go on within seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_slug(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        organization = find_organization(options["slug"])
        with coming_from(source_of_command("resume_organization")):
            was_suspended = resume_organization(organization, by=None)
        self.stdout.write(f"{organization.name} {'is resumed' if was_suspended else 'was not suspended'}.")
