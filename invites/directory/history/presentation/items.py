"""The sentences of a person's history, in the reader's language."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.models import Membership
from accounts.wording import counted
from invites.directory.history.events import Event, History, Kind, Somebody
from invites.directory.history.presentation.changes import changed_item
from invites.directory.history.presentation.emails import email_item, invited_item, opened_before
from invites.directory.history.presentation.reader import Item, Reader, day_of, isolated, sentence
from invites.invitations.reminders import next_reminder
from invites.invitations.visibility import sees_everybody
from invites.invitations.wording import send_time_text
from invites.models import Invitation
from invites.wording import browser_of

_SIGN_INS = ngettext_lazy("{count} sign-in since {date}.", "{count} sign-ins since {date}.")


def items_of(history: History, viewer: Membership, person: str) -> list[Item]:
    """The events of a history in words, for this viewer."""
    reader = Reader(viewer, person, history.people)
    return [_item(event, reader) for event in history.events]


def inviter_in(history: History, viewer: Membership) -> Somebody | None:
    """Who invited the person, unless the viewer may not know."""
    is_visible = history.inviter == viewer.user_id or sees_everybody(viewer)
    return history.people.get(history.inviter) if history.inviter and is_visible else None


def items_to_come(invitation: Invitation) -> list[Item]:
    """What hasn't happened yet, while the invitation is pending."""
    if invitation.state != Invitation.State.PENDING or invitation.is_expired:
        return []
    match invitation.mail_state:
        case Invitation.Mail.SCHEDULED if at := invitation.scheduled_at:
            text = _("The invitation will be sent {time}")
            return [Item("clock", text.format(time=send_time_text(invitation.organization, at)))]
        case Invitation.Mail.QUEUED:
            return [Item("mail", _("The email is about to be sent"))]
        case Invitation.Mail.DEFERRED:
            return [Item("mail", _("The mail server asked us to try again later"))]
        case Invitation.Mail.SENT | Invitation.Mail.REMINDING:
            is_opened = invitation.opened_at is not None
            text = _("Link opened, not accepted yet") if is_opened else _("The link hasn’t been opened")
            return [*_reminder_to_come(invitation), Item("link", text)]
    return []


def _reminder_to_come(invitation: Invitation) -> list[Item]:
    at = next_reminder(invitation)
    if at is None:
        return []
    day = date_format(at.astimezone(invitation.organization.zone), "MONTH_DAY_FORMAT")
    return [Item("bell", _("Reminder on {day}, if there’s no response").format(day=day))]


def recent_moment(at: datetime) -> str:
    """ "Today, 9:12 AM", "Yesterday, 9:31 AM", "Nov 21, 4:40 PM", with the year if it isn't this one."""
    local, today = timezone.localtime(at), timezone.localdate()
    time = date_format(local, "TIME_FORMAT")
    if local.date() == today:
        return _("Today, {time}").format(time=time)
    if local.date() == today - timedelta(days=1):
        return _("Yesterday, {time}").format(time=time)
    return date_format(local, "SHORT_DATETIME_FORMAT" if local.year == today.year else "DATETIME_FORMAT")


def _item(event: Event, reader: Reader) -> Item:
    at = event.at
    match event.kind:
        case Kind.CHANGED:
            assert event.entry is not None
            return changed_item(event.entry, at, reader.who(event), reader)
        case Kind.SIGNED_IN:
            return Item("log-in", _("Signed in"), at, notes=(_sign_ins(event, reader),))
        case Kind.INVITED:
            return invited_item(event, reader)
        case Kind.ACCEPTED:
            return Item("check", _("Accepted the invitation"), at, "ok", notes=opened_before(event, reader))
        case Kind.JOINED:
            return Item("user-plus", _("Became a member"), at)
        case Kind.REVOKED:
            return Item("ban", _("The invitation was revoked"), at, notes=(_("The link stopped working."),))
        case Kind.EXPIRED:
            return Item("clock", _("The link expired"), at)
        case Kind.ASKED:
            return Item("send", _("Asked for a new invitation"), at)
    return email_item(event, reader)


def _sign_ins(event: Event, reader: Reader) -> str:
    assert event.since is not None
    entry = event.entry
    sign_ins = counted(_SIGN_INS, event.count, date=day_of(event.since))
    browser = browser_of(entry.user_agent) if entry and reader.sees_sources else ""
    ip = entry.ip if entry and entry.ip and reader.sees_sources else ""
    if browser and ip:
        values = {"browser": isolated(browser), "ip": isolated(ip), "sign_ins": sign_ins}
        return sentence(_("{browser}, {ip}. {sign_ins}"), **values)
    if browser or ip:
        return sentence(_("{source}. {sign_ins}"), source=isolated(browser or ip), sign_ins=sign_ins)
    return sign_ins
