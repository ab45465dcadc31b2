"""What becomes of one person in a bulk action. The review counts by the same rules by which the work is done.

If you can't grant it, you can't touch it: people with more access than the admin are skipped. So only the admin could
take the organization's last manager away: somebody else who manages everything has access that only such an admin has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from accounts.models import Membership
from accounts.organizations.grants import AccessIds, GrantableAccess
from accounts.organizations.members import manages_alone
from accounts.permissions import USER_ADMINISTRATION, Permission
from invites.directory.bulk.change import OF_INVITATIONS, OF_MEMBERS, BulkChange, Kind, Mode
from invites.models import Outcome


@dataclass(frozen=True)
class Facts:
    """What the rules need to know about a person. `hurdle` is why their invitation can't be resent now, or empty.

    Of the chosen roles, or of the chosen sites, the person has all or some; `has_others` are any besides these.
    """

    is_member: bool
    is_deactivated: bool = False
    has_more: bool = False
    has_all: bool = False
    has_some: bool = False
    has_others: bool = False
    all_sites: bool = False
    hurdle: str = ""


class Rules:
    """The rules for one admin and one change."""

    def __init__(self, by: Membership, change: BulkChange) -> None:
        self.by, self.change = by, change
        self.grantable = GrantableAccess(by)
        self._may_manage = by.has_permission(Permission.MANAGE_USERS) and by.has_permission(Permission.VIEW_USERS)
        self._may_invite = by.has_permission(Permission.INVITE_USERS)

    def facts(self, held: AccessIds, *, is_member: bool, is_deactivated: bool = False, hurdle: str = "") -> Facts:
        """The facts about a person with these roles and sites."""
        chosen = self.change.chosen
        items = held.roles if self.change.kind == Kind.ROLES else held.sites
        return Facts(
            is_member=is_member,
            is_deactivated=is_deactivated,
            has_more=not self.grantable.covers(held),
            has_all=chosen <= items,
            has_some=bool(chosen & items),
            has_others=bool(items - chosen),
            all_sites=held.all_sites,
            hurdle=hurdle,
        )

    def outcome(self, person: Facts) -> Outcome:
        """What becomes of a person, who isn't the admin."""
        if reason := self.why_not_reach(is_member=person.is_member):
            return reason
        if self._is_as_wanted(person):
            return Outcome.SAME
        if person.has_more:
            return Outcome.BEYOND
        if self.change.mode == Mode.REMOVE and self.change.kind == Kind.SITES and person.all_sites:
            return Outcome.HAS_ALL_SITES
        if self.change.mode == Mode.REMOVE and not person.has_others:
            return Outcome.NO_ROLES if self.change.kind == Kind.ROLES else Outcome.NO_SITES
        return Outcome(person.hurdle) if person.hurdle else Outcome.CHANGED

    def why_not_reach(self, *, is_member: bool) -> Outcome | None:
        """Why the action isn't for members, or not for invitations. None if it is."""
        if is_member:
            if self.change.kind in OF_INVITATIONS:
                return Outcome.IS_MEMBER
            return None if self._may_manage else Outcome.MAY_NOT_MANAGE
        if self.change.kind in OF_MEMBERS:
            return Outcome.NOT_JOINED
        return None if self._may_invite else Outcome.MAY_NOT_INVITE

    def _is_as_wanted(self, person: Facts) -> bool:
        change = self.change
        if change.kind == Kind.DEACTIVATE:
            return person.is_deactivated
        if change.kind == Kind.REACTIVATE:
            return not person.is_deactivated
        if change.kind not in (Kind.ROLES, Kind.SITES):
            return False
        if change.kind == Kind.SITES and (change.access.all_sites or person.all_sites):
            # Somebody with all sites has each of them. Only fewer sites would be a change.
            return person.all_sites and (change.access.all_sites or change.mode == Mode.ADD)
        if change.mode == Mode.REMOVE:
            return not person.has_some
        return person.has_all and (change.mode == Mode.ADD or not person.has_others)

    def own_outcome(self, held: AccessIds, *, is_deactivated: bool = False) -> Outcome:
        """What becomes of the admin, who can't lose their own permissions here."""
        outcome = self.outcome(self.facts(held, is_member=True, is_deactivated=is_deactivated))
        if outcome != Outcome.CHANGED:
            return outcome
        if self.change.kind in (Kind.DEACTIVATE, Kind.REMOVE):
            return Outcome.LAST_MANAGER if manages_alone(self.by) else Outcome.YOURSELF
        return self.own_outcome_of(held, self.change.apply_to(held))

    def own_outcome_of(self, before: AccessIds, after: AccessIds) -> Outcome:
        """The same for a change of roles and sites."""
        had, has = (USER_ADMINISTRATION & self._permissions_of(access) for access in (before, after))
        managed, manages = (
            powers == USER_ADMINISTRATION and access.all_sites for powers, access in ((had, before), (has, after))
        )
        if managed and not manages:
            # Even if there are others now: the same action may change them.
            return Outcome.LAST_MANAGER if manages_alone(self.by) else Outcome.YOURSELF
        return Outcome.YOURSELF if had - has else Outcome.CHANGED

    def _permissions_of(self, access: AccessIds) -> frozenset[str]:
        return frozenset[str]().union(*(self._permissions[pk] for pk in access.roles if pk in self._permissions))

    @cached_property
    def _permissions(self) -> dict[int, frozenset[str]]:
        return {role.pk: role.allowed for role in self.by.organization.roles.all()}


def may_start(by: Membership, change: BulkChange) -> bool:
    """Whether the member may start the change at all."""
    return any(by.has_permission(permission) for permission in change.permissions)


def can_grant(by: Membership, change: BulkChange) -> bool:
    """Whether the member could grant the roles and sites that are added or removed."""
    return GrantableAccess(by).covers(AccessIds.of(change.access))
