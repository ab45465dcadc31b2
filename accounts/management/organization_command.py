"""What commands about one organization share."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.activity.source import coming_from, source_of_command
from accounts.models import Organization


class OrganizationCommand(BaseCommand):
    """A command about the organization with the slug that is its first argument."""

    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the organization's name in URLs, such as acme")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = find_organization(options["slug"])
        with coming_from(source_of_command(self.__module__.rpartition(".")[2])):
            self.stdout.write(self.change(organization, options))

    def change(self, organization: Organization, options: dict[str, Any]) -> str:
        """Do what the command is for. Returns what it prints."""
        raise NotImplementedError


def find_organization(slug: str) -> Organization:
    """Raises CommandError if there is none, or if it is being deleted."""
    organization = Organization.objects.existing().filter(slug=slug.lower()).first() if slug.isascii() else None
    if organization is None:
        known = ", ".join(Organization.objects.existing().order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(f"There is no organization {slug!a}. Organizations: {known or 'none'}.", returncode=2)
    return organization
