"""What one member may give to somebody else: never a permission or a site beyond their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from accounts.errors import RuleBroken
from accounts.models import Membership, Role, Site


@dataclass(frozen=True)
class GrantChoice:
    """The roles and sites that somebody chose to give. With `all_sites` set, `sites` is empty."""

    roles: tuple[Role, ...] = ()
    sites: tuple[Site, ...] = ()
    all_sites: bool = False

    @classmethod
    def of(cls, roles: Iterable[Role], sites: Iterable[Site] = (), *, all_sites: bool = False) -> GrantChoice:
        """A choice from any iterables; single sites say nothing more beside all of them."""
        return cls(tuple(roles), () if all_sites else tuple(sites), all_sites)


def grantable_roles(membership: Membership) -> QuerySet[Role]:
    """The organization's roles whose every permission the member holds, in their order."""
    held = membership.permissions()
    roles = Role.objects.filter(organization_id=membership.organization_id)
    # The permissions are JSON, which not every database can compare: an organization has few roles.
    return roles.filter(pk__in=[role.pk for role in roles if held.issuperset(role.permissions)])


def grantable_sites(membership: Membership) -> QuerySet[Site]:
    """The sites that the member has access to."""
    sites = Site.objects.filter(organization_id=membership.organization_id)
    return sites if membership.all_sites else sites.filter(memberships=membership)


def may_grant_all_sites(membership: Membership) -> bool:
    """Only who has all sites, those added later included, can give all of them."""
    return membership.all_sites


class Reach:
    """What one member may give, looked up once for however many choices."""

    def __init__(self, membership: Membership) -> None:
        self._membership = membership

    @cached_property
    def _roles(self) -> set[int]:
        return set(grantable_roles(self._membership).values_list("pk", flat=True))

    @cached_property
    def _sites(self) -> set[int]:
        return set(grantable_sites(self._membership).values_list("pk", flat=True))

    def check(self, choice: GrantChoice) -> None:
        """Raises RuleBroken("beyond_rights") if the choice holds anything that the member can't give."""
        beyond: list[Role | Site] = [role for role in choice.roles if role.pk not in self._roles]
        if choice.all_sites and not may_grant_all_sites(self._membership):
            raise RuleBroken("beyond_rights", "You do not have all sites, so you cannot give all of them.")
        beyond += [site for site in choice.sites if site.pk not in self._sites]
        if not beyond:
            return
        ours = [item.name for item in beyond if item.organization_id == self._membership.organization_id]
        # What belongs to another organization is not even named.
        what = f"“{ours[0]}”" if ours else "that"
        raise RuleBroken("beyond_rights", f"You cannot give {what}: it goes beyond your own rights.")

    def holds(self, choice: GrantChoice) -> bool:
        """Whether the member may give all of the choice."""
        try:
            self.check(choice)
        except RuleBroken:
            return False
        return True


def hold_choice(choice: GrantChoice) -> None:
    """Keep what was chosen until the end of the transaction: whoever deletes one of it waits, and finds it given.

    Roles are locked before sites, and both before anything else. Raises RuleBroken("gone") for what was deleted
    already.
    """
    if not (_all_there(Role, choice.roles) and _all_there(Site, choice.sites)):
        raise RuleBroken("gone", "A role or site that you chose was deleted in the meantime. Choose again.")


def _all_there(model: type[Role] | type[Site], chosen: Sequence[Role | Site]) -> bool:
    """Whoever stores a row that only names one of them need not wait."""
    ids = [item.pk for item in chosen]
    return len(model.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")) == len(ids)


def check_grant(membership: Membership, choice: GrantChoice) -> None:
    """Raises RuleBroken("beyond_rights") if the choice holds anything that the member can't give.

    Looks roles and sites up now, and takes the rights from `membership`: a task asks again with the
    membership as it is then, long after the form was sent.
    """
    Reach(membership).check(choice)
