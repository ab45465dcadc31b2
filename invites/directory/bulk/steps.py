"""Do one chunk of a bulk action, in the caller's transaction: lock the people, decide about each, change them together.

The number of statements doesn't depend on the number of people. Locks are acquired in the documented order: roles,
sites, then invitations, or the organization and its members. Members are decided about under the lock of their
organization, so two actions that together would take the last manager away can't both succeed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.errors import AccessDenied
from accounts.models import Membership, Role, Site
from accounts.organizations.grants import AccessIds, membership_now
from accounts.organizations.many_members import access_of, lock_members, store_access
from accounts.organizations.members import check_somebody_manages
from invites.directory.bulk.change import BulkChange, Kind, change_of
from invites.directory.bulk.rules import Rules, can_grant, may_start
from invites.invitations.actions import resend_hurdle
from invites.invitations.links import renew_links
from invites.invitations.visibility import invitation_is_visible
from invites.models import (
    AccessGrant,
    BulkAction,
    BulkActionChunk,
    BulkActionRow,
    FailureReason,
    Invitation,
    InvitationQuerySet,
    Outcome,
)

State = dict[str, Any]


class CannotGoOn(Exception):
    """The action has to stop: its starter lost the permission, or a role or site was deleted."""

    def __init__(self, reason: FailureReason) -> None:
        super().__init__(reason)
        self.reason = reason


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


def handle_chunk(action: BulkAction, by: Membership, chunk: BulkActionChunk) -> tuple[list[BulkActionRow], list[int]]:
    """Change the people of the chunk. Returns their rows, not stored yet, and the ids of invitations that are locked.

    Locked invitations, which are being accepted or sent, are not waited for: that could deadlock. Raises CannotGoOn,
    and DomainError("last_manager"), which can't happen as long as `rules.py` is right.
    """
    stored = _rows_to_undo(action, chunk)
    _lock_access(action, stored)
    if chunk.membership_ids:
        return _handle_members(action, by, chunk.membership_ids, stored), []
    return _handle_invitations(action, by, chunk.invitation_ids, stored)


def _rows_to_undo(action: BulkAction, chunk: BulkActionChunk) -> dict[int, BulkActionRow]:
    """For an undo, what the undone action did to these people, by the id of the member or the invitation."""
    if action.undo_of_id is None:
        return {}
    rows = BulkActionRow.objects.filter(action=action.undo_of_id, outcome=Outcome.CHANGED)
    if chunk.membership_ids:
        return {row.membership_id or 0: row for row in rows.filter(membership_id__in=chunk.membership_ids)}
    return {row.invitation_id or 0: row for row in rows.filter(invitation_id__in=chunk.invitation_ids)}


def _lock_access(action: BulkAction, stored: Mapping[int, BulkActionRow]) -> None:
    """Lock the roles and sites that people may get, so that nobody deletes them meanwhile.

    Those that an undo would restore may be gone; then their people are skipped.
    """
    chosen = AccessIds.of(change_of(action).access)
    roles, sites = set(chosen.roles), set(chosen.sites)
    for row in stored.values():
        roles.update((row.before or {}).get("roles", []))
        sites.update((row.before or {}).get("sites", []))
    found_roles, found_sites = _lock(Role, action, roles), _lock(Site, action, sites)
    if not stored and not (chosen.roles <= found_roles and chosen.sites <= found_sites):
        raise CannotGoOn(FailureReason.ACCESS_DELETED)


def _lock(model: type[Role] | type[Site], action: BulkAction, ids: Iterable[int]) -> set[int]:
    found = model.objects.select_for_update(no_key=True).filter(organization=action.organization_id, pk__in=set(ids))
    return {item.pk for item in found.order_by("pk")}


def _rules_now(action: BulkAction, by: Membership) -> Rules:
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


def _row(action: BulkAction, change: BulkChange, person: Person, decision: Decision) -> BulkActionRow:
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


# --- Members ----------------------------------------------------------------------------------------


def _handle_members(
    action: BulkAction, by: Membership, ids: list[int], stored: Mapping[int, BulkActionRow]
) -> list[BulkActionRow]:
    members = {each.pk: each for each in lock_members(action.organization_id, ids)}
    decider = Decider(action, _rules_now(action, by), stored)
    held = access_of(members.values())
    people = [person_of_member(members[pk], held[pk]) for pk in ids if pk in members]
    decisions = {person.pk: decider.decide(person) for person in people}
    changed = {pk: each.after for pk, each in decisions.items() if each.after is not None}
    _store_members(decider.rules.change.kind, held, changed)
    if changed:
        check_somebody_manages(by.organization)
    rows = [_row(action, decider.rules.change, person, decisions[person.pk]) for person in people]
    gone = [pk for pk in ids if pk not in members]
    return rows + [BulkActionRow(action=action, membership_id=pk, outcome=Outcome.GONE) for pk in gone]


def person_of_member(member: Membership, held: AccessIds) -> Person:
    return Person(
        member.pk,
        member.get_full_name(),
        member.email,
        held,
        is_member=True,
        deactivated_at=member.deactivated_at,
    )


def _store_members(kind: str, held: Mapping[int, AccessIds], changed: Mapping[int, Person]) -> None:
    if kind == Kind.REMOVE:
        Membership.objects.filter(pk__in=list(changed)).delete()
    elif kind in (Kind.DEACTIVATE, Kind.REACTIVATE):
        # An undo may restore many different times.
        times: dict[datetime | None, list[int]] = defaultdict(list)
        for pk, after in changed.items():
            times[after.deactivated_at].append(pk)
        for at, ids in times.items():
            Membership.objects.filter(pk__in=ids).update(deactivated_at=at)
    else:
        store_access(Membership, {pk: held[pk] for pk in changed}, {pk: after.held for pk, after in changed.items()})


# --- Invitations ------------------------------------------------------------------------------------


def _handle_invitations(
    action: BulkAction, by: Membership, ids: list[int], stored: Mapping[int, BulkActionRow]
) -> tuple[list[BulkActionRow], list[int]]:
    open_ones = Invitation.objects.open_in(by.organization).filter(invitation_is_visible(by), pk__in=ids)
    free = list(open_ones.select_for_update(skip_locked=True, no_key=True).order_by("pk").values_list("pk", flat=True))
    invitations = {each.pk: each for each in _with_hurdle(action, Invitation.objects.filter(pk__in=free))}
    busy = list(open_ones.exclude(pk__in=free).values_list("pk", flat=True))
    decider = Decider(action, _rules_now(action, by), stored)
    grants = AccessGrant.objects.filter(pk__in={each.grant_id for each in invitations.values()})
    held = access_of(grants)
    people = [person_of_invitation(invitations[pk], held) for pk in ids if pk in invitations]
    decisions = {person.pk: decider.decide(person) for person in people}
    changed = {pk: each.after for pk, each in decisions.items() if each.after is not None}
    _store_invitations(decider.rules, changed)
    rows = [_row(action, decider.rules.change, person, decisions[person.pk]) for person in people]
    closed = set(ids) - {*invitations, *busy}
    return rows + _rows_of_closed(action, decider.rules, [pk for pk in ids if pk in closed]), busy


def _rows_of_closed(action: BulkAction, rules: Rules, ids: list[int]) -> list[BulkActionRow]:
    """Rows for invitations that aren't open: they were declined, or are no longer in the list."""
    if not ids:
        return []
    reason = rules.why_not_reach(is_member=False) or Outcome.DECLINED
    visible = Invitation.objects.filter(invitation_is_visible(rules.by), organization=action.organization_id)
    found = {each.pk: each for each in visible.filter(pk__in=ids)}
    declined = set(visible.declined_on_list().filter(pk__in=ids).values_list("pk", flat=True))
    return [
        BulkActionRow(
            action=action,
            invitation_id=pk,
            outcome=reason if pk in declined and not action.is_undo else Outcome.GONE,
            name=found[pk].full_name if pk in found else "",
            email=found[pk].email if pk in found else "",
        )
        for pk in ids
    ]


def _with_hurdle(action: BulkAction, invitations: InvitationQuerySet) -> InvitationQuerySet:
    if action.kind != Kind.RESEND:
        return invitations
    return invitations.annotate(hurdle=resend_hurdle(timezone.now()))


def person_of_invitation(invitation: Invitation, held: Mapping[int, AccessIds]) -> Person:
    return Person(
        invitation.pk,
        invitation.full_name or invitation.email,
        invitation.email,
        held[invitation.grant_id],
        is_member=False,
        hurdle=getattr(invitation, "hurdle", ""),
    )


def _store_invitations(rules: Rules, changed: Mapping[int, Person]) -> None:
    if rules.change.kind == Kind.RESEND:
        renew_links(list(changed), by=rules.by.user, now=timezone.now())
    elif rules.change.kind == Kind.REVOKE:
        Invitation.objects.filter(pk__in=list(changed)).close(Invitation.State.REVOKED)
    else:
        grants = _store_grants(rules.by, {after.held for after in changed.values()})
        # Like `change_invitation`: the admin who changed it is responsible for what it grants. By plain SQL, because
        # `bulk_update` takes seconds for a thousand.
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {Invitation._meta.db_table} SET grant_id = %s, inviter_id = %s WHERE id = %s",  # noqa: S608
                [(grants[after.held].pk, rules.by.user_id, pk) for pk, after in changed.items()],
            )


def _store_grants(by: Membership, wanted: set[AccessIds]) -> dict[AccessIds, AccessGrant]:
    """A new grant for each, because grants are never changed: others may share them."""
    ordered = list(wanted)
    grants = AccessGrant.objects.bulk_create(
        AccessGrant(organization=by.organization, all_sites=access.all_sites) for access in ordered
    )
    nothing = {grant.pk: AccessIds(all_sites=grant.all_sites) for grant in grants}
    after = {grant.pk: access for grant, access in zip(grants, ordered, strict=True)}
    store_access(AccessGrant, nothing, after)
    return dict(zip(ordered, grants, strict=True))
