"""`manage.py resume_organization SLUG`: end the suspension of an organization."""

from __future__ import annotations

from typing import Any

from accounts.management.organization_command import OrganizationCommand
from accounts.models import Organization
from accounts.organizations.operators import resume_organization


class Command(OrganizationCommand):
    help = "End the suspension of an organization. Imports and emails that waited go on within seconds."

    def change(self, organization: Organization, options: dict[str, Any]) -> str:
        was_suspended = resume_organization(organization, by=None)
        return f"{organization.name} {'is resumed' if was_suspended else 'was not suspended'}."
