"""Whose access changes with a role: members who have it, and people who will get it by an invitation or an import.

Somebody who can't grant all of their access can't change it either. Otherwise an admin of two sites could add
permissions to a role of members with all sites, and have these give away what the admin can't.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from accounts.errors import AccessDenied
from accounts.models import Membership, Role, Site
from accounts.organizations.grants import grantable_roles, grantable_sites
from accounts.organizations.selectors import AccessBeyond
from accounts.organizations.signals import roles_on_offer


def why_not_permissions(by: Membership, roles: QuerySet[Role]) -> dict[int, str]:
    """The roles whose permissions `by` can't change because of who has them, by id, each with a sentence that says so.

    Takes the same number of queries however many roles, members and invitations there are.
    """
    reasons: dict[int, str] = {}
    for beyond in _beyond(by):
        # Invitations first: one that is accepted between the two looks has its member at the second.
        for pk in roles_on_offer(roles, beyond):
            reasons.setdefault(pk, f"Open invitations or imports with this role give {beyond.what} beyond yours.")
        members = beyond.among(Membership.objects.filter(organization_id=by.organization_id))
        for pk in roles.filter(pk__in=members.values("roles")).order_by().values_list("pk", flat=True):
            reasons[pk] = f"Members with this role have {beyond.what} beyond yours."
    return reasons


def check_may_change_permissions(by: Membership, role: Role) -> None:
    """Raises AccessDenied unless `by` can grant all that people have, or will get, with the role.

    The role is locked, so that nobody else gets it meanwhile.
    """
    for reason in why_not_permissions(by, Role.objects.filter(pk=role.pk)).values():
        raise AccessDenied("beyond_permissions", reason)


def _beyond(by: Membership) -> Iterator[AccessBeyond]:
    """What `by` can't grant. Sites come last: that is the reason to give if there are both."""
    organization = by.organization_id
    roles = Role.objects.filter(organization=organization).exclude(pk__in=grantable_roles(by))
    yield AccessBeyond(what="permissions", roles=roles)
    if not by.all_sites:
        sites = Site.objects.filter(organization=organization).exclude(pk__in=grantable_sites(by))
        yield AccessBeyond(what="access to sites", sites=sites)
