"""Writes the mail of an invitation, as text and HTML: once per grant and inviter, then per person."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from email.headerregistry import Address
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape

from invites.models import Grant, Invitation
from invites.queries.grants import in_words, role_names, site_names

HEADER_LENGTH = 200

# An address inside a name becomes a link in most mail programs. A word joiner, which nobody sees,
# after the characters that make it one keeps it text.
_LINK_LIKE = re.compile(r"(?<=[^\s])([.@/:])(?=[^\s])")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


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

    def to(self, invitation: Invitation, *, link: str) -> EmailMultiAlternatives:
        """The message to one person. Raises ValueError for an address that no header can hold."""
        if one_line(invitation.email) != invitation.email:
            raise ValueError("The address holds a line break or another character that no mail can carry.")
        values = {
            "first_name": defused(one_line(invitation.first_name)),
            "email": invitation.email,
            "link": link,
            "expires": date_format(timezone.localtime(invitation.expires_at), "j F Y"),
        }
        message = EmailMultiAlternatives(
            subject=self.subject,
            body=_filled(self._text, values),
            from_email=self.from_email,
            to=[invitation.email],
            reply_to=self.reply_to,
            headers={
                # The same for the same link: the copy that a crash may cause is recognised as one.
                "Message-ID": _message_id(invitation.token_seed),
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "All",
            },
        )
        message.attach_alternative(_filled(self._html, {name: escape(v) for name, v in values.items()}), "text/html")
        return message


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


def _message_id(seed: str) -> str:
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    digest = hashlib.sha256(f"message-id {seed}".encode()).hexdigest()[:40]
    return f"<{digest}@{address.rpartition('@')[2] or 'localhost'}>"


def _filled(pieces: Sequence[str], values: dict[str, str]) -> str:
    """Every second piece is the name of a slot."""
    return "".join(values[piece] if number % 2 else piece for number, piece in enumerate(pieces))
