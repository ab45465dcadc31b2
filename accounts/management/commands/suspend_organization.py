"""`manage.py suspend_organization SLUG`: make an organization read-only until it is resumed."""

from __future__ import annotations

from typing import Any

from accounts.management.organization_command import OrganizationCommand
from accounts.models import Organization
from accounts.organizations.operators import suspend_organization


class Command(OrganizationCommand):
    help = (
        "Suspend an organization: its members can look at everything, but nothing can be changed, nothing is sent, and "
        "the links of its invitations don't work. Imports and emails wait until resume_organization."
    )

    def change(self, organization: Organization, options: dict[str, Any]) -> str:
        is_new = suspend_organization(organization, by=None)
        return f"{organization.name} is {'now' if is_new else 'already'} suspended."
