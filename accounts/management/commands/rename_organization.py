"""`manage.py rename_organization SLUG NAME`: change the name of an organization."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from accounts.labels import LabelField
from accounts.management.organization_command import OrganizationCommand
from accounts.models import Organization
from accounts.organizations.operators import rename_by_operator


class Command(OrganizationCommand):
    help = "Change the name of an organization. Its slug stays, so that links keep working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="the new name")

    def change(self, organization: Organization, options: dict[str, Any]) -> str:
        try:
            name = LabelField(max_length=150).clean(options["name"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        rename_by_operator(organization, name, by=None)
        return f"{organization.name} is now called {name}."
