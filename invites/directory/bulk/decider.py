"""Decide about each person of a bulk action: by the rules, or for an undo by what was stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.errors import AccessDenied
from accounts.models import Membership
from accounts.organizations.grants import AccessIds, membership_now
from invites.directory.bulk.change import BulkChange, Kind, change_of
from invites.directory.bulk.rules import Rules, can_grant, may_start
from invites.models import BulkAction, BulkActionRow, FailureReason, Outcome

State = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """A member or an invitation, as it is now."""

    pk: int
    name: str
    email: str
    held: AccessIds
    is_member: bool
    deactivated_at: datetime | None = None
    hurdle: str = ""


@dataclass(frozen=True)
class Decision:
    """What becomes of a person. `after` is how they will be, for those who are changed."""

    outcome: Outcome
    after: Person | None = None


class CannotGoOn(Exception):
    """The action has to stop: its starter lost the permission, or a role or site was deleted."""

    def __init__(self, reason: FailureReason) -> None:
        super().__init__(reason)
        self.reason = reason


def rules_now(action: BulkAction, by: Membership) -> Rules:
    """The rules for the starter with the permissions that they have now. Raises CannotGoOn if they lost them."""
    change = change_of(action)
    try:
        now = membership_now(by)
    except AccessDenied as denied:
        raise CannotGoOn(lost_reason(change)) from denied
    if not may_start(now, change):
        raise CannotGoOn(lost_reason(change))
    # An undo is checked person by person: it may remove what was added, if the starter could grant that.
    if not action.is_undo and not can_grant(now, change):
        raise CannotGoOn(FailureReason.ACCESS_LOST)
    return Rules(now, change)


def lost_reason(change: BulkChange) -> FailureReason:
    """Why an action stops whose starter lost the permission."""
    return FailureReason.INVITER_LEFT if change.kind in (Kind.RESEND, Kind.REVOKE) else FailureReason.NOT_ALLOWED


class Decider:
    """Decides about each person: by the rules, or for an undo by what was stored."""

    def __init__(self, action: BulkAction, rules: Rules, stored: Mapping[int, BulkActionRow]) -> None:
        self.rules, self._stored, self._is_undo = rules, stored, action.is_undo
        self._now = timezone.now()
        here = rules.by.organization
        self._roles = set(here.roles.values_list("pk", flat=True)) if self._is_undo else set()
        self._sites = set(here.sites.order_by().values_list("pk", flat=True)) if self._is_undo else set()

    def decide(self, person: Person) -> Decision:
        return self._undo(person) if self._is_undo else self._do(person)

    def _do(self, person: Person) -> Decision:
        rules, is_deactivated = self.rules, person.deactivated_at is not None
        if person.is_member and person.pk == rules.by.pk:
            outcome = rules.own_outcome(person.held, is_deactivated=is_deactivated)
        else:
            facts = rules.facts(
                person.held, is_member=person.is_member, is_deactivated=is_deactivated, hurdle=person.hurdle
            )
            outcome = rules.outcome(facts)
        return Decision(outcome, self._changed(person) if outcome == Outcome.CHANGED else None)

    def _changed(self, person: Person) -> Person:
        if self.rules.change.kind == Kind.DEACTIVATE:
            return replace(person, deactivated_at=self._now)
        if self.rules.change.kind == Kind.REACTIVATE:
            return replace(person, deactivated_at=None)
        return replace(person, held=self.rules.change.apply_to(person.held))

    def _undo(self, person: Person) -> Decision:
        row = self._stored.get(person.pk)
        if row is None or row.before is None or row.after is None:
            return Decision(Outcome.GONE)
        if reason := self.rules.why_not_reach(is_member=person.is_member):
            return Decision(reason)
        if state_of(self.rules.change, person) != row.after:
            return Decision(Outcome.CHANGED_SINCE)
        before = _with_state(person, row.before)
        if not (before.held.roles - person.held.roles <= self._roles and before.held.sites <= self._sites):
            return Decision(Outcome.ACCESS_DELETED)
        if not (self.rules.grantable.covers(person.held) and self.rules.grantable.covers(before.held)):
            return Decision(Outcome.BEYOND)
        if person.is_member and person.pk == self.rules.by.pk:
            outcome = self._own_undo(person, before)
            return Decision(outcome, before if outcome == Outcome.CHANGED else None)
        return Decision(Outcome.CHANGED, before)

    def _own_undo(self, person: Person, before: Person) -> Outcome:
        if before.deactivated_at is not None:
            return Outcome.YOURSELF
        return self.rules.own_outcome_of(person.held, before.held)


def state_of(change: BulkChange, person: Person) -> State | None:
    """What the change is about, as it is stored: the roles, the sites, or since when the person is deactivated."""
    if change.kind == Kind.ROLES:
        return {"roles": sorted(person.held.roles)}
    if change.kind == Kind.SITES:
        return {"sites": sorted(person.held.sites), "all_sites": person.held.all_sites}
    if change.kind in (Kind.DEACTIVATE, Kind.REACTIVATE):
        return {"deactivated_at": person.deactivated_at.isoformat() if person.deactivated_at else None}
    return None


def _with_state(person: Person, state: State) -> Person:
    """The person with a state that was stored."""
    held = person.held
    if "roles" in state:
        return replace(person, held=replace(held, roles=frozenset(state["roles"])))
    if "sites" in state:
        sites = frozenset(state["sites"])
        return replace(person, held=replace(held, sites=sites, all_sites=state["all_sites"]))
    at = state["deactivated_at"]
    return replace(person, deactivated_at=datetime.fromisoformat(at) if at else None)


def row_of(action: BulkAction, change: BulkChange, person: Person, decision: Decision) -> BulkActionRow:
    before, after = (
        (state_of(change, person), state_of(change, decision.after)) if decision.after is not None else (None, None)
    )
    return BulkActionRow(
        action=action,
        membership_id=person.pk if person.is_member else None,
        invitation_id=None if person.is_member else person.pk,
        name=person.name,
        email=person.email,
        outcome=decision.outcome,
        before=before,
        after=after,
    )
