"""Writes the mail of an invitation, as text and HTML: once per grant and inviter, then per person."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.utils import formatdate, parseaddr
from functools import lru_cache
from itertools import product
from operator import itemgetter
from typing import Protocol

from anymail.message import AnymailMessage
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.text import get_text_list

from invites.checking.cells.links import defuse, defuse_header
from invites.invitations.wording import role_names, site_names
from invites.mailing.transports.smtp import Rendered
from invites.models import AccessGrant, Invitation

HEADER_LENGTH = 200
# Far from what would make a line too long for mail.
MOST_FILLED_IN = 400

# An address inside a name becomes a link in most mail programs. A word joiner, which nobody sees,
# after the characters that make it one keeps it text.
# Fit for the line and for a header as it is: printable ASCII without blanks, quotes and angle brackets.
_PLAIN_ADDRESS = re.compile(r"[!#-;=?-~]+")
_SPECIAL = re.compile(r"[&<>\"']")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Invitee(Protocol):
    """An invitation, or those of its values that are a person's own."""

    @property
    def email(self) -> str: ...

    @property
    def first_name(self) -> str: ...

    @property
    def token_seed(self) -> str: ...

    @property
    def expires_at(self) -> datetime: ...


class InvitationTemplate:
    """The mail to everybody with the same organization, inviter and grant.

    The templates are rendered once with random marks where a person's own values go; the text is then
    cut at the marks, so that no value of one person can be taken for a mark of another.
    """

    SLOTS = ("first_name", "email", "link", "expires")
    # What the message as bytes has of them: as they are in the text, and escaped in the HTML.
    PLACES = (*map("_".join, product(("text", "html"), SLOTS)), "to", "message_id", "date")

    def __init__(self, invitation: Invitation) -> None:
        inviter = invitation.inviter
        organization = one_line(invitation.organization.name)
        inviter_name = one_line(inviter.get_full_name()) if inviter else ""
        self.subject = defuse_header(f"{inviter_name or 'Somebody'} invited you to {organization}"[:HEADER_LENGTH])
        self.from_email = _sender(organization)
        self.reply_to = [inviter.email] if inviter else []

        mark = secrets.token_hex(8)
        context = {
            "organization": defuse(organization),
            "inviter": defuse(inviter_name),
            "inviter_first_name": defuse(one_line(inviter.get_short_name())) if inviter else "",
            "inviter_email": inviter.email if inviter else "",
            "offer": _offer(invitation.grant),
            **{slot: f"{mark}.{slot}.{mark}" for slot in self.SLOTS},
        }
        cut = re.compile(rf"{mark}\.(\w+)\.{mark}")
        self._text = cut.split(render_to_string("mail/invitation.txt", context))
        self._html = cut.split(render_to_string("mail/invitation.html", context))
        self.sender_address = parseaddr(self.from_email)[1]
        self._host = self.sender_address.rpartition("@")[2] or "localhost"
        self._expiries: dict[datetime, str] = {}
        self._bytes, self._chosen = self._compiled()

    def to(self, invitation: Invitee, *, link: str) -> AnymailMessage:
        """The message to one person. Raises ValueError for an address that no header can hold."""
        if one_line(invitation.email) != invitation.email:
            raise ValueError("The address holds a line break or another character that no mail can carry.")
        values = self._values(invitation, link)
        message = self._message(text=_filled(self._text, values))
        message.to = [invitation.email]
        message.extra_headers["Message-ID"] = self._message_id(invitation.token_seed)
        message.attach_alternative(_filled(self._html, {name: escape(v) for name, v in values.items()}), "text/html")
        return message

    def to_many(self, form: str) -> AnymailMessage | None:
        """The message with a provider's own marks where the values of `merged` go: `form` with their names.

        None where something like such a mark stands in it already.
        """
        mark = form.partition("{}")[0]
        if any(mark in piece for piece in (self.subject, *self._text[::2], *self._html[::2])):
            return None
        message = self._message(text=_filled(self._text, {slot: form.format(f"text_{slot}") for slot in self.SLOTS}))
        html = _filled(self._html, {slot: form.format(f"html_{slot}") for slot in self.SLOTS})
        message.attach_alternative(html, "text/html")
        return message

    def merged(self, invitation: Invitee, *, link: str) -> dict[str, str]:
        """What a provider has to put into the message of `to_many` for this person."""
        values = self._values(invitation, link)
        return {f"text_{slot}": value for slot, value in values.items()} | {
            f"html_{slot}": _escaped(value) for slot, value in values.items()
        }

    def is_plain_for(self, invitation: Invitee) -> bool:
        """Whether `rendered` serves this person. The few others take more care."""
        return bool(
            self._bytes
            and _PLAIN_ADDRESS.fullmatch(invitation.email)
            and len(invitation.email) + len(invitation.first_name) < MOST_FILLED_IN
        )

    def rendered(self, invitation: Invitee, *, link: str) -> Rendered:
        """The same message as bytes, forty times as fast, to somebody for whom it is plain."""
        values = self._values(invitation, link).values()
        message_id = self._message_id(invitation.token_seed)
        date = _date(int(time.time()), settings.EMAIL_USE_LOCALTIME)
        # In the order of PLACES.
        filled = (*values, *map(_escaped, values), invitation.email, message_id, date)
        return Rendered(self.sender_address, invitation.email, (self._bytes % self._chosen(filled)).encode())

    def _compiled(self) -> tuple[str, Callable[[Sequence[str]], tuple[str, ...]]]:
        """The whole message with %s where a person's own values go, and what chooses these in their order.

        Empty when its encoding mixes them up.
        """
        mark = secrets.token_hex(8)
        # The middle dots make both parts 8bit, as what is filled in may be.
        in_body = {slot: f"{mark}·{{part}}_{slot}·{mark}" for slot in self.SLOTS}
        text, html = (
            _filled(pieces, {slot: place.format(part=part) for slot, place in in_body.items()})
            for part, pieces in (("text", self._text), ("html", self._html))
        )
        message = self._message(text=text)
        message.to = [f"{mark}.to.{mark}"]
        message.extra_headers["Message-ID"] = f"{mark}.message_id.{mark}"
        message.extra_headers["Date"] = f"{mark}.date.{mark}"
        message.attach_alternative(html, "text/html")
        content = str(message.message().as_bytes(linesep="\r\n").decode())
        if content.count("Content-Transfer-Encoding: 8bit") != 2:
            return "", tuple
        pieces = re.split(rf"{mark}[.·](\w+)[.·]{mark}", content)
        chosen = itemgetter(*(self.PLACES.index(name) for name in pieces[1::2]))
        return "%s".join(piece.replace("%", "%%") for piece in pieces[::2]), chosen

    def _values(self, invitation: Invitee, link: str) -> dict[str, str]:
        name = invitation.first_name
        return {
            # Letters alone are neither a link nor a line break.
            "first_name": name if name.isalpha() else defuse(one_line(name)),
            "email": invitation.email,
            "link": link,
            "expires": self._expiry(invitation.expires_at),
        }

    def _expiry(self, expires_at: datetime) -> str:
        # The same moment for thousands.
        if expires_at not in self._expiries:
            self._expiries[expires_at] = date_format(timezone.localtime(expires_at), "j F Y")
        return self._expiries[expires_at]

    def _message_id(self, seed: str) -> str:
        """The same for the same link: the copy that a crash may cause is recognised as one."""
        digest = hashlib.sha256(f"message-id {seed}".encode()).hexdigest()[:40]
        return f"<{digest}@{self._host}>"

    def _message(self, *, text: str) -> AnymailMessage:
        return AnymailMessage(
            subject=self.subject,
            body=text,
            from_email=self.from_email,
            reply_to=self.reply_to,
            headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
        )


@lru_cache(maxsize=1)
def _date(second: int, localtime: bool) -> str:
    """The same for all mails of a second."""
    return formatdate(second, localtime=localtime)


def _escaped(text: str) -> str:
    """As Django escapes it, which makes every text an object that is safe; most have nothing to escape."""
    return text if not _SPECIAL.search(text) else escape(text)


def one_line(text: str) -> str:
    """The text without control characters and line breaks, fit for a header."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def _offer(grant: AccessGrant) -> str:
    """ "the role ReadOnly on Lyon, Ghent and Turin" """
    roles = [defuse(one_line(name)) for name in role_names(grant)]
    sites = [defuse(one_line(name)) for name in site_names(grant)]
    offer = f"the role{'s' if len(roles) > 1 else ''} {get_text_list(roles, 'and')}" if roles else "access"
    return f"{offer} on {get_text_list(sites, 'and')}" if sites else offer


def _sender(organization: str) -> str:
    """The configured address under the organization's name."""
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return str(Address(display_name=defuse_header(organization[:HEADER_LENGTH]), addr_spec=address))


def _filled(pieces: Sequence[str], values: dict[str, str]) -> str:
    """Every second piece is the name of a slot."""
    return "".join(values[piece] if number % 2 else piece for number, piece in enumerate(pieces))
