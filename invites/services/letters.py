"""Writes the mail of an invitation, as text and HTML: once per grant and inviter, then per person."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.utils import formatdate, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape

from invites.models import Grant, Invitation
from invites.queries.grants import in_words, role_names, site_names

HEADER_LENGTH = 200
# Far from what would make a line too long for mail.
MOST_FILLED_IN = 400

# An address inside a name becomes a link in most mail programs. A word joiner, which nobody sees,
# after the characters that make it one keeps it text.
_LINK_LIKE = re.compile(r"(?<=[^\s])([.@/:])(?=[^\s])")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class Rendered:
    """A message as it goes over the line."""

    sender: str
    recipient: str
    content: bytes


class Letter:
    """The mail to everybody with the same organization, inviter and grant.

    The templates are rendered once with random marks where a person's own values go; the text is then
    cut at the marks, so that no value of one person can be taken for a mark of another.
    """

    SLOTS = ("first_name", "email", "link", "expires")

    def __init__(self, invitation: Invitation) -> None:
        inviter = invitation.inviter
        organization = one_line(invitation.organization.name)
        inviter_name = one_line(inviter.get_full_name()) if inviter else ""
        self.subject = f"{inviter_name or 'Somebody'} invited you to {organization}"[:HEADER_LENGTH]
        self.from_email = _sender(organization)
        self.reply_to = [inviter.email] if inviter else []

        mark = secrets.token_hex(8)
        context = {
            "organization": defused(organization),
            "inviter": defused(inviter_name),
            "inviter_first_name": defused(one_line(inviter.get_short_name())) if inviter else "",
            "inviter_email": inviter.email if inviter else "",
            "offer": _offer(invitation.grant),
            **{slot: f"{mark}.{slot}.{mark}" for slot in self.SLOTS},
        }
        cut = re.compile(rf"{mark}\.(\w+)\.{mark}")
        self._text = cut.split(render_to_string("mail/invitation.txt", context))
        self._html = cut.split(render_to_string("mail/invitation.html", context))
        self._sender_address = parseaddr(self.from_email)[1]
        self._expiries: dict[datetime, str] = {}
        self._bytes = self._compiled()

    def to(self, invitation: Invitation, *, link: str) -> EmailMultiAlternatives:
        """The message to one person. Raises ValueError for an address that no header can hold."""
        if one_line(invitation.email) != invitation.email:
            raise ValueError("The address holds a line break or another character that no mail can carry.")
        values = self._values(invitation, link)
        message = self._message(
            to=invitation.email, message_id=self._message_id(invitation.token_seed), text=_filled(self._text, values)
        )
        message.attach_alternative(_filled(self._html, {name: escape(v) for name, v in values.items()}), "text/html")
        return message

    def rendered(self, invitation: Invitation, *, link: str) -> Rendered | None:
        """The same message as bytes, twenty times as fast; None for the few people for whom it takes more care."""
        values = self._values(invitation, link)
        usual = (
            self._bytes
            and invitation.email.isascii()
            and one_line(invitation.email) == invitation.email
            and sum(map(len, values.values())) < MOST_FILLED_IN
        )
        if not usual:
            return None
        filled = {
            **{f"text_{name}": value for name, value in values.items()},
            **{f"html_{name}": escape(value) for name, value in values.items()},
            "to": invitation.email,
            "message_id": self._message_id(invitation.token_seed),
            "date": formatdate(localtime=settings.EMAIL_USE_LOCALTIME),
        }
        return Rendered(self._sender_address, invitation.email, _filled(self._bytes, filled).encode())

    def _compiled(self) -> list[str]:
        """The whole message cut where a person's own values go; empty when it needs an encoding that mixes them up."""
        mark = secrets.token_hex(8)
        # The middle dots make both parts 8bit, as what is filled in may be.
        in_body = {slot: f"{mark}·{{part}}_{slot}·{mark}" for slot in self.SLOTS}
        text, html = (
            _filled(pieces, {slot: place.format(part=part) for slot, place in in_body.items()})
            for part, pieces in (("text", self._text), ("html", self._html))
        )
        message = self._message(to=f"{mark}.to.{mark}", message_id=f"{mark}.message_id.{mark}", text=text)
        message.extra_headers["Date"] = f"{mark}.date.{mark}"
        message.attach_alternative(html, "text/html")
        # Django's own message has the parameter, its published types have not.
        content = str(message.message().as_bytes(linesep="\r\n").decode())  # type: ignore[call-arg]
        if content.count("Content-Transfer-Encoding: 8bit") != 2:
            return []
        return re.split(rf"{mark}[.·](\w+)[.·]{mark}", content)

    def _values(self, invitation: Invitation, link: str) -> dict[str, str]:
        return {
            "first_name": defused(one_line(invitation.first_name)),
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
        digest = hashlib.sha256(f"message-id {seed}".encode()).hexdigest()[:40]
        return f"<{digest}@{self._sender_address.rpartition('@')[2] or 'localhost'}>"

    def _message(self, *, to: str, message_id: str, text: str) -> EmailMultiAlternatives:
        return EmailMultiAlternatives(
            subject=self.subject,
            body=text,
            from_email=self.from_email,
            to=[to],
            reply_to=self.reply_to,
            headers={
                # The same for the same link: the copy that a crash may cause is recognised as one.
                "Message-ID": message_id,
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "All",
            },
        )


def one_line(text: str) -> str:
    """The text without control characters and line breaks, fit for a header."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def defused(text: str) -> str:
    """The text with nothing in it that a mail program would turn into a link; it looks the same."""
    return _LINK_LIKE.sub("\\1\u2060", text)


def _offer(grant: Grant) -> str:
    """ "the role ReadOnly on Lyon, Ghent and Turin" """
    roles = [defused(one_line(name)) for name in role_names(grant)]
    sites = [defused(one_line(name)) for name in site_names(grant)]
    offer = f"the role{'s' if len(roles) > 1 else ''} {in_words(roles)}" if roles else "access"
    return f"{offer} on {in_words(sites)}" if sites else offer


def _sender(organization: str) -> str:
    """The configured address under the organization's name."""
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return str(Address(display_name=organization[:HEADER_LENGTH], addr_spec=address))


def _filled(pieces: Sequence[str], values: dict[str, str]) -> str:
    """Every second piece is the name of a slot."""
    return "".join(values[piece] if number % 2 else piece for number, piece in enumerate(pieces))
