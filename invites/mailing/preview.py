"""Draws an invitation email for a page, from the real templates, before anybody is invited."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _

from invites.checking.cells.links import defuse
from invites.invitations.links import expiry_from
from invites.mailing.content import EmailContent
from invites.mailing.template import InvitationTemplate, one_line
from invites.mailing.trial import trial_link

# As much of a text that is too long as a preview shows.
LONGEST_SHOWN = 2_000
# Nothing in a preview can be pressed. In what was typed, quotation marks are escaped.
_TARGET = re.compile(r'\shref="[^"]*"')


@dataclass(frozen=True)
class Person:
    """Who the email is shown for. A value that is still missing is empty."""

    first_name: str = ""
    email: str = ""


def preview_html(content: EmailContent, person: Person, *, sent_at: datetime | None = None) -> str:
    """The email as an HTML document, below its sender, reply-to address and subject. It is sent now or at `sent_at`.

    Values that are missing are dashed words, such as *first name*. Links and buttons are only text.
    """
    missing = _Missing()
    expires = expiry_from(sent_at or timezone.now())
    shown = replace(content, roles=content.roles or (missing(_("roles")),))
    if not (content.sites or content.all_sites):
        shown = replace(shown, sites=(missing(_("sites")),))
    template = InvitationTemplate(shown, html="mail/preview.html")
    html = template.fill(
        {
            "first_name": escape(defuse(one_line(person.first_name))) or missing(_("first name")),
            "email": escape(one_line(person.email)) or missing(_("email address")),
            "link": escape(trial_link()),
            # Not shown: nothing in a preview can be pressed.
            "decline_link": "",
            "report_link": "",
            "expires": escape(date_format(timezone.localtime(expires, content.zone))),
        }
    )
    return missing.drawn(_TARGET.sub("", html))


class _Missing:
    """Marks words in a text that is rendered, and draws them afterwards."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(8)
        self._words: list[str] = []

    def __call__(self, word: str) -> str:
        self._words.append(word)
        return f"{self._mark}x{len(self._words) - 1}x"

    def drawn(self, html: str) -> str:
        return re.sub(rf"{self._mark}x(\d+)x", self._draw, html)

    def _draw(self, found: re.Match[str]) -> str:
        return format_html('<span style="border-bottom:1px dashed">{}</span>', self._words[int(found[1])])
