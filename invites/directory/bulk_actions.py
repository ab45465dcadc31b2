"""Resend or revoke thousands of invitations: an admin starts the action, and workers handle it in chunks.

Each chunk is handled and deleted in one transaction. So a crash leaves the chunk unchanged, and a duplicate task finds
no chunk: an action resends no invitation twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import Change, about_users, record
from accounts.activity.source import Source, current_source
from accounts.errors import AccessDenied
from accounts.models import Membership
from accounts.organizations.grants import AccessSelection, GrantableAccess, membership_now
from accounts.organizations.selectors import memberships_with_permission
from accounts.permissions import Permission
from invites.invitations import actions
from invites.invitations.authorization import check_may_invite
from invites.models import BulkAction, BulkActionChunk, FailureReason
from invites.unexpected_errors import is_transient, log_unexpected

# Up to so many are handled in the request, which takes about half a second.
IN_REQUEST = 2_000
# Far longer than a chunk takes. The recovery task finds the work of a dead worker within half a minute.
CLAIM_TIMEOUT = timedelta(seconds=20)
STALLED_AFTER = timedelta(seconds=8)
MAX_ATTEMPTS = 5
# Invitations that are locked, because they are being accepted or sent, are free by then.
BUSY_FOR = timedelta(seconds=1)


@dataclass(frozen=True)
class Handled:
    """The result of a chunk. `wait` is the time until the next one, None at the end. If `resent`, email is due now."""

    organization_id: int
    wait: timedelta | None
    resent: bool


@transaction.atomic
def start_bulk_action(by: Membership, kind: BulkAction.Kind, ids: list[int]) -> BulkAction:
    """Store the action with the ids of its invitations. The caller enqueues the task.

    Raises AccessDenied.
    """
    check_may_invite(by)
    action = BulkAction.objects.create(
        organization=by.organization,
        started_by=by.user,
        kind=kind,
        total=len(ids),
        progressed_at=timezone.now(),
        source=current_source().as_json(),
    )
    starts = range(0, len(ids), actions.CHUNK)
    chunks = [BulkActionChunk(action=action, invitation_ids=ids[start : start + actions.CHUNK]) for start in starts]
    BulkActionChunk.objects.bulk_create(chunks, batch_size=100)
    return action


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
    except Exception as error:
        reference = log_unexpected("bulk_action_failed", error, action=action_id, attempt=action.attempts)
        if action.attempts > 1 and not is_transient(error):
            stop_bulk_action(action, reason=FailureReason.UNEXPECTED, reference=reference)
        else:
            # The recovery task retries without waiting for the claim to expire.
            BulkAction.objects.filter(pk=action_id).update(claimed_until=None)
        return None


def _claim(action_id: int) -> BulkAction | None:
    """Claim the action, if it is running and unclaimed."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    running = BulkAction.objects.filter(free, pk=action_id, state=BulkAction.State.RUNNING)
    if not running.update(claimed_until=now + CLAIM_TIMEOUT, attempts=F("attempts") + 1, progressed_at=now):
        return None
    return BulkAction.objects.get(pk=action_id)


@transaction.atomic
def _handle_chunk(action_id: int) -> Handled | None:
    # Locked until the commit, so that two workers with a claim don't handle the same chunk.
    running = BulkAction.objects.select_for_update(no_key=True).filter(state=BulkAction.State.RUNNING)
    action = running.filter(pk=action_id).first()
    if action is None:
        return None
    by = _allowed_starter(action)
    if by is None:
        _end(action, BulkAction.State.STOPPED, reason=FailureReason.INVITER_LEFT)
        return None
    chunk = action.chunks.order_by("pk").first()
    is_busy = _handle(action, by, chunk) if chunk else False
    is_left = action.chunks.exists()
    if is_left:
        action.claimed_until, action.attempts, action.progressed_at = None, 0, timezone.now()
        action.save()
    else:
        _end(action, BulkAction.State.DONE)
    wait = (BUSY_FOR if is_busy else timedelta(0)) if is_left else None
    return Handled(action.organization_id, wait, resent=action.kind == BulkAction.Kind.RESEND)


def _handle(action: BulkAction, by: Membership, chunk: BulkActionChunk) -> bool:
    """Returns True if some invitations of the chunk were locked, and are left for the next time."""
    ids, busy = chunk.invitation_ids, []
    if action.kind == BulkAction.Kind.RESEND:
        resent = actions.resend_some(by, ids)
        action.changed += resent.sent
        action.skipped += resent.skipped
    else:
        revoked = actions.revoke_some(by, ids)
        action.changed += revoked.count
        action.skipped += revoked.skipped
        busy = list(revoked.busy)
    action.done += len(ids) - len(busy)
    if busy:
        chunk.invitation_ids = busy
        chunk.save(update_fields=["invitation_ids"])
    else:
        chunk.delete()
    return bool(busy)


def _allowed_starter(action: BulkAction) -> Membership | None:
    """The current membership of the user who started it; None if they may no longer invite."""
    allowed = memberships_with_permission(Permission.INVITE_USERS).select_related("organization", "user")
    return allowed.filter(organization=action.organization_id, user=action.started_by_id).first()


@transaction.atomic
def cancel_bulk_action(by: Membership, action: BulkAction) -> bool:
    """`stop_bulk_action` for an admin who started it, or who could grant all access of its starter.

    Raises AccessDenied.
    """
    now = membership_now(by)
    check_may_invite(now)
    if sentence := why_not_cancel(now, action):
        raise AccessDenied("beyond_permissions", sentence)
    return stop_bulk_action(action)


def why_not_cancel(by: Membership, action: BulkAction) -> str:
    """Why `by` can't stop the action, as a sentence; empty if they can."""
    starter = Membership.objects.filter(organization=action.organization_id, user=action.started_by_id).first()
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
    found = running.filter(pk=action.pk).first()
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
    is_resend = action.kind == BulkAction.Kind.RESEND
    record(
        action.organization_id,
        Action.RESENT_MANY if is_resend else Action.REVOKED_MANY,
        about_users(action.changed),
        by=action.started_by,
        change=Change(values={"skipped": action.skipped}),
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
    stalled = BulkAction.objects.filter(free, state=BulkAction.State.RUNNING, progressed_at__lt=now - STALLED_AFTER)
    ids = list(stalled.values_list("pk", flat=True))
    BulkAction.objects.filter(pk__in=ids).update(progressed_at=now)
    return ids
