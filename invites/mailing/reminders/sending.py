"""What becomes of the reminders in the outbox: they are started once, and sent, canceled or postponed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import Organization
from accounts.organizations.daytime import is_daytime, next_daytime
from invites.invitations.reminders import LAST_MOMENT, reminder_days
from invites.models import FailureReason, Invitation, Reminder

_SENT, _REMINDING = Invitation.Mail.SENT, Invitation.Mail.REMINDING


def start_reminder(invitation_id: int, kind: str) -> bool:
    """Called before the email is given to the mail server. False if it was started before.

    Also False if the invitation was closed since it was looked at.
    """
    unstarted = Reminder.objects.filter(invitation=invitation_id, kind=kind, started_at=None, sent_at=None)
    waiting = Invitation.objects.open().filter(pk=invitation_id, mail_state=_REMINDING)
    return bool(unstarted.filter(invitation__in=waiting).update(started_at=timezone.now()))


def allow_again(invitation_ids: Collection[int]) -> None:
    """The mail server didn't take these. They can be started again."""
    if invitation_ids:
        _unsent().filter(invitation__in=list(invitation_ids)).update(started_at=None)


@transaction.atomic
def note_sent(invitation_id: int, kind: str) -> None:
    """The mail server took it. The time of the first email stays that of the invitation."""
    _back_to_sent([invitation_id])
    Reminder.objects.filter(invitation=invitation_id, kind=kind).update(sent_at=timezone.now())


@transaction.atomic
def note_failed(invitation_id: int, reason: str) -> None:
    """It can't be sent. If the server refused the recipient, the invitation counts as not delivered.

    A reason of our own, such as a limit, only cancels the reminder.
    """
    if reason in FailureReason.values:
        cancel_reminders([invitation_id])
        return
    Invitation.objects.filter(pk=invitation_id, mail_state=_REMINDING).update(
        mail_state=Invitation.Mail.FAILED, mail_detail=reason, mail_finished_at=timezone.now(), mail_due_at=None
    )
    _unsent().filter(invitation=invitation_id).delete()


@transaction.atomic
def cancel_reminders(invitation_ids: Iterable[int]) -> None:
    """Take these out of the outbox. The people don't count as reminded."""
    ids = list(invitation_ids)
    if ids:
        _back_to_sent(ids)
        _unsent().filter(invitation__in=ids).delete()


@transaction.atomic
def settle_interrupted(organization_id: int) -> None:
    """Count those as sent that a worker had started when it died. Called by the holder of the send lock."""
    interrupted = _unsent().filter(organization=organization_id, started_at__isnull=False)
    ids = list(interrupted.values_list("invitation_id", flat=True))
    if ids:
        _back_to_sent(ids)
        interrupted.update(sent_at=F("started_at"))


def cancel_unwanted(organization_id: int) -> None:
    """Cancel the reminders of a kind that was switched off, and those that waited until their link expires.

    They may have waited in a suspended organization, or while the mail server was down.
    """
    waiting = _unsent().filter(organization=organization_id, started_at=None)
    if not waiting.exists():
        return
    organization = Organization.objects.get(pk=organization_id)
    off = [kind for kind in Reminder.Kind if reminder_days(organization, kind) is None]
    is_late = Q(invitation__expires_at__lte=timezone.now() + LAST_MOMENT)
    cancel_reminders(waiting.filter(is_late | Q(kind__in=off)).values_list("invitation_id", flat=True))


def postpone_at_night(organization_id: int) -> None:
    """At night, let the due reminders of the organization wait until the morning."""
    waiting = _unsent().filter(organization=organization_id)
    ids = list(waiting.values_list("invitation_id", flat=True))
    if not ids:
        return
    zone, now = Organization.objects.get(pk=organization_id).zone, timezone.now()
    if not is_daytime(zone, now):
        _postpone(ids, next_daytime(zone, now))


def _postpone(ids: list[int], until: datetime) -> None:
    Invitation.objects.filter(pk__in=ids, mail_state=_REMINDING, mail_due_at__lt=until).update(mail_due_at=until)


def kinds_of(invitation_ids: Iterable[int]) -> dict[int, str]:
    """Of reminders that are in the outbox, by the id of the invitation."""
    found = _unsent().filter(invitation__in=list(invitation_ids))
    return dict(found.values_list("invitation_id", "kind"))


def _unsent() -> QuerySet[Reminder]:
    return Reminder.objects.filter(sent_at=None)


def _back_to_sent(ids: list[int]) -> None:
    Invitation.objects.filter(pk__in=ids, mail_state=_REMINDING).update(
        mail_state=_SENT, mail_due_at=None, mail_crashes=0
    )
