"""Queries about organizations. Each starts from an organization or from a user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Case, Count, F, Model, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast

from accounts.lookups import only_one
from accounts.models import Membership, Organization, Role, Site, User
from accounts.permissions import Permission

Holder = TypeVar("Holder", bound=Model)

# Of a role or a site.
_ACTIVE_MEMBERS = Count("memberships", filter=Q(memberships__deactivated_at=None))


@dataclass(frozen=True)
class AccessBeyond:
    """Access that somebody can't grant: either roles, or sites together with all sites."""

    roles: QuerySet[Role] | None = None
    sites: QuerySet[Site] | None = None

    def among(self, holders: QuerySet[Holder]) -> QuerySet[Holder]:
        """Those of the holders that include it. A holder has roles, sites and `all_sites`: a membership or a grant."""
        every = holders.model._default_manager
        if self.roles is not None:
            return holders.filter(pk__in=every.filter(roles__in=self.roles).values("pk"))
        return holders.filter(Q(all_sites=True) | Q(pk__in=every.filter(sites__in=self.sites).values("pk")))


def memberships_of(user: User) -> QuerySet[Membership]:
    """The memberships with which the user can enter, with organization and roles, the one used last first."""
    return (
        user.memberships.active()
        .select_related("organization")
        .prefetch_related("roles")
        .order_by(F("last_seen_at").desc(nulls_last=True), "-joined_at", "pk")
    )


def deactivated_in(user: User) -> list[str]:
    """The names of the organizations in which the user is deactivated."""
    memberships = user.memberships.deactivated().order_by("organization__name")
    return list(memberships.values_list("organization__name", flat=True))


def as_member(organization: Organization, user: User) -> Membership | User:
    """The membership, whose names are those that the organization uses; the user, if there is none."""
    return only_one(organization.memberships.filter(user=user).select_related("user")) or user


def name_in(organization: Organization, user: User) -> str:
    """What the organization calls the user. Someone who isn't a member is shown by the name of their account."""
    return as_member(organization, user).get_full_name()


def memberships_with_permission(*permissions: Permission) -> QuerySet[Membership]:
    """The memberships of active users whose roles grant one of the permissions. Usable as a subquery."""
    # Compared as text, because SQLite can't look into a JSON list.
    text = TextField()
    everything = When(roles__is_org_admin=True, then=Value(f'"{permissions[0]}"', output_field=text))
    allowed = Case(everything, default=Cast("roles__permissions", text))
    grants = Q()
    for permission in permissions:
        grants |= Q(allowed__contains=f'"{permission}"')
    return Membership.objects.active().alias(allowed=allowed).filter(grants)


def roles_of(organization: Organization) -> QuerySet[Role]:
    """The organization's roles, each with the number of its members as `people`, without deactivated ones."""
    return organization.roles.annotate(people=_ACTIVE_MEMBERS).order_by("position", "name")


def sites_of(organization: Organization, *, search: str = "") -> QuerySet[Site]:
    """The organization's sites, each with `people`, the number of active members assigned to it."""
    sites = organization.sites.annotate(people=_ACTIVE_MEMBERS).order_by("name", "pk")
    for word in search.split():
        sites = sites.filter(Q(name__icontains=word) | Q(country__icontains=word))
    return sites
