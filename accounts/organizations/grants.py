"""What a member may grant, and therefore change: never a permission or a site that they don't have.

`GrantableAccess` is the rule of the whole product: if you can't grant it, you can't change it. It covers imports,
invitations, members, roles and sites. Every service that changes one of them checks it here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _

from accounts.errors import AccessDenied, DomainError
from accounts.lookups import only_one
from accounts.models import Membership, Role, Site
from accounts.permissions import USER_POWERS, Permission
from accounts.texts import StrOrPromise
from accounts.wording import listed


@dataclass(frozen=True)
class AccessSelection:
    """The roles and sites to grant, such as those chosen in a form. With `all_sites`, `sites` is empty."""

    roles: tuple[Role, ...] = ()
    sites: tuple[Site, ...] = ()
    all_sites: bool = False

    @classmethod
    def of(cls, roles: Iterable[Role], sites: Iterable[Site] = (), *, all_sites: bool = False) -> AccessSelection:
        """A selection from any iterables. With `all_sites`, the single sites are ignored."""
        return cls(tuple(roles), () if all_sites else tuple(sites), all_sites)

    @property
    def user_powers(self) -> tuple[str, ...]:
        """Those of `USER_POWERS` that the roles hold, in their order."""
        return powers_in(*(role.allowed for role in self.roles))

    @classmethod
    def held_by(cls, membership: Membership) -> AccessSelection:
        """What the member has. Needs no query if roles and sites are prefetched."""
        return cls.of(membership.roles.all(), membership.sites.all(), all_sites=membership.all_sites)


@dataclass(frozen=True)
class AccessIds:
    """The ids of roles and sites, for work on thousands of people. With `all_sites`, `sites` is empty."""

    roles: frozenset[int] = frozenset()
    sites: frozenset[int] = frozenset()
    all_sites: bool = False

    @classmethod
    def of(cls, selection: AccessSelection) -> AccessIds:
        return cls(
            frozenset(role.pk for role in selection.roles),
            frozenset(site.pk for site in selection.sites),
            selection.all_sites,
        )


def powers_in(*permissions: Iterable[str]) -> tuple[str, ...]:
    """Those of `USER_POWERS` that are in one of these."""
    held = frozenset().union(*permissions)
    return tuple(power.value for power in USER_POWERS if power.value in held)


def grantable_roles(membership: Membership) -> QuerySet[Role]:
    """The organization's roles of which the member has every permission, in their order."""
    return Role.objects.filter(pk__in=_grantable_role_ids(membership))


def _grantable_role_ids(membership: Membership, roles: Iterable[Role] | None = None) -> set[int]:
    """Compared in Python, because not every database can compare JSON. An organization has few roles."""
    held, ours = membership.permissions(), membership.organization_id
    if roles is None:
        roles = Role.objects.filter(organization_id=ours).order_by()
    return {role.pk for role in roles if role.organization_id == ours and held.issuperset(role.allowed)}


def grantable_sites(membership: Membership) -> QuerySet[Site]:
    """The sites that the member has access to."""
    sites = Site.objects.filter(organization_id=membership.organization_id)
    return sites if membership.all_sites else sites.filter(memberships=membership)


def membership_now(by: Membership) -> Membership:
    """The membership as it is in the database now: permissions can be lost while a request waits for a lock.

    Raises AccessDenied if the user is no longer an active member.
    """
    found = only_one(Membership.objects.active().filter(pk=by.pk).select_related("organization", "user"))
    if found is None:
        raise AccessDenied("not_allowed", _("You are no longer a member of this organization."))
    return found


def allowed_now(by: Membership, permission: Permission) -> Membership:
    """The membership as it is now, with this permission. Also raises AccessDenied without it."""
    now = membership_now(by)
    if not now.has_permission(permission):
        raise AccessDenied("not_allowed", _("You don’t have permission to change this."))
    return now


class GrantableAccess:
    """What one member may grant. Looked up once, for any number of selections.

    Callers that have just loaded the roles and sites in question, or all of the organization, pass them, to save
    queries.
    """

    def __init__(
        self, membership: Membership, *, roles: Iterable[Role] | None = None, sites: Iterable[Site] | None = None
    ) -> None:
        self._membership = membership
        self._all_roles = roles
        self._all_sites = sites

    @classmethod
    def of_many(cls, memberships: Iterable[Membership]) -> dict[int, GrantableAccess]:
        """By the id of the user: for members of one organization, with prefetched roles and sites.

        The number of queries is constant.
        """
        found = {member.user_id: cls(member) for member in memberships}
        if not found:
            return found
        organization_id = next(iter(found.values()))._membership.organization_id
        roles = {role.pk: role.allowed for role in Role.objects.filter(organization_id=organization_id).order_by()}
        sites = set(Site.objects.filter(organization_id=organization_id).order_by().values_list("pk", flat=True))
        for each in found.values():
            member, held = each._membership, each._membership.permissions()
            each._roles = {pk for pk, allowed in roles.items() if held.issuperset(allowed)}
            each._sites = sites if member.all_sites else {site.pk for site in member.sites.all()}
        return found

    @cached_property
    def _roles(self) -> set[int]:
        return _grantable_role_ids(self._membership, self._all_roles)

    @cached_property
    def _sites(self) -> set[int]:
        if self._membership.all_sites and self._all_sites is not None:
            return {site.pk for site in self._all_sites}
        return set(grantable_sites(self._membership).order_by().values_list("pk", flat=True))

    def check_can_grant(self, selection: AccessSelection) -> None:
        """Raises AccessDenied if the member can't grant all of the selection."""
        if self._lacks_all_sites(selection):
            raise AccessDenied(
                "beyond_permissions", _("You can’t grant access to all sites because you don’t have it.")
            )
        beyond: list[Role | Site] = [*self._roles_beyond(selection), *self._sites_beyond(selection)]
        if beyond:
            ours = self._names(beyond)
            if not ours:
                raise AccessDenied("beyond_permissions", _("You can’t grant access that you don’t have yourself."))
            message = _("You can’t grant {access} because you don’t have that access yourself.")
            raise AccessDenied("beyond_permissions", message.format(access=listed(ours)))

    def check_can_manage(self, selection: AccessSelection, why_not: StrOrPromise, **values: object) -> None:
        """Raises AccessDenied if the member can't manage something that grants the selection.

        The message is that of `why_not_manage`.
        """
        if sentence := self.why_not_manage(selection, why_not, **values):
            raise AccessDenied("beyond_permissions", sentence)

    def why_not_manage(self, selection: AccessSelection, why_not: StrOrPromise, **values: object) -> str:
        """Why the member can't manage something that grants the selection; empty if they can.

        `why_not` is the sentence for them, with `{access}` for what they lack: "You can't change this import because it
        grants access you don't have: {access}." The other `values` are filled in, too.
        """
        if self.can_grant(selection):
            return ""
        return why_not.format(access=listed(self.missing_access(selection)), **values)

    def missing_access(self, selection: AccessSelection) -> list[str]:
        """What the member can't grant: the names of roles, or if they can grant these, those of sites."""
        if roles := self._roles_beyond(selection):
            return self._names(roles)
        if self._lacks_all_sites(selection):
            return [_("all sites")]
        return self._names(self._sites_beyond(selection))

    def can_grant(self, selection: AccessSelection) -> bool:
        """Whether the member may grant all of the selection, and so may change what grants it."""
        return not (self._lacks_all_sites(selection) or self._roles_beyond(selection) or self._sites_beyond(selection))

    def covers(self, access: AccessIds) -> bool:
        """The same for ids."""
        if access.all_sites and not self._membership.all_sites:
            return False
        return access.roles <= self._roles and (not access.sites or access.sites <= self._sites)

    def exceeded_by(self, holder: type[Model]) -> Q | None:
        """The opposite as a condition on members or on grants, to count thousands; None if nobody has more.

        A holder has `roles`, `sites` and `all_sites`, and none of another organization.
        """
        roles = Role.objects.filter(organization_id=self._membership.organization_id).exclude(pk__in=self._roles)
        beyond = [role.pk for role in roles]
        found = Q(held_among(holder, "roles", beyond)) if beyond else Q()
        if not self._membership.all_sites:
            sites = Site.objects.filter(organization_id=self._membership.organization_id)
            others = sites.exclude(memberships=self._membership).values("pk")
            found |= Q(all_sites=True) | Q(held_among(holder, "sites", others))
        return found or None

    def _lacks_all_sites(self, selection: AccessSelection) -> bool:
        return selection.all_sites and not self._membership.all_sites

    def _roles_beyond(self, selection: AccessSelection) -> list[Role]:
        return [role for role in selection.roles if role.pk not in self._roles]

    def _sites_beyond(self, selection: AccessSelection) -> list[Site]:
        return [site for site in selection.sites if site.pk not in self._sites]

    def _names(self, items: Sequence[Role | Site]) -> list[str]:
        """Their names, without those of other organizations."""
        return [item.name for item in items if item.organization_id == self._membership.organization_id]


def held_among(holder: type[Model], kind: str, ids: Iterable[int] | QuerySet[Any, Any]) -> Exists:
    """A condition on members or on grants: they have at least one of these "roles" or "sites".

    A correlated subquery, so that it takes the same time for each of them, however many there are.
    """
    return Exists(_held(holder, kind).filter(item__in=ids))


def held_besides(holder: type[Model], kind: str, ids: Iterable[int]) -> Exists:
    """The same for at least one other than these."""
    return Exists(_held(holder, kind).exclude(item__in=ids))


def holds_all(holder: type[Model], kind: str, ids: Collection[int]) -> Exists | Exact:
    """The same for each of these."""
    if len(ids) == 1:
        return held_among(holder, kind, ids)
    found = _held(holder, kind).filter(item__in=ids).order_by().values("owner").annotate(number=Count("pk"))
    number = Subquery(found.values("number"), output_field=IntegerField())
    return Exact(Coalesce(number, 0), len(ids))


def _held(holder: type[Model], kind: str) -> QuerySet[Any, Any]:
    """The pairs of the holder that is outside of this subquery, with the id of each role or site as `item`."""
    through = holder._meta.get_field(kind).remote_field.through  # type: ignore[union-attr]
    owner = f"{holder._meta.model_name}_id"
    pairs = through._default_manager.annotate(owner=F(owner), item=F(f"{kind.removesuffix('s')}_id"))
    found: QuerySet[Any, Any] = pairs.filter(owner=OuterRef("pk"))
    return found


def lock_selection(selection: AccessSelection) -> None:
    """Lock the selected roles and sites. A transaction that deletes one of them waits, and then finds it in use.

    Roles are locked before sites, and both before anything else. Raises DomainError("gone") if one was deleted.
    """
    if not (_all_there(Role, selection.roles) and _all_there(Site, selection.sites)):
        raise DomainError("gone", _("A role or site that you chose has been deleted. Choose again."))


def _all_there(model: type[Role] | type[Site], chosen: Sequence[Role | Site]) -> bool:
    """The lock doesn't block transactions that only store a foreign key to a row."""
    ids = [item.pk for item in chosen]
    return len(model.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")) == len(ids)
