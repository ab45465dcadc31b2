"""Delete an organization with everything in it.

Nobody sees it from the moment when an operator deletes it. Workers then delete its rows, some thousands in each
transaction, and the organization itself last. So a worker that dies leaves nothing behind: as long as the organization
is there, the recovery task finds it.

Accounts that belong to no other organization are deleted, too, except those of operators.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from accounts.activity.log import deletion_allowed
from accounts.models import ActivityEntry, Membership, Organization, User
from invites.models import BulkAction
from invites.personal_data.owned import OwnedTable, owned_tables, references, unconstrained_children

# Deleted in one transaction.
CHUNK = 2_000
# How long one turn takes. Then the recovery task starts the next one, of this or another organization.
TURN_SECONDS = 3.0
# Requests and chunks that began before have ended by then.
BEGINS_AFTER = timedelta(seconds=20)

log = structlog.get_logger(__name__)


def find_deletions() -> list[int]:
    """The ids of organizations that are being deleted, for the recovery task."""
    begun = Organization.objects.filter(deletion_started_at__lt=timezone.now() - BEGINS_AFTER)
    return list(begun.order_by("deletion_started_at").values_list("pk", flat=True))


def delete_for_a_turn(organization_id: int) -> None:
    """Delete for some seconds. The recovery task starts the next turn.

    Does nothing while another worker is deleting it.
    """
    ends_at = time.monotonic() + TURN_SECONDS
    for step in _steps():
        while deleted := _run(step, organization_id):
            # Only now, so that each turn deletes something.
            if time.monotonic() > ends_at:
                return
        if deleted is None:
            return
    _run(_finish, organization_id)


# Deletes a chunk. False if there was nothing to delete.
Step = Callable[[int], bool]


def _steps() -> list[Step]:
    return [_forget_references, *(partial(_delete_rows, table) for table in owned_tables()), _delete_entries]


@transaction.atomic
def _run(step: Step, organization_id: int) -> bool | None:
    """The result of the step; None if the organization is gone, or another worker has locked it.

    No row can be added to the organization meanwhile, because each refers to it.
    """
    deleting = Organization.objects.filter(pk=organization_id, deletion_started_at__isnull=False)
    if deleting.select_for_update(skip_locked=True).first() is None:
        return None
    return step(organization_id)


def _finish(organization_id: int) -> bool:
    """Delete the organization itself, unless something was added since its step."""
    if any(step(organization_id) for step in _steps()):
        return True
    _delete_raw(Organization.objects.filter(pk=organization_id))
    _delete_late_children(Organization, [organization_id])
    # After the commit, so that the log says only what is true.
    transaction.on_commit(lambda: log.warning("organization_deletion_finished", organization=organization_id))
    return False


def _delete_rows(table: OwnedTable, organization_id: int) -> bool:
    rows = table.of(organization_id)
    if table.model is BulkAction:
        # An undo refers to an older action.
        rows = rows.order_by("-pk")
    ids = list(rows.values_list("pk", flat=True)[:CHUNK])
    if not ids:
        return False
    is_about_users = table.model is Membership
    users = list(Membership.objects.filter(pk__in=ids).values_list("user_id", flat=True)) if is_about_users else []
    _delete_raw(table.model._base_manager.filter(pk__in=ids))
    _delete_late_children(table.model, ids)
    _delete_accounts(users)
    return True


def _delete_accounts(ids: Sequence[int]) -> None:
    """Delete the accounts of these users who are members nowhere now. Operators keep theirs."""
    # Somebody may be accepting an invitation of another organization. Locked in one order, to avoid deadlocks.
    list(User.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    members = Membership.objects.filter(user__in=ids).values("user")
    User.objects.filter(pk__in=ids, is_staff=False, is_superuser=False).exclude(pk__in=members).delete()


def _forget_references(organization_id: int) -> bool:
    """Empty what refers to it and stays, such as the blocks of addresses that reported it."""
    count = 0
    for model, field, path in references():
        ids = list(model._base_manager.filter(**{path: organization_id}).values_list("pk", flat=True)[:CHUNK])
        count += model._base_manager.filter(pk__in=ids).update(**{field: None})
    return bool(count)


def _delete_entries(organization_id: int) -> bool:
    """Delete a part of its activity log."""
    entries = ActivityEntry.objects.order_by().filter(organization_id=organization_id)
    ids = list(entries.values_list("pk", flat=True)[:CHUNK])
    if ids:
        with deletion_allowed():
            _delete_raw(ActivityEntry.objects.order_by().filter(pk__in=ids))
    return bool(ids)


def _delete_late_children(model: type[Model], ids: Sequence[int]) -> None:
    """Delete what a worker stored for these meanwhile, in tables without foreign key constraints."""
    for key in unconstrained_children(model):
        _delete_raw(key.model._base_manager.filter(**{f"{key.name}__in": ids}))


def _delete_raw(rows: QuerySet[Any]) -> None:
    """In one statement. Django would load the rows, and look for those that refer to each."""
    rows._raw_delete(rows.db)
