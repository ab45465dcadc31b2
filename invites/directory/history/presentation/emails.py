"""Invitations, emails and links, in words."""

from __future__ import annotations

import re
from datetime import timedelta

from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.activity.actions import Action
from accounts.texts import StrOrPromise
from accounts.wording import listed
from invites.directory.history.events import Event, Kind
from invites.directory.history.presentation.changes import lines_of
from invites.directory.history.presentation.reader import Item, Reader, isolated, named, sentence
from invites.invitations.wording import grant_sentence
from invites.models import FailureReason
from invites.wording import browser_of


def invited_item(event: Event, reader: Reader) -> Item:
    """Who invited the person, and to what."""
    invitation, entry = event.invitation, event.entry
    assert invitation is not None
    name = reader.name_of(event.by)
    text = sentence(_("Invited by {who}"), who=named(name)) if name else _("Invited")
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


def email_item(event: Event, reader: Reader) -> Item:
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
            text = sentence(_("{who} corrected the address and resent the invitation"), who=who)
            note = sentence(_("It was {address}."), address=isolated(event.detail))
            return Item("pencil", text, at, notes=(note, *(lines_of(event.entry) if event.entry else ())))
        case Kind.RESENT:
            note = _("The earlier link stopped working.")
            return Item("send", sentence(_("{who} resent the invitation"), who=who), at, notes=(note,))
    return Item("link", _("Link opened"), at, notes=_opened_with(event, reader))


def _to(email: str) -> str:
    return sentence(_("To {email}"), email=isolated(email))


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
_BY_WORDS: tuple[tuple[str, StrOrPromise], ...] = (
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


def _opened_with(event: Event, reader: Reader) -> tuple[str, ...]:
    browser = browser_of(event.user_agent) if reader.sees_sources else ""
    return (isolated(browser),) if browser else ()


def opened_before(event: Event, reader: Reader) -> tuple[str, ...]:
    """When the link was opened that was accepted."""
    if event.since is None:
        return ()
    browser = browser_of(event.user_agent) if reader.sees_sources else ""
    if event.at - event.since < timedelta(minutes=1):
        return (isolated(browser),) if browser else ()
    values = {"time": timesince(event.since, event.at, depth=1), "browser": isolated(browser)}
    if browser:
        return (sentence(_("The link was opened {time} earlier, with {browser}."), **values),)
    return (sentence(_("The link was opened {time} earlier."), **values),)
