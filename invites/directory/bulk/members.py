"""Change the members of a chunk of a bulk action."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from accounts.models import Membership
from accounts.organizations.grants import AccessIds
from accounts.organizations.many_members import access_of, lock_members, store_access
from accounts.organizations.members import check_somebody_manages
from invites.directory.bulk.change import Kind
from invites.directory.bulk.decider import Decider, Person, row_of, rules_now
from invites.models import BulkAction, BulkActionRow, Outcome


def handle_members(
    action: BulkAction, by: Membership, ids: list[int], stored: Mapping[int, BulkActionRow]
) -> list[BulkActionRow]:
    """Lock and change these members. Returns a row for each. `stored` are the rows to undo, by membership."""
    members = {each.pk: each for each in lock_members(action.organization_id, ids)}
    decider = Decider(action, rules_now(action, by), stored)
    held = access_of(members.values())
    people = [person_of_member(members[pk], held[pk]) for pk in ids if pk in members]
    decisions = {person.pk: decider.decide(person) for person in people}
    changed = {pk: each.after for pk, each in decisions.items() if each.after is not None}
    _store_members(decider.rules.change.kind, held, changed)
    if changed:
        check_somebody_manages(by.organization)
    rows = [row_of(action, decider.rules.change, person, decisions[person.pk]) for person in people]
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
