"""Handle bulk actions in chunks, in the request or in workers.

Each chunk is handled and deleted in one transaction, together with the rows that say what became of its people. So a
crash leaves the chunk unchanged, and a duplicate task finds no chunk: nobody is changed or counted twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import Change, about_users, record
from accounts.activity.source import Source
from accounts.errors import AccessDenied
from accounts.lookups import only_one
from accounts.models import Membership, Organization
from accounts.organizations.grants import AccessSelection, GrantableAccess, membership_now
from invites.directory.bulk.change import Kind, Mode, change_of
from invites.directory.bulk.decider import CannotGoOn, lost_reason
from invites.directory.bulk.start import IN_REQUEST, check_may_start
from invites.directory.bulk.steps import handle_chunk
from invites.models import BulkAction, BulkActionChunk, BulkActionRow, FailureReason, Outcome
from invites.unexpected_errors import is_transient, log_unexpected

# Far longer than a chunk takes. The recovery task finds the work of a dead worker within half a minute.
CLAIM_TIMEOUT = timedelta(seconds=20)
STALLED_AFTER = timedelta(seconds=8)
MAX_ATTEMPTS = 5
# Invitations that are locked, because they are being accepted or sent, are free by then.
BUSY_FOR = timedelta(seconds=1)

# What an action is called in the activity log.
ACTIONS = {
    Kind.ROLES: Action.ROLES_CHANGED,
    Kind.SITES: Action.SITES_CHANGED,
    Kind.RESEND: Action.RESENT_MANY,
    Kind.REVOKE: Action.REVOKED_MANY,
    Kind.DEACTIVATE: Action.DEACTIVATED_MANY,
    Kind.REACTIVATE: Action.REACTIVATED_MANY,
    Kind.REMOVE: Action.REMOVED_MANY,
}


@dataclass(frozen=True)
class Handled:
    """The result of a chunk. `wait` is the time until the next one, None at the end. If `resent`, email is due now."""

    organization_id: int
    wait: timedelta | None
    resent: bool


def handle_now(action: BulkAction) -> bool:
    """Handle a small action in the request. Returns False if workers have to do it, or the rest of it.

    They do if it is large, or if some invitations are locked right now.
    """
    if action.total > IN_REQUEST:
        return False
    while (handled := handle_next_chunk(action.pk)) and handled.wait == timedelta(0):
        pass
    action.refresh_from_db()
    return not action.is_running


def handle_next_chunk(action_id: int) -> Handled | None:
    """Handle the next chunk. Returns None if there is nothing left to do here.

    Does nothing while another worker has claimed the action. The action stops if its starter may no longer invite,
    after the second unexpected error, and after too many crashes of workers.
    """
    action = _claim(action_id)
    if action is None:
        return None
    if action.attempts > MAX_ATTEMPTS:
        stop_bulk_action(action, reason=FailureReason.WORKERS_DIED)
        return None
    try:
        return _handle_chunk(action_id)
    except CannotGoOn as stopped:
        stop_bulk_action(action, reason=stopped.reason)
        return None
    except Exception as error:
        reference = log_unexpected("bulk_action_failed", error, action=action_id, attempt=action.attempts)
        if action.attempts > 1 and not is_transient(error):
            stop_bulk_action(action, reason=FailureReason.UNEXPECTED, reference=reference)
        else:
            # The recovery task retries without waiting for the claim to expire.
            BulkAction.objects.filter(pk=action_id).update(claimed_until=None)
        return None


def _claim(action_id: int) -> BulkAction | None:
    """Claim the action, if it is running and unclaimed. While its organization is suspended, it waits."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    running = _in_active_organizations().filter(free, pk=action_id)
    if not running.update(claimed_until=now + CLAIM_TIMEOUT, attempts=F("attempts") + 1, progressed_at=now):
        return None
    return BulkAction.objects.get(pk=action_id)


@transaction.atomic
def _handle_chunk(action_id: int) -> Handled | None:
    # Locked until the commit, so that two workers with a claim don't handle the same chunk.
    running = BulkAction.objects.select_for_update(no_key=True).filter(state=BulkAction.State.RUNNING)
    action = only_one(running.filter(pk=action_id))
    if action is None:
        return None
    chunk = action.chunks.order_by("pk").first()
    busy = _handle(action, chunk) if chunk else []
    is_left = action.chunks.exists()
    if is_left:
        action.claimed_until, action.attempts, action.progressed_at = None, 0, timezone.now()
        action.save()
    else:
        _end(action, BulkAction.State.DONE)
    wait = (BUSY_FOR if busy else timedelta(0)) if is_left else None
    return Handled(action.organization_id, wait, resent=action.kind == BulkAction.Kind.RESEND)


def _handle(action: BulkAction, chunk: BulkActionChunk) -> list[int]:
    """Returns the ids of invitations that were locked, and are left in the chunk for the next time."""
    by = _starter(action)
    if by is None:
        raise CannotGoOn(lost_reason(change_of(action)))
    rows, busy = handle_chunk(action, by, chunk)
    BulkActionRow.objects.bulk_create(rows)
    counts = Counter(action.counts)
    counts.update(Counter(str(row.outcome) for row in rows))
    action.counts, action.done = dict(counts), action.done + len(rows)
    if busy:
        chunk.invitation_ids = busy
        chunk.save(update_fields=["invitation_ids"])
    else:
        chunk.delete()
    return busy


def _starter(action: BulkAction) -> Membership | None:
    """The membership of the user who started it; None if they are no longer an active member."""
    members = Membership.objects.active().select_related("organization", "user")
    return only_one(members.filter(organization=action.organization_id, user=action.started_by_id))


@transaction.atomic
def cancel_bulk_action(by: Membership, action: BulkAction) -> bool:
    """`stop_bulk_action` for an admin who started it, or who could grant all access of its starter.

    Raises AccessDenied.
    """
    now = membership_now(by)
    check_may_start(now, change_of(action))
    if sentence := why_not_cancel(now, action):
        raise AccessDenied("beyond_permissions", sentence)
    if not stop_bulk_action(action):
        return False
    change = Change(values={"bulk_action": action.pk})
    record(now.organization_id, Action.STOPPED_MANY, about_users(action.total), by=now, change=change)
    return True


def why_not_cancel(by: Membership, action: BulkAction) -> str:
    """Why `by` can't stop the action, as a sentence; empty if they can."""
    starter = only_one(Membership.objects.filter(organization=action.organization_id, user=action.started_by_id))
    if starter is None or starter.user_id == by.user_id:
        return ""
    why_not = _("You can’t stop this because the person who started it has access you don’t have: {access}.")
    return GrantableAccess(by).why_not_manage(AccessSelection.held_by(starter), why_not)


@transaction.atomic
def stop_bulk_action(action: BulkAction, *, reason: str = "", reference: str = "") -> bool:
    """Skip the remaining chunks, after the current one. Returns False if the action had already ended.

    `reason` is a `FailureReason`; `reference` is that of an unexpected error.
    """
    running = BulkAction.objects.select_for_update(no_key=True).filter(state=BulkAction.State.RUNNING)
    found = only_one(running.filter(pk=action.pk))
    if found is None:
        return False
    found.error_reference = reference
    _end(found, BulkAction.State.STOPPED, reason=reason)
    return True


def _end(action: BulkAction, state: BulkAction.State, *, reason: str = "") -> None:
    now = timezone.now()
    action.state, action.stop_reason = state, reason
    action.ended_at, action.progressed_at, action.claimed_until = now, now, None
    # Show the result, even if the banner with the progress was closed.
    action.banner_closed_at = None
    action.save()
    action.chunks.all().delete()
    _record(action)


def _record(action: BulkAction) -> None:
    """One entry for all. The page *Activity* links it to the results, which have everybody's change."""
    change = change_of(action)
    names = {"roles": [role.name for role in change.access.roles], "sites": [site.name for site in change.access.sites]}
    is_removal = change.mode == Mode.REMOVE
    counts = action.counts
    skipped = action.done - action.changed - counts.get(Outcome.SAME, 0)
    has_details = not action.is_undo
    record(
        action.organization_id,
        Action.UNDID_MANY if action.is_undo else ACTIONS[change.kind],
        about_users(action.changed),
        by=_starter(action) or action.started_by,
        change=Change(
            added=names if has_details and not is_removal else {},
            removed=names if has_details and is_removal else {},
            after={"all_sites": True} if has_details and change.access.all_sites else {},
            values={"skipped": skipped, "bulk_action": action.pk},
        ),
        source=Source.from_json(action.source),
    )


def close_banner(action: BulkAction, *, read: str) -> None:
    """Close the banner that said that the action was `read`. A newer state is still shown."""
    BulkAction.objects.filter(pk=action.pk, state=read).update(banner_closed_at=timezone.now())


def find_stalled() -> list[int]:
    """The ids of unclaimed actions without progress for some seconds, for the recovery task.

    Updates when they last progressed, so that the next recovery doesn't find them again.
    """
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    stalled = _in_active_organizations().filter(free, progressed_at__lt=now - STALLED_AFTER)
    ids = list(stalled.values_list("pk", flat=True))
    BulkAction.objects.filter(pk__in=ids).update(progressed_at=now)
    return ids


def _in_active_organizations() -> QuerySet[BulkAction]:
    """The running actions that aren't waiting for their organization to be resumed."""
    running = BulkAction.objects.filter(state=BulkAction.State.RUNNING)
    return running.filter(organization__in=Organization.objects.active())
