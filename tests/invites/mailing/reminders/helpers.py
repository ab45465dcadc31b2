"""Reminders as the recovery task and a worker send them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import mail
from django.utils import timezone

from accounts.models import Organization
from invites.invitations.reminders import Kind
from invites.mailing.outbox import organizations_with_due_mail, send_due_invitations
from invites.mailing.reminders.queue import organizations_to_remind, queue_reminders
from invites.mailing.reminders.switching import follow_settings
from invites.models import Invitation

# A Sunday at noon in London.
NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def switch_on(organization: Organization, *, after: int | None = None, before: int | None = None) -> None:
    """Switch reminders on, or off without a number."""
    changed = []
    for kind, days in ((Kind.AFTER, after), (Kind.BEFORE, before)):
        if getattr(organization, f"reminder_days_{kind.value}") != days:
            setattr(organization, f"reminder_days_{kind.value}", days)
            changed.append(kind)
    organization.save()
    follow_settings(organization, changed)


def mailed(invitation: Invitation, **ago: float) -> Invitation:
    """As if it had been sent then."""
    at = timezone.now() - timedelta(**ago)
    Invitation.objects.filter(pk=invitation.pk).update(mail_finished_at=at, expires_at=at + timedelta(days=14))
    invitation.refresh_from_db()
    return invitation


def recover_and_send() -> list[Any]:
    """What the recovery task and workers do until nothing is due. Returns the emails."""
    before = len(mail.outbox)
    for organization_id in organizations_to_remind():
        queue_reminders(organization_id)
    for organization_id in organizations_with_due_mail():
        more = send_due_invitations(organization_id)
        while more:
            more = send_due_invitations(organization_id, more.lock_token)
    return mail.outbox[before:]


def recipients() -> list[str]:
    """Who gets a reminder now."""
    return sorted(address for message in recover_and_send() for address in message.to)
