"""Sends the invitations that no batch sends: those of single people, and those sent again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple, TypeVar

from django.db.models import F
from django.utils import timezone

from invites.invitations.authorization import GrantKey, find_unauthorized
from invites.mailing.backoff import CRASHED_REASON, UNREACHABLE_REASON, backoff_delay
from invites.mailing.send_lock import SendLock, acquire_send_lock, organizations_without_send_lock
from invites.mailing.sender import SendResult, TimeSlice, send_invitations
from invites.models import Invitation, InvitationQuerySet

T = TypeVar("T")

SLICE = 50
MAX_ATTEMPTS = 60
# `mail_attempts` counts so much for each worker that died with the mail, and one for each time that it was put off.
DEATH = 100
MAX_DEATHS = 5
# One with which so many died goes alone: if it is what they die of, the others need not wait for it.
ALONE_AFTER = 2


def unsent_single_invitations(now: datetime | None = None) -> InvitationQuerySet:
    """The invitations whose mail is due now and that nobody holds, longest due first."""
    return Invitation.objects.due(now).order_by("mail_due_at", "pk")


def organizations_with_due_mail() -> list[int]:
    """Ids of the organizations for which `send_due_invitations` has work that nobody is at, for the recovery task."""
    due = unsent_single_invitations().order_by().values_list("organization_id", flat=True)
    return organizations_without_send_lock(due.distinct())


class More(NamedTuple):
    """There is more to send, after the wait. Whoever goes on brings what was `lock_token`."""

    wait: timedelta
    lock_token: float | None


def send_due_invitations(organization_id: int, lock_token: float | None = None) -> More | None:
    """Sends up to 50 mails of the organization that are due, for one turn; None when it need not be called again.

    Nothing is done while another worker is at it. Temporary trouble moves mails on with growing backoff_count, and so
    does whoever dies with them; the recovery task finds them then. What the pace kept back is moved to when it may go.
    """
    lock = acquire_send_lock(organization_id, lock_token)
    if lock is None:
        return None
    run = _send({invitation.pk: invitation for invitation in _slice(organization_id)}, lock)
    wait = timedelta(seconds=run.retry_in or 0) if run.throttled else timedelta(0)
    if not run.server_failed and _due(organization_id, wait=wait).exists():
        following = lock.transfer(wait=wait)
        return More(wait, following) if following is not None else None
    lock.end()
    # Who invited somebody at this moment found a worker at it, and relies on that.
    return More(wait, None) if not run.server_failed and _due(organization_id).exists() else None


def _due(organization_id: int, *, wait: timedelta = timedelta(0)) -> InvitationQuerySet:
    return unsent_single_invitations(timezone.now() + wait).filter(organization_id=organization_id)


def _slice(organization_id: int) -> list[Invitation]:
    found = list(_due(organization_id)[:SLICE])
    alone = bool(found) and _deaths(found[0]) >= ALONE_AFTER
    return found[:1] if alone else [each for each in found if _deaths(each) < ALONE_AFTER]


def _send(due: dict[int, Invitation], lock: SendLock) -> SendResult:
    _give_up([due.pop(pk) for pk, each in list(due.items()) if _deaths(each) > MAX_DEATHS], CRASHED_REASON)
    counted = list(due.values())
    _count_a_death(counted)
    _fail_lapsed(due)
    run = send_invitations(list(due), turn=TimeSlice(lock.keep))
    _count_no_death(counted)
    Invitation.objects.filter(pk__in=run.deferred, mail_state=Invitation.Mail.QUEUED).update(
        mail_state=Invitation.Mail.SENDING
    )
    # Where the server was of no use to anybody, the others need not ask it now.
    failed = [due[pk] for pk in (*run.deferred, *(run.not_tried if run.server_failed else ()))]
    _give_up([each for each in failed if _attempts(each) + 1 >= MAX_ATTEMPTS], UNREACHABLE_REASON)
    _put_off([each for each in failed if _attempts(each) + 1 < MAX_ATTEMPTS])
    opens_at = timezone.now() + timedelta(seconds=run.retry_in or 0)
    _unsent(due[pk] for pk in (*run.throttled, *run.blocked)).update(mail_due_at=opens_at)
    return run


def _fail_lapsed(due: dict[int, Invitation]) -> None:
    """Links that would not work are not mailed: the list says why, and somebody else can send them again."""
    offers = {pk: GrantKey(invitation.grant_id, invitation.inviter_id) for pk, invitation in due.items()}
    for offer, reason in find_unauthorized(offers.values()).items():
        ids = [pk for pk, each in offers.items() if each == offer]
        hashes = [due.pop(pk).token_hash for pk in ids]
        # One for which somebody else answers since is still to be sent.
        same = Invitation.objects.unsent().filter(grant=offer.grant_id, inviter=offer.inviter_id)
        same.filter(token_hash__in=hashes).update(
            mail_state=Invitation.Mail.FAILED, mail_detail=reason, mail_due_at=None
        )


def _deaths(invitation: Invitation) -> int:
    return invitation.mail_attempts // DEATH


def _attempts(invitation: Invitation) -> int:
    return invitation.mail_attempts % DEATH


def _count_a_death(invitations: Collection[Invitation]) -> None:
    """Beforehand: who dies with them can't. Those that are due besides come first then."""
    now = timezone.now()
    for deaths, group in _grouped(invitations, _deaths).items():
        _unsent(group).update(mail_attempts=F("mail_attempts") + DEATH, mail_due_at=now + backoff_delay(deaths))


def _count_no_death(invitations: Collection[Invitation]) -> None:
    """All is as it was: whoever sent them is alive."""
    counted = Invitation.objects.filter(
        token_hash__in=[each.token_hash for each in invitations], mail_attempts__gte=DEATH
    )
    counted.update(mail_attempts=F("mail_attempts") - DEATH)
    for due_at, group in _grouped(invitations, attrgetter("mail_due_at")).items():
        _unsent(group).update(mail_due_at=due_at)


def _put_off(invitations: Collection[Invitation]) -> None:
    now = timezone.now()
    for attempts, group in _grouped(invitations, _attempts).items():
        _unsent(group).update(mail_attempts=F("mail_attempts") + 1, mail_due_at=now + backoff_delay(attempts))


def _give_up(invitations: Collection[Invitation], reason: str) -> None:
    """Nobody is waited for for ever."""
    _unsent(invitations).update(
        mail_state=Invitation.Mail.FAILED, mail_detail=reason, mailed_at=timezone.now(), mail_due_at=None
    )


def _grouped(invitations: Iterable[Invitation], by: Callable[[Invitation], T]) -> dict[T, list[Invitation]]:
    groups: dict[T, list[Invitation]] = {}
    for invitation in invitations:
        groups.setdefault(by(invitation), []).append(invitation)
    return groups


def _unsent(invitations: Iterable[Invitation]) -> InvitationQuerySet:
    """By the hash: one that was sent again since has a new link, whose mail is still to come."""
    hashes = [each.token_hash for each in invitations]
    return Invitation.objects.open().unsent().filter(token_hash__in=hashes)
