"""`manage.py rename_organization SLUG NAME`: change the name of an organization."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.activity.source import coming_from, source_of_command
from accounts.labels import LabelField
from accounts.management.organization_arguments import add_slug, find_organization
from accounts.organizations.operators import rename_by_operator


class Command(BaseCommand):
    help = "Change the name of an organization. Its slug stays, so that links keep working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_slug(parser)
        parser.add_argument("name", help="the new name")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = find_organization(options["slug"])
        try:
            name = LabelField(max_length=150).clean(options["name"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        with coming_from(source_of_command("rename_organization")):
            rename_by_operator(organization, name, by=None)
        self.stdout.write(f"{organization.name} is now called {name}.")
