"""The sentences of a person's history, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership
from accounts.permissions import Permission
from accounts.wording import counted, listed
from invites.checking import COLUMNS, EMAIL
from invites.directory.timeline import Event, History, Kind, Somebody
from invites.invitations.reminders import next_reminder
from invites.invitations.visibility import sees_everybody
from invites.invitations.wording import grant_sentence, send_time_text
from invites.models import FailureReason, Invitation
from invites.problems import column_title
from invites.wording import browser_of, moment

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

_SIGN_INS = ngettext_lazy("{count} sign-in since {date}.", "{count} sign-ins since {date}.")
# What needs no more than a sentence.
_SIMPLE: dict[str, _StrOrPromise] = {
    Action.DECLINED: gettext_lazy("Declined the invitation"),
    Action.UNLISTED: gettext_lazy("{who} removed the declined invitation from the list"),
    Action.REQUEST_DISMISSED: gettext_lazy("{who} dismissed a request for a new invitation"),
}
# The address has sentences of its own.
_DETAILS = [column.key for column in COLUMNS if column is not EMAIL]


@dataclass(frozen=True)
class Item:
    """An event in words. Without a time, it is still to come.

    `invited` is the invitation of which the page shows the import and what it gives. `reply` is what the mail server
    said.
    """

    icon: str
    text: str
    at: datetime | None = None
    tone: str = ""
    notes: tuple[str, ...] = ()
    reply: str = ""
    invited: Invitation | None = None
    access: str = ""


@dataclass(frozen=True)
class _Reader:
    """For whom it is worded: what they may know, and the person's name."""

    viewer: Membership
    person: str
    people: Mapping[int, Somebody]

    @property
    def sees_sources(self) -> bool:
        """Whether they may see IP addresses and browsers, as on the page Activity."""
        return self.viewer.has_permission(Permission.MANAGE_USERS)

    def name_of(self, user_id: int | None, then: str = "") -> str:
        """A name for a sentence; empty if there is none, or if the reader may not know it."""
        if user_id is None or not (user_id == self.viewer.user_id or sees_everybody(self.viewer)):
            return ""
        somebody = self.people.get(user_id)
        return then or (somebody.name if somebody else "")

    def who(self, event: Event) -> str:
        """Who did it. A command and the product itself are Rollcall."""
        entry = event.entry
        if entry is not None and entry.actor_id is None:
            return _named(_("Rollcall"))
        name = self.name_of(event.by, entry.actor_name or entry.actor_email if entry else "")
        # Translators: begins a sentence about somebody whose name the reader may not see.
        return _named(name) if name else _("Someone")


def items_of(history: History, viewer: Membership, person: str) -> list[Item]:
    """The events of a history in words, for this viewer."""
    reader = _Reader(viewer, person, history.people)
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


def _item(event: Event, reader: _Reader) -> Item:
    at = event.at
    match event.kind:
        case Kind.CHANGED:
            assert event.entry is not None
            return _changed(event.entry, at, reader.who(event), reader)
        case Kind.SIGNED_IN:
            return Item("log-in", _("Signed in"), at, notes=(_sign_ins(event, reader),))
        case Kind.INVITED:
            return _invited(event, reader)
        case Kind.ACCEPTED:
            return Item("check", _("Accepted the invitation"), at, "ok", notes=_opened_before(event, reader))
        case Kind.JOINED:
            return Item("user-plus", _("Became a member"), at)
        case Kind.REVOKED:
            return Item("ban", _("The invitation was revoked"), at, notes=(_("The link stopped working."),))
        case Kind.EXPIRED:
            return Item("clock", _("The link expired"), at)
    return _email(event, reader)


# --- What people changed --------------------------------------------------------------------------------


def _changed(entry: ActivityEntry, at: datetime, who: str, reader: _Reader) -> Item:
    # As the person was called then.
    user = _named(entry.affected_name or reader.person)
    match entry.action:
        case Action.ROLES_CHANGED | Action.SITES_CHANGED | Action.ACCESS_CHANGED | Action.INVITATION_CHANGED:
            return _access_changed(entry, at, who)
        case Action.USER_CHANGED:
            return _details_changed(entry, at, who)
        case Action.USER_ADDED:
            return Item("user-plus", _sentence(_("{who} added {user}"), who=who, user=user), at, notes=_lines(entry))
        case Action.USER_DEACTIVATED:
            note = _("They lost access immediately. Roles and sites are kept.")
            text = _sentence(_("{who} deactivated {user}"), who=who, user=user)
            return Item("user-x", text, at, notes=(note,))
        case Action.USER_REACTIVATED:
            return Item("user-check", _sentence(_("{who} reactivated {user}"), who=who, user=user), at)
        case Action.USER_REMOVED:
            return Item("user-minus", _sentence(_("{who} removed {user}"), who=who, user=user), at, notes=_lines(entry))
        case Action.LEFT:
            return Item("log-out", _("Left the organization"), at)
        case Action.RESCHEDULED:
            text = _sentence(_("{who} changed when the invitation is sent"), who=who)
            return Item("clock", text, at, notes=_lines(entry))
        case Action.SENT_NOW:
            return Item("send", _sentence(_("{who} sent the scheduled invitation"), who=who), at)
        case Action.REVOKED:
            note = _("The link stopped working.")
            return Item("ban", _sentence(_("{who} revoked the invitation"), who=who), at, notes=(note,))
    simple = _SIMPLE.get(entry.action)
    if simple is not None:
        return Item("ban", _sentence(str(simple), who=who), at)
    # Translators: who did it, and what, such as "Changed a user".
    text = _sentence(_("{who}: {action}"), who=who, action=entry.get_action_display())
    return Item("history", text, at, notes=_lines(entry))


def _access_changed(entry: ActivityEntry, at: datetime, who: str) -> Item:
    """Names a single thing that was added or removed in the sentence, and several below it."""
    details = entry.details
    after = details.get("after", {})
    parts = [(verb, kind, names) for verb in ("added", "removed") for kind, names in details.get(verb, {}).items()]
    icon = "map-pin" if all(kind == "sites" for _verb, kind, _names in parts) else "shield-check"
    if len(parts) == 1 and not after and not details.get("before"):
        verb, kind, names = parts[0]
        if (verb, kind) in _ONE_CHANGE:
            # Names may need escaping, so they are put in afterwards.
            text = counted(_ONE_CHANGE[verb, kind], len(names), who="{who}", names="{names}")
            return Item(icon, _sentence(text, who=who, names=_named(listed(names))), at)
    if not parts and set(after) == {"all_sites"} and after["all_sites"]:
        return Item("map-pin", _sentence(_("{who} added all sites"), who=who), at)
    if not parts and "all_sites" not in after:
        return _details_changed(entry, at, who)
    text = str(_SEVERAL_CHANGES.get(entry.action, _("{who} changed roles and sites")))
    return Item(icon, _sentence(text, who=who), at, notes=_lines(entry))


_ONE_CHANGE = {
    ("added", "roles"): ngettext_lazy("{who} added the role {names}", "{who} added the roles {names}"),
    ("removed", "roles"): ngettext_lazy("{who} removed the role {names}", "{who} removed the roles {names}"),
    ("added", "sites"): ngettext_lazy("{who} added the site {names}", "{who} added the sites {names}"),
    ("removed", "sites"): ngettext_lazy("{who} removed the site {names}", "{who} removed the sites {names}"),
}


_SEVERAL_CHANGES: dict[str, _StrOrPromise] = {
    Action.ROLES_CHANGED: gettext_lazy("{who} changed the roles"),
    Action.SITES_CHANGED: gettext_lazy("{who} changed the sites"),
    Action.INVITATION_CHANGED: gettext_lazy("{who} changed the invitation"),
}


def _details_changed(entry: ActivityEntry, at: datetime, who: str) -> Item:
    after = set(entry.details.get("after", {}))
    if entry.action == Action.INVITATION_CHANGED and not after:
        text = _("{who} changed the invitation")
    elif after == {"description"}:
        text = _("{who} changed the description")
    elif after and after <= {"first_name", "last_name"}:
        text = _("{who} changed the name")
    else:
        text = _("{who} changed the details")
    return Item("pencil", _sentence(text, who=who), at, notes=_lines(entry))


def _lines(entry: ActivityEntry) -> tuple[str, ...]:
    """What was added and removed, and each value before and after."""
    details = entry.details
    before, after = details.get("before", {}), details.get("after", {})
    added, removed = _names_in(details.get("added", {})), _names_in(details.get("removed", {}))
    if "all_sites" in after:
        (added if after["all_sites"] else removed).append(pgettext("access", "all sites"))
    lines = []
    if added:
        lines.append(_sentence(_("Added {names}."), names=_isolated(listed(added))))
    if removed:
        lines.append(_sentence(_("Removed {names}."), names=_isolated(listed(removed))))
    if "send_at" in after:
        old, new = (moment(datetime.fromisoformat(values["send_at"])) for values in (before, after))
        lines.append(_value_changed(_("To be sent"), old, new))
    for name in _DETAILS:
        if name in after or name in before:
            lines.append(_value_changed(column_title(name), before.get(name) or "", after.get(name) or ""))
    if "is_active" in after:
        lines.append(_("The account was activated.") if after["is_active"] else _("The account was deactivated."))
    return tuple(lines)


def _value_changed(label: _StrOrPromise, before: str, after: str) -> str:
    values = {"label": label, "before": _isolated(before), "after": _isolated(after)}
    if not before:
        return _sentence(_("{label}: {after}"), **values)
    if not after:
        return _sentence(_("{label} removed. It was {before}."), **values)
    return _sentence(_("{label}: {after}. It was {before}."), **values)


def _names_in(groups: Mapping[str, list[str]]) -> list[str]:
    return [name for names in groups.values() for name in names]


# --- Emails and links ----------------------------------------------------------------------------------


def _invited(event: Event, reader: _Reader) -> Item:
    invitation, entry = event.invitation, event.entry
    assert invitation is not None
    name = reader.name_of(event.by)
    text = _sentence(_("Invited by {who}"), who=_named(name)) if name else _("Invited")
    # Who joined an import later has an entry, too, and may have other roles than the import gives.
    if entry is not None and (not invitation.batch or entry.action == Action.INVITED):
        added = entry.details.get("added", {})
        all_sites = entry.details.get("after", {}).get("all_sites")
        sites = [pgettext("access", "all sites")] if all_sites else added.get("sites", [])
        access = _for_sites(added.get("roles", []), sites)
    else:
        access = grant_sentence(invitation.batch.grant if invitation.batch else invitation.grant)
    return Item("user-plus", text, event.at, invited=invitation, access=access)


def _for_sites(roles: list[str], sites: list[str]) -> str:
    if not (roles and sites):
        return listed(roles or sites)
    return _("{roles} for {sites}").format(roles=listed(roles), sites=listed(sites))


def _email(event: Event, reader: _Reader) -> Item:
    """What became of an email, or of its link."""
    who, at = reader.who(event), event.at
    match event.kind:
        case Kind.SENT:
            return Item("mail-check", _("Email delivered"), at, notes=(_to(event.email),))
        case Kind.REMINDED:
            return Item("bell", _("Reminder sent"), at, notes=(_to(event.email),))
        case Kind.BOUNCED:
            return _undelivered(event, _("Email bounced"), _("Email bounced: {reason}"))
        case Kind.FAILED:
            return _undelivered(event, _("Email not delivered"), _("Email not delivered: {reason}"))
        case Kind.CORRECTED:
            text = _sentence(_("{who} corrected the address and resent the invitation"), who=who)
            note = _sentence(_("It was {address}."), address=_isolated(event.detail))
            return Item("pencil", text, at, notes=(note, *(_lines(event.entry) if event.entry else ())))
        case Kind.RESENT:
            note = _("The earlier link stopped working.")
            return Item("send", _sentence(_("{who} resent the invitation"), who=who), at, notes=(note,))
    return Item("link", _("Link opened"), at, notes=_opened_with(event, reader))


def _to(email: str) -> str:
    return _sentence(_("To {email}"), email=_isolated(email))


def _undelivered(event: Event, text: str, with_reason: str) -> Item:
    """What the server said is never interpreted beyond the reason, and always shown."""
    if event.detail in FailureReason.values:
        notes = (_to(event.email), FailureReason.text_of(event.detail))
        return Item("mail-x", text, event.at, "bad", notes=notes)
    reason = why_not_delivered(event.detail)
    text = with_reason.format(reason=reason) if reason else text
    return Item("mail-x", text, event.at, "bad", notes=(_to(event.email),), reply=event.detail)


# The enhanced status codes of RFC 3463: subject and detail.
_CODE = re.compile(r"\b[45]\.(\d{1,3})\.(\d{1,3})\b")
_BY_CODE = {
    **dict.fromkeys(("1.1", "1.6", "2.1"), gettext_lazy("the mailbox doesn’t exist")),
    **dict.fromkeys(("1.0", "1.3"), gettext_lazy("the address isn’t valid")),
    **dict.fromkeys(("1.2", "1.10"), gettext_lazy("the domain doesn’t exist")),
    "2.2": gettext_lazy("the mailbox is full"),
    **dict.fromkeys(("4.1", "4.4", "4.7"), gettext_lazy("the mail server didn’t answer")),
}
_SPAM = gettext_lazy("the server refused it as spam")
# What servers say instead, or in addition.
_BY_WORDS: tuple[tuple[str, _StrOrPromise], ...] = (
    ("spam", _SPAM),
    ("over quota", _BY_CODE["2.2"]),
    ("mailbox full", _BY_CODE["2.2"]),
    ("mailbox is full", _BY_CODE["2.2"]),
    ("domain not found", _BY_CODE["1.2"]),
    ("host not found", _BY_CODE["1.2"]),
    ("user unknown", _BY_CODE["1.1"]),
    ("unknown user", _BY_CODE["1.1"]),
    ("no such user", _BY_CODE["1.1"]),
    ("no such mailbox", _BY_CODE["1.1"]),
    ("does not exist", _BY_CODE["1.1"]),
)


def why_not_delivered(reply: str) -> str:
    """The reason in plain words; empty if the reply of the mail server doesn't make it clear."""
    code = _CODE.search(reply)
    if code and (known := _BY_CODE.get(f"{code[1]}.{code[2]}")):
        return str(known)
    lower = reply.lower()
    return next((str(reason) for words, reason in _BY_WORDS if words in lower), "")


def _sign_ins(event: Event, reader: _Reader) -> str:
    assert event.since is not None
    entry = event.entry
    sign_ins = counted(_SIGN_INS, event.count, date=_day(event.since))
    browser = browser_of(entry.user_agent) if entry and reader.sees_sources else ""
    ip = entry.ip if entry and entry.ip and reader.sees_sources else ""
    if browser and ip:
        values = {"browser": _isolated(browser), "ip": _isolated(ip), "sign_ins": sign_ins}
        return _sentence(_("{browser}, {ip}. {sign_ins}"), **values)
    if browser or ip:
        return _sentence(_("{source}. {sign_ins}"), source=_isolated(browser or ip), sign_ins=sign_ins)
    return sign_ins


def _opened_with(event: Event, reader: _Reader) -> tuple[str, ...]:
    browser = browser_of(event.user_agent) if reader.sees_sources else ""
    return (_isolated(browser),) if browser else ()


def _opened_before(event: Event, reader: _Reader) -> tuple[str, ...]:
    """When the link was opened that was accepted."""
    if event.since is None:
        return ()
    browser = browser_of(event.user_agent) if reader.sees_sources else ""
    if event.at - event.since < timedelta(minutes=1):
        return (_isolated(browser),) if browser else ()
    values = {"time": timesince(event.since, event.at, depth=1), "browser": _isolated(browser)}
    if browser:
        return (_sentence(_("The link was opened {time} earlier, with {browser}."), **values),)
    return (_sentence(_("The link was opened {time} earlier."), **values),)


# --- Parts of sentences --------------------------------------------------------------------------------


def _sentence(text: str, **values: object) -> str:
    """The text with its values, which are escaped unless they are HTML."""
    return format_html(text, **values)


def _named(name: str) -> str:
    return format_html("<b><bdi>{}</bdi></b>", name)


def _isolated(text: str) -> str:
    return format_html("<bdi>{}</bdi>", text)


def _day(at: datetime) -> str:
    local = timezone.localtime(at)
    return date_format(local, "MONTH_DAY_FORMAT" if local.year == timezone.localtime().year else "DATE_FORMAT")
