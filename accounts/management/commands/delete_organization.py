"""`manage.py delete_organization SLUG`: delete an organization with everything in it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.management.organization_command import OrganizationCommand
from accounts.models import Organization
from accounts.organizations.operators import delete_organization


class Command(OrganizationCommand):
    help = (
        "Delete an organization with its users, invitations, imports and activity log, and the accounts that belong to "
        "no other organization. This can't be undone. Asks for the slug, unless there is --yes. Nobody sees the "
        "organization from then on, and workers delete it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="don't ask")

    def change(self, organization: Organization, options: dict[str, Any]) -> str:
        members = organization.memberships.count()
        if not options["yes"]:
            self.stderr.write(
                f"This deletes {organization.name} with its users ({members:,}), and can't be undone. "
                f"Type {organization.slug} to delete it:"
            )
            if sys.stdin.readline().strip() != organization.slug:
                raise CommandError("That isn't its slug. Nothing was deleted.")
        delete_organization(organization, by=None)
        return f"Nobody sees {organization.name} anymore. Workers are deleting it."
