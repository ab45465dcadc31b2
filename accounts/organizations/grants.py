"""What one member may give to somebody else, and therefore touch: never a permission or a site beyond their own.

The rule that all of the product follows is `GrantableAccess`: if you can't grant it, you can't touch it. It covers
imports, invitations, members, roles and sites. Every service that changes one of them checks it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet
from django.utils.text import get_text_list

from accounts.errors import AccessDenied, DomainError
from accounts.models import Membership, Role, Site


@dataclass(frozen=True)
class AccessSelection:
    """The roles and sites that somebody chose to give. With `all_sites` set, `sites` is empty."""

    roles: tuple[Role, ...] = ()
    sites: tuple[Site, ...] = ()
    all_sites: bool = False

    @classmethod
    def of(cls, roles: Iterable[Role], sites: Iterable[Site] = (), *, all_sites: bool = False) -> AccessSelection:
        """A choice from any iterables; single sites say nothing more beside all of them."""
        return cls(tuple(roles), () if all_sites else tuple(sites), all_sites)

    @classmethod
    def held_by(cls, membership: Membership) -> AccessSelection:
        """What the member has. Costs no query where roles and sites are prefetched."""
        return cls.of(membership.roles.all(), membership.sites.all(), all_sites=membership.all_sites)


def grantable_roles(membership: Membership) -> QuerySet[Role]:
    """The organization's roles whose every permission the member holds, in their order."""
    return Role.objects.filter(pk__in=_grantable_role_ids(membership))


def _grantable_role_ids(membership: Membership) -> set[int]:
    """The permissions are JSON, which not every database can compare. An organization has few roles."""
    held = membership.permissions()
    roles = Role.objects.filter(organization_id=membership.organization_id)
    return {role.pk for role in roles if held.issuperset(role.allowed)}


def grantable_sites(membership: Membership) -> QuerySet[Site]:
    """The sites that the member has access to."""
    sites = Site.objects.filter(organization_id=membership.organization_id)
    return sites if membership.all_sites else sites.filter(memberships=membership)


def may_grant_all_sites(membership: Membership) -> bool:
    """Only who has all sites, those added later included, can give all of them."""
    return membership.all_sites


def membership_now(by: Membership) -> Membership:
    """The membership as it is in the database: a permission can be lost while somebody waits for a lock.

    Raises AccessDenied for somebody who is no longer an active member.
    """
    found = Membership.objects.filter(pk=by.pk, user__is_active=True).select_related("organization", "user").first()
    if found is None:
        raise AccessDenied("not_allowed", "You are no longer a member of this organization.")
    return found


class GrantableAccess:
    """What one member may give, looked up once for however many choices."""

    def __init__(self, membership: Membership) -> None:
        self._membership = membership

    @cached_property
    def _roles(self) -> set[int]:
        return _grantable_role_ids(self._membership)

    @cached_property
    def _sites(self) -> set[int]:
        return set(grantable_sites(self._membership).values_list("pk", flat=True))

    def check(self, choice: AccessSelection) -> None:
        """Raises AccessDenied if the choice holds anything that the member can't give."""
        if choice.all_sites and not may_grant_all_sites(self._membership):
            raise AccessDenied("beyond_permissions", "You do not have all sites, so you cannot give all of them.")
        beyond: list[Role | Site] = [*self._roles_beyond(choice), *self._sites_beyond(choice)]
        if beyond:
            ours = self._names(beyond)
            what = f"“{ours[0]}”" if ours else "that"
            raise AccessDenied("beyond_permissions", f"You cannot give {what}: it goes beyond your own rights.")

    def check_can_manage(self, choice: AccessSelection, *, to: str) -> None:
        """The rule itself. Raises AccessDenied if the member can't give all of the choice.

        `to` says what they wanted to do with that which gives it: "change this import".
        """
        if sentence := self.why_not_manage(choice, to=to):
            raise AccessDenied("beyond_permissions", sentence)

    def why_not_manage(self, choice: AccessSelection, *, to: str) -> str:
        """The same as a sentence for a page: "Only somebody who can grant Org Admin can change this import." or ""."""
        what = self.what_is_beyond(choice)
        return f"Only somebody who can grant {what} can {to}." if what else ""

    def what_is_beyond(self, choice: AccessSelection) -> str:
        """What the member can't give of the choice, as part of a sentence: "Org Admin", "access to Turin", or ""."""
        if roles := self._roles_beyond(choice):
            return get_text_list(self._names(roles) or ["these roles"], "and")
        if choice.all_sites and not may_grant_all_sites(self._membership):
            return "access to all sites"
        if sites := self._sites_beyond(choice):
            return f"access to {get_text_list(self._names(sites) or ['these sites'], 'and')}"
        return ""

    def can_grant(self, choice: AccessSelection) -> bool:
        """Whether the member may give all of the choice, and so may touch what gives it."""
        return not self.what_is_beyond(choice)

    def _roles_beyond(self, choice: AccessSelection) -> list[Role]:
        return [role for role in choice.roles if role.pk not in self._roles]

    def _sites_beyond(self, choice: AccessSelection) -> list[Site]:
        return [site for site in choice.sites if site.pk not in self._sites]

    def _names(self, items: Sequence[Role | Site]) -> list[str]:
        """What belongs to another organization is not even named."""
        return [item.name for item in items if item.organization_id == self._membership.organization_id]


def lock_selection(choice: AccessSelection) -> None:
    """Keep what was chosen until the end of the transaction: whoever deletes one of it waits, and finds it given.

    Roles are locked before sites, and both before anything else. Raises DomainError("gone") for what was deleted
    already.
    """
    if not (_all_there(Role, choice.roles) and _all_there(Site, choice.sites)):
        raise DomainError("gone", "A role or site that you chose was deleted in the meantime. Choose again.")


def _all_there(model: type[Role] | type[Site], chosen: Sequence[Role | Site]) -> bool:
    """Whoever stores a row that only names one of them need not wait."""
    ids = [item.pk for item in chosen]
    return len(model.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")) == len(ids)


def check_grant(membership: Membership, choice: AccessSelection) -> None:
    """Raises AccessDenied if the choice holds anything that the member can't give.

    Looks roles and sites up now, and takes the rights from `membership`: a task asks again with the
    membership as it is then, long after the form was sent.
    """
    GrantableAccess(membership).check(choice)
