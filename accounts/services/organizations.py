"""Founding an organization: its three default roles come with it."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Organization, Role
from accounts.permissions import ALL_PERMISSIONS, USER_ADMINISTRATION, Permission

ORG_ADMIN = "Org Admin"
PROJECT_MANAGER = "Project manager"
READ_ONLY = "ReadOnly"

DEFAULT_ROLES: tuple[tuple[str, str, frozenset[str]], ...] = (
    (ORG_ADMIN, "Everything, also inviting and managing users.", ALL_PERMISSIONS),
    (PROJECT_MANAGER, "Everything except inviting and managing users.", ALL_PERMISSIONS - USER_ADMINISTRATION),
    (READ_ONLY, "Sees everything on their sites, changes nothing.", frozenset({Permission.VIEW_WORK.value})),
)


@transaction.atomic
def create_organization(name: str, slug: str) -> Organization:
    """A new organization with the roles Org Admin, Project manager and ReadOnly."""
    organization = Organization.objects.create(name=name, slug=slug)
    Role.objects.bulk_create(
        Role(
            organization=organization,
            name=role_name,
            description=description,
            permissions=in_order(permissions),
            is_default=True,
            position=position,
        )
        for position, (role_name, description, permissions) in enumerate(DEFAULT_ROLES, start=1)
    )
    return organization


def rename_organization(organization: Organization, name: str) -> None:
    """Changes the name; the address stays, for people have bookmarks."""
    organization.name = name
    organization.save(update_fields=["name"])


def in_order(permissions: frozenset[str]) -> list[str]:
    """The permissions as a role stores them: in the order in which pages show them."""
    return [name for name in Permission.values if name in permissions]
