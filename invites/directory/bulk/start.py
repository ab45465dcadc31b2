"""Start a bulk action, or the undo of one. The caller then calls `work.handle_now`, or enqueues the task."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import Change, about_users, record
from accounts.activity.source import current_source
from accounts.errors import AccessDenied, DomainError
from accounts.models import Membership, Organization
from accounts.organizations.grants import GrantableAccess, membership_now
from accounts.organizations.many_members import access_of
from accounts.organizations.suspension import check_not_suspended
from accounts.permissions import Permission
from invites.directory.bulk.change import UNDOABLE, BulkChange, Kind, Mode, change_of
from invites.directory.bulk.rules import Rules, may_start
from invites.directory.bulk.selection import PeopleIds
from invites.models import BulkAction, BulkActionChunk, Outcome

# How many people are changed in one transaction.
CHUNK = 1_000
# How many at most are changed in the request, which takes less than a second.
IN_REQUEST = 1_000


@transaction.atomic
def start_bulk_action(
    by: Membership, change: BulkChange, people: PeopleIds, *, expected: int | None = None
) -> BulkAction:
    """Store the action with the ids of its people. `expected` of them would be changed; by default all.

    Listing the ids takes a fraction of a second, even for 200,000. So an action is exact: workers handle those who were
    selected, even if the filter matches others by then. It may also match others because of the action itself.

    Raises AccessDenied, and DomainError: "no_role", "no_site".
    """
    now = membership_now(by)
    check_may_start(now, change)
    if change.kind == Kind.ROLES and not change.access.roles:
        raise DomainError("no_role", _("Choose at least one role."))
    has_sites = change.access.sites or (change.access.all_sites and change.mode != Mode.REMOVE)
    if change.kind == Kind.SITES and not has_sites:
        raise DomainError("no_site", _("Choose at least one site."))
    GrantableAccess(now).check_can_grant(change.access)
    return _store(by, change, people, expected=expected)


def check_may_start(by: Membership, change: BulkChange) -> None:
    """Raises AccessDenied if the member has no permission for it, and while the organization is suspended."""
    check_not_suspended(Organization.objects.get(pk=by.organization_id))
    if may_start(by, change):
        return
    if change.permissions == (Permission.INVITE_USERS,):
        raise AccessDenied("not_allowed", _("You don’t have permission to invite users."))
    raise AccessDenied("not_allowed", _("You don’t have permission to manage users."))


@transaction.atomic
def start_undo(by: Membership, action: BulkAction) -> BulkAction:
    """Undo an action for everybody whom it changed, except those who were changed since.

    Raises AccessDenied, and DomainError("no_undo") if it can't be undone, or is being undone or was undone already.
    """
    now = membership_now(by)
    # Locked, so that two undos can't start at once.
    held = now.organization.bulk_actions.select_for_update(no_key=True).get(pk=action.pk)
    change = change_of(held)
    check_may_start(now, change)
    if not can_be_undone(held):
        raise DomainError("no_undo", _("This can’t be undone anymore. Reload the page."))
    changed = held.rows.filter(outcome=Outcome.CHANGED).order_by("pk")
    members = list(changed.filter(invitation_id=None).values_list("membership_id", flat=True))
    invitations = list(changed.filter(membership_id=None).values_list("invitation_id", flat=True))
    people = PeopleIds([pk for pk in members if pk], [pk for pk in invitations if pk])
    # What its banner says isn't true anymore. The undo has a banner of its own.
    BulkAction.objects.filter(pk=held.pk, banner_closed_at=None).update(banner_closed_at=timezone.now())
    return _store(by, change, people, undo_of=held)


def can_be_undone(action: BulkAction) -> bool:
    """Whether it has ended, has changed somebody, and no other undo is running or has changed somebody."""
    if action.is_running or action.is_undo or action.kind not in UNDOABLE or not action.changed:
        return False
    undos = action.undos.exclude(state=BulkAction.State.STOPPED)
    return not any(undo.is_running or undo.changed for undo in undos)


def _store(
    by: Membership,
    change: BulkChange,
    people: PeopleIds,
    *,
    expected: int | None = None,
    undo_of: BulkAction | None = None,
) -> BulkAction:
    action = BulkAction.objects.create(
        organization=by.organization,
        started_by=by.user,
        kind=change.kind,
        mode=change.mode or "",
        access=change.as_json(),
        undo_of=undo_of,
        total=len(people),
        expected=len(people) if expected is None else expected,
        progressed_at=timezone.now(),
        source=current_source().as_json(),
    )
    others = [pk for pk in people.members if pk != by.pk]
    chunks = [BulkActionChunk(action=action, membership_ids=ids) for ids in _parts(others)]
    chunks += [BulkActionChunk(action=action, invitation_ids=ids) for ids in _parts(people.invitations)]
    if len(others) < len(people.members):
        # Last, because the starter may take something from themselves that is needed for the others. First if they are
        # skipped, because the reason may depend on the others: somebody who manages alone is the last Org Admin.
        own = BulkActionChunk(action=action, membership_ids=[by.pk])
        chunks.insert(0 if _is_skipped(by, change) else len(chunks), own)
    BulkActionChunk.objects.bulk_create(chunks, batch_size=100)
    if len(people) > IN_REQUEST:
        # Workers need a while, and could die. The entry with the result comes when they are done.
        started = Change(values={"bulk_action": action.pk})
        record(by.organization_id, Action.STARTED_MANY, about_users(len(people)), by=by, change=started)
    return action


def _is_skipped(by: Membership, change: BulkChange) -> bool:
    own = Membership.objects.select_related("organization").get(pk=by.pk)
    held = access_of([own])[own.pk]
    return Rules(own, change).own_outcome(held) in (Outcome.LAST_MANAGER, Outcome.YOURSELF)


def _parts(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
