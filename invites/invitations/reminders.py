"""When an invitation gets its automatic reminders.

The first one follows some days after the email, and the last one comes some days before the link expires. Both are the
same email with the same link: a new link would break the earlier one, which people may have kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organization
from accounts.organizations.daytime import next_daytime
from invites.invitations.authorization import GrantKey, find_unauthorized
from invites.models import Invitation, InvitationQuerySet, Reminder, ReminderCursor
from invites.models.erased_address import erased_key

Kind = Reminder.Kind
# Nobody gets two reminders within this time: both may fall on the same day, or on two sides of a night.
PAUSE = timedelta(hours=18)
# Nobody is reminded of a link that is about to expire.
LAST_MOMENT = timedelta(hours=1)


def reminder_days(organization: Organization, kind: str) -> int | None:
    """The setting for this kind; None if it is switched off."""
    return organization.reminder_days_after if kind == Kind.AFTER else organization.reminder_days_before


def most_reminder_days() -> int:
    """On the last day of a link, no reminder is sent."""
    return max(1, settings.INVITATION_DAYS - 1)


def reminder_days_text() -> str:
    """What to enter."""
    return _("Enter a number from 1 to {most}.").format(most=most_reminder_days())


def fall_on_same_day(after: int | None, before: int | None) -> bool:
    """Whether both reminders would be sent on the same day. Then one is."""
    return after is not None and before is not None and after + before == settings.INVITATION_DAYS


def horizon(kind: str, days: int, now: datetime) -> datetime:
    """Up to this time of the email, or of the expiry, a reminder is due now."""
    return now - timedelta(days=days) if kind == Kind.AFTER else now + timedelta(days=days)


def in_order(kind: str, organization: Organization) -> tuple[InvitationQuerySet, str]:
    """The pending invitations of the organization for this kind, and the field by which an index has them in order."""
    pending = Invitation.objects.filter(organization=organization, state=Invitation.State.PENDING)
    if kind == Kind.AFTER:
        return pending.filter(mail_state=Invitation.Mail.SENT), "mail_finished_at"
    return pending, "expires_at"


def next_reminder(invitation: Invitation) -> datetime | None:
    """When the next reminder will be sent if there is no response; None if there will be none."""
    organization, now = invitation.organization, timezone.now()
    if not Invitation.objects.open().filter(pk=invitation.pk, mail_state__in=Invitation.DELIVERED).exists():
        return None
    if not organization.is_active or find_unauthorized([GrantKey(invitation.grant_id, invitation.inviter_id)]):
        return None
    if invitation.mail_state == Invitation.Mail.REMINDING:
        waiting = Reminder.objects.filter(invitation=invitation, sent_at=None).values_list("kind", flat=True)
        if all(reminder_days(organization, kind) is None for kind in waiting):
            return None
        return next_daytime(organization.zone, max(now, invitation.mail_due_at or now))
    cursors = {cursor.kind: cursor for cursor in ReminderCursor.objects.filter(organization=organization)}
    keys = (invitation.email_key, erased_key(invitation.email_key))
    reminders = Reminder.objects.filter(organization=organization, email_key__in=keys)
    past = dict(reminders.values_list("kind", "queued_at"))
    found = [_due_at(invitation, cursor) for kind, cursor in cursors.items() if kind not in past]
    moments = [next_daytime(organization.zone, max(at, now)) for at in found if at is not None]
    recent = max(past.values(), default=None)
    moments = [at for at in moments if recent is None or at >= recent + PAUSE]
    return min((at for at in moments if at < invitation.expires_at - LAST_MOMENT), default=None)


def _due_at(invitation: Invitation, cursor: ReminderCursor) -> datetime | None:
    """None if the invitation has been looked at already."""
    days = reminder_days(invitation.organization, cursor.kind)
    decides = invitation.mail_finished_at if cursor.kind == Kind.AFTER else invitation.expires_at
    if days is None or decides is None or (decides, invitation.pk) <= (cursor.position, cursor.position_id):
        return None
    return decides + timedelta(days=days) if cursor.kind == Kind.AFTER else decides - timedelta(days=days)
