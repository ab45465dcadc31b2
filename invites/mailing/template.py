"""Renders the invitation email as text and HTML: once per import, inviter and language, then per invitee."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.utils import formatdate, parseaddr
from functools import cached_property, lru_cache
from itertools import product
from operator import itemgetter
from typing import NamedTuple, Protocol

from anymail.message import AnymailMessage
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.languages import in_language
from accounts.wording import listed
from invites.checking.cells.links import defuse, defuse_header
from invites.invitations.tokens import opt_out_links
from invites.invitations.wording import shortened
from invites.mailing.content import EmailContent, Writing
from invites.mailing.transports.smtp import RenderedMessage

HEADER_LENGTH = 200
# Longer values could make a line too long for SMTP.
MOST_INSERTED = 400
LONGEST_PIECE = 100

# Addresses that need no quoting in SMTP commands and headers: printable ASCII without spaces, quotes and brackets.
_SIMPLE_ADDRESS = re.compile(r"[!#-;=?-~]+")
_SPECIAL = re.compile(r"[&<>\"']")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Invitee(Protocol):
    """An invitation, or the values of it that differ from one invitee to the next."""

    @property
    def email(self) -> str: ...

    @property
    def first_name(self) -> str: ...

    @property
    def token_seed(self) -> str: ...

    @property
    def expires_at(self) -> datetime: ...


class InviteeAccount(NamedTuple):
    """What the email depends on if the invitee has an account. The language is empty if they haven't chosen one."""

    language: str


class InvitationTemplate:
    """The email in one language to all invitees of the same import, or with the same inviter, grant and message.

    The templates are rendered once, with random marks for the values of the invitee. The text is then split at the
    marks, so that no value can be mistaken for a mark.
    """

    SLOTS = ("first_name", "email", "link", "expires", "decline_link", "report_link")
    # The values of the message as bytes: those of the slots, for the text and escaped for the HTML, and three headers.
    PLACES = (*map("_".join, product(("text", "html"), SLOTS)), "to", "message_id", "date")

    def __init__(
        self, content: EmailContent, *, account: InviteeAccount | None = None, html: str = "mail/invitation.html"
    ) -> None:
        """`account` is that of the invitee, if they have one. Otherwise the organization's language is used.

        `html` is the template of the HTML.
        """
        self._languages = (account.language if account else "", content.settings.language)
        self._zone = content.zone
        mark = secrets.token_hex(8)
        slots = {slot: f"{mark}.{slot}.{mark}" for slot in self.SLOTS}
        cut = re.compile(rf"{mark}\.(\w+)\.{mark}")
        with in_language(*self._languages):
            self.subject = _subject_header(content)
            self.from_email = _sender(content)
            self.reply_to = list(filter(None, [content.settings.reply_to or content.inviter.email]))
            context = {
                **_context(content),
                "from": self.from_email,
                "reply_to": ", ".join(self.reply_to),
                "has_account": account is not None,
                **slots,
            }
            self._text = cut.split(render_to_string("mail/invitation.txt", context))
            self._html = cut.split(render_to_string(html, context))
        self.sender_address = parseaddr(self.from_email)[1]
        self._host = self.sender_address.rpartition("@")[2] or "localhost"
        self._reminder = content.reminder
        self._expiries: dict[datetime, str] = {}

    def build(self, invitee: Invitee, *, link: str, opt_out: str) -> AnymailMessage:
        """The message to one invitee. `link` accepts, and `opt_out` is the token that declines and reports abuse.

        There is no List-Unsubscribe header: mail programs and their cleaners send its request without asking (RFC
        8058), and an invitation would be declined by mistake. The links open pages that ask.
        Raises ValueError for an address that no header can contain.
        """
        if one_line(invitee.email) != invitee.email:
            raise ValueError("The address contains a line break or another character that no email can contain.")
        values = self._values(invitee, link, opt_out)
        message = self._message(text=_filled(self._text, values))
        message.to = [invitee.email]
        message.extra_headers["Message-ID"] = self._message_id(invitee.token_seed)
        message.attach_alternative(_filled(self._html, {name: escape(v) for name, v in values.items()}), "text/html")
        return message

    def build_for_merge(self, placeholder: str) -> AnymailMessage | None:
        """The message with placeholders of a provider, into which it inserts the `merge_values` of each invitee.

        `placeholder` has `{}` for the name of the value. Returns None if the text already contains its beginning.
        """
        mark = placeholder.partition("{}")[0]
        if any(mark in piece for piece in (self.subject, *self._text[::2], *self._html[::2])):
            return None
        message = self._message(
            text=_filled(self._text, {slot: placeholder.format(f"text_{slot}") for slot in self.SLOTS})
        )
        html = _filled(self._html, {slot: placeholder.format(f"html_{slot}") for slot in self.SLOTS})
        message.attach_alternative(html, "text/html")
        return message

    def fill(self, values: dict[str, str]) -> str:
        """The HTML with these values, which are escaped already, by the names of SLOTS."""
        return _filled(self._html, values)

    def merge_values(self, invitee: Invitee, *, link: str, opt_out: str) -> dict[str, str]:
        """What a provider inserts into the message of `build_for_merge` for this invitee."""
        values = self._values(invitee, link, opt_out)
        return {f"text_{slot}": value for slot, value in values.items()} | {
            f"html_{slot}": _escaped(value) for slot, value in values.items()
        }

    def is_simple_for(self, invitee: Invitee) -> bool:
        """Whether `render` can build this message. The few others need `build`."""
        return bool(
            self._compiled[0]
            and _SIMPLE_ADDRESS.fullmatch(invitee.email)
            and len(invitee.email) + len(invitee.first_name) < MOST_INSERTED
        )

    def render(self, invitee: Invitee, *, link: str, opt_out: str) -> RenderedMessage:
        """The message as bytes, forty times as fast as `build`. Only if `is_simple_for` the invitee."""
        content, chosen = self._compiled
        values = self._values(invitee, link, opt_out).values()
        message_id = self._message_id(invitee.token_seed)
        date = _date(int(time.time()), settings.EMAIL_USE_LOCALTIME)
        # In the order of PLACES.
        filled = (*values, *map(_escaped, values), invitee.email, message_id, date)
        return RenderedMessage(self.sender_address, invitee.email, (content % chosen(filled)).encode())

    @cached_property
    def _compiled(self) -> tuple[str, Callable[[Sequence[str]], tuple[str, ...]]]:
        """The whole message as a format string with %s for each value, and a function that puts the values in order.

        The string is empty if the message has an encoding other than 8bit, which would encode the values, too.
        """
        mark = secrets.token_hex(8)
        # The middle dots make both parts 8bit, as the inserted values may be.
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

    def _values(self, invitee: Invitee, link: str, opt_out: str) -> dict[str, str]:
        name = invitee.first_name
        decline_link, report_link = opt_out_links(opt_out)
        return {
            # Letters alone form neither a link nor a line break.
            "first_name": name if name.isalpha() else defuse(one_line(name)),
            "email": invitee.email,
            "link": link,
            "expires": self._expiry(invitee.expires_at),
            "decline_link": decline_link,
            "report_link": report_link,
        }

    def _expiry(self, expires_at: datetime) -> str:
        # Thousands of invitations expire at the same moment.
        if expires_at not in self._expiries:
            with in_language(*self._languages):
                self._expiries[expires_at] = date_format(timezone.localtime(expires_at, self._zone))
        return self._expiries[expires_at]

    def _message_id(self, seed: str) -> str:
        """The same for the same link, so that mail programs recognize the duplicate that a crash may cause.

        A reminder with this link has another one.
        """
        digest = hashlib.sha256(f"message-id {self._reminder}{seed}".encode()).hexdigest()[:40]
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
    """The Date header, made once per second."""
    return formatdate(second, localtime=localtime)


def _escaped(text: str) -> str:
    """The escaped text. Calls Django's slow function only if it has something to escape."""
    return text if not _SPECIAL.search(text) else escape(text)


def one_line(text: str) -> str:
    """The text as a single line without control characters, safe for a header."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def _context(content: EmailContent) -> dict[str, object]:
    """The values of the templates, with nothing in them that a mail program would turn into a link."""
    organization, inviter = (defuse(one_line(name)) for name in (content.organization, content.inviter.name))
    return {
        "organization": organization,
        "inviter": inviter,
        "inviter_first_name": defuse(one_line(content.inviter.first_name)),
        "inviter_email": content.inviter.email,
        "subject": _subject(inviter, organization, content),
        "access": _access(content),
        "messages": [_shown(each) for each in content.messages],
    }


def _subject_header(content: EmailContent) -> str:
    subject = _subject(one_line(content.inviter.name), one_line(content.organization), content)
    if content.is_test:
        subject = _("[Test] {subject}").format(subject=subject)
    return defuse_header(subject[:HEADER_LENGTH])


def _subject(inviter: str, organization: str, content: EmailContent) -> str:
    if inviter:
        subject = _("{inviter} invited you to {organization}").format(inviter=inviter, organization=organization)
    else:
        subject = _("You’re invited to {organization}").format(organization=organization)
    return _("Reminder: {subject}").format(subject=subject) if content.reminder else subject


def _access(content: EmailContent) -> str:
    """Such as "ReadOnly for Lyon, Ghent and Turin"; empty without roles."""
    named = [_("all sites")] if content.all_sites else shortened(content.sites)
    roles, sites = (listed([defuse(one_line(name)) for name in names]) for names in (content.roles, named))
    return _("{roles} for {sites}").format(roles=roles, sites=sites) if roles and sites else roles


def _sender(content: EmailContent) -> str:
    """Our own address, so that it passes DMARC, with the name of the sender."""
    name = one_line(content.settings.sender_name or content.organization)
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    shown = _("{name} via Rollcall").format(name=defuse_header(name[:HEADER_LENGTH]))
    return str(Address(display_name=shown, addr_spec=address))


@dataclass(frozen=True)
class ShownMessage:
    """A message for the text and for the HTML."""

    author: str
    text: str
    html: SafeString


def _shown(writing: Writing) -> ShownMessage:
    lines = [defuse(_UNPRINTABLE.sub(" ", line)) for line in writing.text.split("\n")]
    # Indented, so that no line can look like the end of the message or like one of ours.
    text = "\n".join(f"  {piece}".rstrip() for line in lines for piece in _pieces(line))
    html = "<br>\n".join("<wbr\n>".join(map(escape, _pieces(line))) for line in lines)
    return ShownMessage(defuse(one_line(writing.author)), text, mark_safe(html))  # noqa: S308 - each piece is escaped


def _pieces(line: str) -> list[str]:
    """The line in pieces that are short enough for SMTP in any alphabet, cut after a space if there is one."""
    pieces = []
    while len(line) > LONGEST_PIECE:
        end = line.rfind(" ", 1, LONGEST_PIECE) + 1 or LONGEST_PIECE
        pieces.append(line[:end])
        line = line[end:]
    return [*pieces, line]


def _filled(pieces: Sequence[str], values: dict[str, str]) -> str:
    """Join the pieces. Every second piece is the name of a slot and is replaced by its value."""
    return "".join(values[piece] if number % 2 else piece for number, piece in enumerate(pieces))
