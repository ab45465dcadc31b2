"""What the undo of a bulk action would do now: how many get back what they had, and how many are skipped and why.

It decides about each person as the undo itself does, but locks and changes nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from accounts.models import Membership
from accounts.organizations.grants import membership_now
from accounts.organizations.many_members import access_of
from invites.directory.bulk.change import change_of
from invites.directory.bulk.decider import Decider, Person
from invites.directory.bulk.invitations import person_of_invitation
from invites.directory.bulk.members import person_of_member
from invites.directory.bulk.rules import Rules
from invites.invitations.visibility import invitation_is_visible
from invites.models import AccessGrant, BulkAction, BulkActionRow, Invitation, Outcome

# To look at more people would take too long for a request.
MOST = 5_000
CHUNK = 1_000


def plan_undo(by: Membership, action: BulkAction) -> dict[Outcome, int] | None:
    """How many people have each outcome, in the order of `Outcome`. None for more than `MOST` people."""
    rows = list(action.rows.filter(outcome=Outcome.CHANGED).order_by("pk")[: MOST + 1])
    if len(rows) > MOST:
        return None
    now = membership_now(by)
    rules, undo = Rules(now, change_of(action)), BulkAction(undo_of=action, kind=action.kind)
    counts: Counter[Outcome] = Counter()
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        members = {row.membership_id: row for row in part if row.membership_id}
        invitations = {row.invitation_id: row for row in part if row.invitation_id}
        counts.update(_outcomes(Decider(undo, rules, members), _members(now, members), members))
        counts.update(_outcomes(Decider(undo, rules, invitations), _invitations(now, invitations), invitations))
    return {outcome: count for outcome in Outcome if (count := counts[outcome])}


def _outcomes(decider: Decider, people: Iterable[Person], rows: dict[int, BulkActionRow]) -> Iterable[Outcome]:
    found = {person.pk: decider.decide(person).outcome for person in people}
    return [found.get(pk, Outcome.GONE) for pk in rows]


def _members(by: Membership, ids: Iterable[int]) -> list[Person]:
    members = list(by.organization.memberships.filter(pk__in=list(ids)).select_related("user"))
    held = access_of(members)
    return [person_of_member(member, held[member.pk]) for member in members]


def _invitations(by: Membership, ids: Iterable[int]) -> list[Person]:
    found = Invitation.objects.open_in(by.organization).filter(invitation_is_visible(by), pk__in=list(ids))
    invitations = list(found)
    held = access_of(AccessGrant.objects.filter(pk__in={each.grant_id for each in invitations}))
    return [person_of_invitation(invitation, held) for invitation in invitations]
