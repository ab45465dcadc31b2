"""Who may change the permissions of a role: somebody who can grant all access of everybody with the role.

That includes members, and people who will get the role by an invitation or an import. Otherwise an admin of two sites
could add permissions to a role of members with all sites, who could then grant what the admin can't.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.errors import AccessDenied
from accounts.models import Membership, Role, Site
from accounts.organizations.grants import grantable_roles, grantable_sites
from accounts.organizations.selectors import AccessBeyond
from accounts.organizations.signals import roles_to_be_granted
from accounts.texts import StrOrPromise


@dataclass(frozen=True)
class Reason:
    """Access that somebody can't grant, and the sentence for each way in which people have it."""

    beyond: AccessBeyond
    of_members: StrOrPromise
    of_invitations: StrOrPromise


def why_not_permissions(by: Membership, roles: QuerySet[Role]) -> dict[int, str]:
    """The reasons why `by` can't change the permissions of roles, by the ids of the roles.

    The number of queries doesn't depend on the number of roles, members or invitations.
    """
    reasons: dict[int, str] = {}
    for reason in _reasons(by):
        # Invitations first: if one is accepted in between, the second query finds its member.
        for pk in roles_to_be_granted(roles, reason.beyond):
            reasons.setdefault(pk, str(reason.of_invitations))
        members = reason.beyond.among(Membership.objects.filter(organization_id=by.organization_id))
        for pk in roles.filter(pk__in=members.values("roles")).order_by().values_list("pk", flat=True):
            reasons[pk] = str(reason.of_members)
    return reasons


def check_may_change_permissions(by: Membership, role: Role) -> None:
    """Raises AccessDenied unless `by` can grant all access of those who have the role, or will get it.

    The caller has locked the role, so that nobody else gets it in the meantime.
    """
    for reason in why_not_permissions(by, Role.objects.filter(pk=role.pk)).values():
        raise AccessDenied("beyond_permissions", reason)


def _reasons(by: Membership) -> Iterator[Reason]:
    """The access that `by` can't grant. Sites come last, because that reason takes precedence."""
    organization = by.organization_id
    roles = Role.objects.filter(organization=organization).exclude(pk__in=grantable_roles(by))
    yield Reason(
        AccessBeyond(roles=roles),
        of_members=_(
            "Some people with this role have permissions you don’t have, "
            "so you can’t delete it or change its permissions."
        ),
        of_invitations=_(
            "Some open invitations or imports grant this role along with permissions you don’t have, "
            "so you can’t delete it or change its permissions."
        ),
    )
    if not by.all_sites:
        sites = Site.objects.filter(organization=organization).exclude(pk__in=grantable_sites(by))
        yield Reason(
            AccessBeyond(sites=sites),
            of_members=_(
                "Some people with this role have access to sites you don’t have, "
                "so you can’t delete it or change its permissions."
            ),
            of_invitations=_(
                "Some open invitations or imports grant this role along with sites you don’t have, "
                "so you can’t delete it or change its permissions."
            ),
        )
