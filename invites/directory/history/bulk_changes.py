"""The changes of many people at once, as if each person had an entry of their own in the activity log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership, Organization
from invites.directory.history.events import Event, Kind
from invites.models import BulkAction, BulkActionRow, Invitation, Outcome


def changed_together(
    organization: Organization, invitations: Iterable[Invitation], member: Membership | None, at_most: int
) -> Iterator[Event]:
    """The changes of many people at once, as if each had an entry of its own in the log."""
    ids = [invitation.pk for invitation in invitations]
    rows: list[BulkActionRow] = []
    for about in ({"membership_id": member.pk} if member else None, {"invitation_id__in": ids} if ids else None):
        if about is not None:
            changed = BulkActionRow.objects.filter(outcome=Outcome.CHANGED, **about).order_by("-pk")
            rows += changed.select_related("action")[:at_most]
    names = _names_of_access(organization, rows)
    for row in rows:
        if (action := _action_on_one(row)) is not None:
            details, by = _details_of(row, names), row.action.started_by_id
            entry = ActivityEntry(action=action, actor_id=by, affected_name=row.name, details=details, at=row.at)
            yield Event(Kind.CHANGED, row.at, by=by, entry=entry)


def _action_on_one(row: BulkActionRow) -> Action | None:
    """What it is called for one person. Links that were renewed are found with their invitation."""
    match row.action.kind:
        case BulkAction.Kind.ROLES:
            return Action.ROLES_CHANGED
        case BulkAction.Kind.SITES:
            return Action.SITES_CHANGED
        case BulkAction.Kind.REVOKE:
            return Action.REVOKED
        case BulkAction.Kind.DEACTIVATE | BulkAction.Kind.REACTIVATE:
            # An undo has the kind of what it undoes.
            is_deactivated = (row.after or {}).get("deactivated_at")
            return Action.USER_DEACTIVATED if is_deactivated else Action.USER_REACTIVATED
    return None


# Names of roles and of sites by their ids.
_AccessNames = dict[str, dict[int, str]]


def _names_of_access(organization: Organization, rows: Iterable[BulkActionRow]) -> _AccessNames:
    """Those of the rows. What was deleted since keeps the name that its action has stored."""
    names: _AccessNames = {"roles": {}, "sites": {}}
    ids: dict[str, set[int]] = {"roles": set(), "sites": set()}
    for row in rows:
        for kind in names:
            names[kind].update(map(tuple, row.action.access.get(kind, [])))
            for state in (row.before or {}, row.after or {}):
                ids[kind].update(state.get(kind, []))
    if ids["roles"]:
        names["roles"] |= dict(organization.roles.filter(pk__in=ids["roles"]).values_list("pk", "name"))
    if ids["sites"]:
        names["sites"] |= dict(organization.sites.filter(pk__in=ids["sites"]).values_list("pk", "name"))
    return names


def _details_of(row: BulkActionRow, names: _AccessNames) -> dict[str, Any]:
    """What was added and removed, in the form of the details of an entry."""
    before, after = row.before or {}, row.after or {}
    details: dict[str, Any] = {"added": {}, "removed": {}}
    for kind, known in names.items():
        had, has = set(before.get(kind, [])), set(after.get(kind, []))
        for verb, ids in (("added", has - had), ("removed", had - has)):
            if found := sorted(known[pk] for pk in ids if pk in known):
                details[verb][kind] = found
    if before.get("all_sites", False) != after.get("all_sites", False):
        details |= {"before": {"all_sites": before["all_sites"]}, "after": {"all_sites": after["all_sites"]}}
    return details
