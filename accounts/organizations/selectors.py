"""Reading: every query starts from an organization, or from oneself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Case, Count, F, Model, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast

from accounts.models import Membership, Organization, Role, Site, User
from accounts.permissions import Permission

Holder = TypeVar("Holder", bound=Model)


@dataclass(frozen=True)
class AccessBeyond:
    """Access that somebody can't grant: some roles, or else some sites and all sites. `what` calls it by its name."""

    what: str
    roles: QuerySet[Role] | None = None
    sites: QuerySet[Site] | None = None

    def among(self, holders: QuerySet[Holder]) -> QuerySet[Holder]:
        """Those that include it, of memberships, or of whatever else has roles, sites and `all_sites`."""
        every = holders.model._default_manager
        if self.roles is not None:
            return holders.filter(pk__in=every.filter(roles__in=self.roles).values("pk"))
        return holders.filter(Q(all_sites=True) | Q(pk__in=every.filter(sites__in=self.sites).values("pk")))


def my_memberships(user: User) -> QuerySet[Membership]:
    """One's own memberships with organization and roles, the one used last first."""
    return (
        Membership.objects.filter(user=user)
        .select_related("organization", "user")
        .prefetch_related("roles")
        .order_by(F("last_seen_at").desc(nulls_last=True), "-joined_at", "pk")
    )


def memberships_with_permission(permission: Permission) -> QuerySet[Membership]:
    """The memberships of active users whose roles grant the permission, as a part of another question."""
    # As text: SQLite knows nothing of what a list holds.
    text = TextField()
    everything = When(roles__is_org_admin=True, then=Value(f'"{permission}"', output_field=text))
    allowed = Case(everything, default=Cast("roles__permissions", text))
    return Membership.objects.alias(allowed=allowed).filter(user__is_active=True, allowed__contains=f'"{permission}"')


def roles_of(organization: Organization) -> QuerySet[Role]:
    """The organization's roles, each with the number of its members as `people`."""
    return organization.roles.annotate(people=Count("memberships")).order_by("position", "name")


def sites_of(organization: Organization, *, search: str = "") -> QuerySet[Site]:
    """The organization's sites, each with `people`: how many members have it by name. By name or country."""
    sites = organization.sites.annotate(people=Count("memberships")).order_by("name", "pk")
    for word in search.split():
        sites = sites.filter(Q(name__icontains=word) | Q(country__icontains=word))
    return sites
