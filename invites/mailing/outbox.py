"""The outbox sends invitations that no import sends: single ones and resent ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from accounts.models import Organization
from invites.invitations.authorization import GrantKey, find_unauthorized
from invites.mailing.backoff import backoff_delay
from invites.mailing.reminders.sending import (
    allow_again,
    cancel_reminders,
    cancel_unwanted,
    kinds_of,
    postpone_at_night,
    settle_interrupted,
)
from invites.mailing.send_lock import HeldSendLock, acquire_send_lock, active_send_locks
from invites.mailing.sender import SendResult, TimeSlice, send_invitations
from invites.models import FailureReason, Invitation, InvitationQuerySet

SLICE = 50
MAX_ATTEMPTS = 60
MAX_CRASHES = 5
# After this many crashes an invitation is sent alone: it may be the cause, and others shouldn't have to wait for it.
ALONE_AFTER = 2


def organizations_with_due_mail() -> list[int]:
    """IDs of organizations that have due invitations and whose lock is free, for the recovery task."""
    # Asked for each organization, which an index answers: SQLite would read all pending invitations of all of them.
    due = Invitation.objects.due().filter(organization=OuterRef("pk"))
    free = Organization.objects.exclude(pk__in=active_send_locks().values("organization"))
    return list(free.filter(Exists(due)).order_by("pk").values_list("pk", flat=True))


class NextRun(NamedTuple):
    """There is more to send after the wait. Pass the token, if any, to the next call."""

    wait: timedelta
    lock_token: str | None


def send_due_invitations(organization_id: int, lock_token: str | None = None) -> NextRun | None:
    """Send up to 50 due invitations of the organization for one time slice. Returns None if no other call is needed.

    Does nothing while another worker holds the lock. After a temporary failure an invitation is due again later, with
    exponential backoff, and so is one with which a worker died: the recovery task finds them then. Throttled ones are
    due when the rate limit allows.
    """
    lock = acquire_send_lock(organization_id, lock_token)
    if lock is None:
        return None
    settle_interrupted(organization_id)
    cancel_unwanted(organization_id)
    postpone_at_night(organization_id)
    result = _send(organization_id, _next_slice(organization_id), lock)
    wait = timedelta(seconds=result.retry_in or 0) if result.throttled else timedelta(0)
    if not result.server_failed and _due(organization_id, after=wait).exists():
        token = lock.transfer(wait=wait)
        return NextRun(wait, token) if token is not None else None
    lock.release()
    # If an invitation became due just now, its task found the lock held and left the work to this worker.
    return NextRun(wait, None) if not result.server_failed and _due(organization_id).exists() else None


def _due(organization_id: int, *, after: timedelta = timedelta(0)) -> InvitationQuerySet:
    due = Invitation.objects.due(timezone.now() + after)
    return due.filter(organization=organization_id).order_by("mail_due_at", "pk")


def _next_slice(organization_id: int) -> list[Invitation]:
    due = list(_due(organization_id)[:SLICE])
    if due and due[0].mail_crashes >= ALONE_AFTER:
        return due[:1]
    return [each for each in due if each.mail_crashes < ALONE_AFTER]


def _send(organization_id: int, due: list[Invitation], lock: HeldSendLock) -> SendResult:
    _give_up([each for each in due if each.mail_crashes > MAX_CRASHES], FailureReason.INTERRUPTED)
    due = _without_forgotten([each for each in due if each.mail_crashes <= MAX_CRASHES])
    _count_crash(due)
    by_id = {each.pk: each for each in _fail_unauthorized(due)}
    result = send_invitations(list(by_id), time_slice=TimeSlice(lock.renew, organization_id=organization_id))
    allow_again([pk for pk in result.unsent if by_id[pk].mail_state == Invitation.Mail.REMINDING])
    _uncount_crash(due)
    result.mark_deferred()
    # If the server itself failed, don't try the others now either.
    failed = [by_id[pk] for pk in (*result.deferred, *(result.not_tried if result.server_failed else ()))]
    _give_up([each for each in failed if each.mail_deferrals + 1 >= MAX_ATTEMPTS], FailureReason.UNREACHABLE)
    _retry_later([each for each in failed if each.mail_deferrals + 1 < MAX_ATTEMPTS])
    allowed_at = timezone.now() + timedelta(seconds=result.retry_in or 0)
    _unsent(by_id[pk] for pk in (*result.throttled, *result.blocked)).update(mail_due_at=allowed_at)
    return result


def _without_forgotten(due: list[Invitation]) -> list[Invitation]:
    """Without those whose reminder was deleted, for example with the data of a person. They are out of the outbox."""
    reminding = {each.pk for each in due if _is_reminder(each)}
    forgotten = reminding - kinds_of(reminding).keys() if reminding else set()
    cancel_reminders(forgotten)
    return [each for each in due if each.pk not in forgotten]


def _fail_unauthorized(due: list[Invitation]) -> list[Invitation]:
    """Fail invitations whose link wouldn't work, and return the others. *Users* shows why. A resend fixes it."""
    keys = {each.pk: GrantKey(each.grant_id, each.inviter_id) for each in due}
    unauthorized = find_unauthorized(keys.values())
    cancel_reminders(each.pk for each in due if keys[each.pk] in unauthorized and _is_reminder(each))
    for key, reason in unauthorized.items():
        hashes = [each.token_hash for each in due if keys[each.pk] == key]
        # Repeats the grant and the inviter, because someone with the permission may have resent it meanwhile.
        same = Invitation.objects.unsent().filter(grant=key.grant_id, inviter=key.inviter_id, token_hash__in=hashes)
        same.update(mail_state=Invitation.Mail.FAILED, mail_detail=reason, mail_due_at=None)
    return [each for each in due if keys[each.pk] not in unauthorized]


def _count_crash(invitations: Collection[Invitation]) -> None:
    """Count a crash before sending: a worker that dies can't. Until then, other due invitations come first."""
    now = timezone.now()
    for crashes, group in _grouped(invitations, by=attrgetter("mail_crashes")):
        _unsent(group).update(mail_crashes=F("mail_crashes") + 1, mail_due_at=now + backoff_delay(crashes))


def _uncount_crash(invitations: Collection[Invitation]) -> None:
    """Undo `_count_crash`: the worker finished."""
    hashes = [each.token_hash for each in invitations]
    counted = Invitation.objects.filter(token_hash__in=hashes, mail_crashes__gt=0)
    counted.update(mail_crashes=F("mail_crashes") - 1)
    for due_at, group in _grouped(invitations, by=attrgetter("mail_due_at")):
        _unsent(group).update(mail_due_at=due_at)


def _retry_later(invitations: Collection[Invitation]) -> None:
    now = timezone.now()
    for attempts, group in _grouped(invitations, by=attrgetter("mail_deferrals")):
        _unsent(group).update(mail_deferrals=attempts + 1, mail_due_at=now + backoff_delay(attempts))


def _give_up(invitations: Collection[Invitation], reason: str) -> None:
    cancel_reminders(each.pk for each in invitations if _is_reminder(each))
    _unsent(each for each in invitations if not _is_reminder(each)).update(
        mail_state=Invitation.Mail.FAILED, mail_detail=reason, mail_finished_at=timezone.now(), mail_due_at=None
    )


def _grouped(
    invitations: Iterable[Invitation], *, by: Callable[[Invitation], Any]
) -> Iterator[tuple[Any, Iterator[Invitation]]]:
    return groupby(sorted(invitations, key=by), key=by)


def _unsent(invitations: Iterable[Invitation]) -> InvitationQuerySet:
    """The ones that weren't resent meanwhile. A resent one has a new link that hasn't been sent yet."""
    hashes = [each.token_hash for each in invitations]
    return Invitation.objects.open().to_send().filter(token_hash__in=hashes)


def _is_reminder(invitation: Invitation) -> bool:
    return invitation.mail_state == Invitation.Mail.REMINDING
