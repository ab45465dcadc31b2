"""Do one chunk of a bulk action, in the caller's transaction: lock the people, decide about each, change them together.

The number of statements doesn't depend on the number of people. Locks are acquired in the documented order: roles,
sites, then invitations, or the organization and its members. Members are decided about under the lock of their
organization, so two actions that together would take the last manager away can't both succeed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from accounts.models import Membership, Role, Site
from accounts.organizations.grants import AccessIds
from invites.directory.bulk.change import change_of
from invites.directory.bulk.decider import CannotGoOn
from invites.directory.bulk.invitations import handle_invitations
from invites.directory.bulk.members import handle_members
from invites.models import BulkAction, BulkActionChunk, BulkActionRow, FailureReason, Outcome


def handle_chunk(action: BulkAction, by: Membership, chunk: BulkActionChunk) -> tuple[list[BulkActionRow], list[int]]:
    """Change the people of the chunk. Returns their rows, not stored yet, and the ids of invitations that are locked.

    Locked invitations, which are being accepted or sent, are not waited for: that could deadlock. Raises CannotGoOn,
    and DomainError("last_manager"), which can't happen as long as `rules.py` is right.
    """
    stored = _rows_to_undo(action, chunk)
    _lock_access(action, stored)
    if chunk.membership_ids:
        return handle_members(action, by, chunk.membership_ids, stored), []
    return handle_invitations(action, by, chunk.invitation_ids, stored)


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
