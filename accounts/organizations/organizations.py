"""Create organizations together with their three default roles."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.activity.actions import Action
from accounts.activity.log import ORGANIZATION, Change, about_member, record
from accounts.languages import in_language
from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import allowed_now
from accounts.organizations.suspension import check_not_suspended
from accounts.permissions import Permission
from accounts.texts import StrOrPromise

ORG_ADMIN = "Org Admin"
PROJECT_MANAGER = "Project manager"
READ_ONLY = "ReadOnly"

# A permission that is added later belongs to Org Admin automatically, and to no other role.
DEFAULT_ROLES: tuple[tuple[str, StrOrPromise, tuple[Permission, ...]], ...] = (
    (ORG_ADMIN, _("Everything, including inviting and managing users."), ()),
    (
        PROJECT_MANAGER,
        _("Everything except inviting, managing, and exporting users."),
        (
            Permission.VIEW_USERS,
            Permission.MANAGE_ROLES,
            Permission.MANAGE_SITES,
            Permission.MANAGE_ORGANIZATION,
            Permission.VIEW_WORK,
            Permission.EDIT_WORK,
            Permission.REVIEW_WORK,
            Permission.EXPORT_DATA,
        ),
    ),
    (READ_ONLY, _("Can see everything on their sites, but can’t change anything."), (Permission.VIEW_WORK,)),
)


@transaction.atomic
def create_organization(name: str, slug: str, *, time_zone: str | None = None, by: User | None = None) -> Organization:
    """A new organization with the roles Org Admin, Project manager and ReadOnly. Without a time zone, it has TIME_ZONE.

    `by` is the operator; None for a command.

    The names of the roles are the same everywhere. Their descriptions are in the language of the organization.
    """
    organization = Organization.objects.create(name=name, slug=slug, time_zone=time_zone or settings.TIME_ZONE)
    with in_language(organization.language):
        Role.objects.bulk_create(
            Role(
                organization=organization,
                name=role_name,
                description=str(description),
                permissions=[permission.value for permission in permissions],
                is_default=True,
                is_org_admin=role_name == ORG_ADMIN,
                position=position,
            )
            for position, (role_name, description, permissions) in enumerate(DEFAULT_ROLES, start=1)
        )
    record(organization.pk, Action.ORGANIZATION_CREATED, ORGANIZATION, by=by, change=Change(after={"name": name}))
    return organization


@transaction.atomic
def add_first_admin(organization: Organization, user: User, *, by: User | None = None) -> Membership:
    """Make the user the first member, with the role Org Admin and all sites. `by` is the operator."""
    membership = Membership.objects.create(user=user, organization=organization, all_sites=True)
    org_admin = organization.roles.get(is_org_admin=True)
    membership.roles.add(org_admin)
    change = Change(added={"roles": [org_admin.name]}, before={"all_sites": False}, after={"all_sites": True})
    record(organization.pk, Action.USER_ADDED, about_member(membership), by=by, change=change)
    return membership


def lock_settings(by: Membership) -> Organization:
    """The organization as it is now, locked. Raises AccessDenied if `by` may no longer change its settings."""
    allowed_now(by, Permission.MANAGE_ORGANIZATION)
    organization = Organization.objects.select_for_update(no_key=True).get(pk=by.organization_id)
    check_not_suspended(organization)
    return organization


@transaction.atomic
def change_organization(by: Membership, *, name: str, time_zone: str) -> None:
    """Change the name and the time zone. The slug stays, so that bookmarks keep working. Raises AccessDenied."""
    organization = lock_settings(by)
    wanted = {"name": name, "time_zone": time_zone}
    before = {field: getattr(organization, field) for field in wanted if getattr(organization, field) != wanted[field]}
    if not before:
        return
    after = {field: wanted[field] for field in before}
    for field, value in after.items():
        setattr(organization, field, value)
        setattr(by.organization, field, value)
    organization.save(update_fields=list(after))
    change = Change(before=before, after=after)
    record(organization.pk, Action.SETTINGS_CHANGED, ORGANIZATION, by=by, change=change)


def sort_permissions(permissions: frozenset[str]) -> list[str]:
    """The permissions as a role stores them, in the order of `Permission`."""
    return [name for name in Permission.values if name in permissions]
