"""Names and messages that users enter, made safe for pages and emails."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.wording import grouped
from invites.checking.cells.links import find_link, find_link_in_prose

LONGEST_MESSAGE = 500
LONGEST_SENDER_NAME = 80
LONGEST_QUOTED_LINK = 60
# A text this many times as long is rejected before it is looked at, which takes time. Invisible characters don't count
# for the limits, but nobody has so many.
_TIMES_TOO_LONG = 20

# Persian, Indic scripts and emoji need joiners. No other invisible character is needed.
_JOINERS = frozenset("\u200c\u200d")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})


def clean_label(text: str) -> str:
    """The text on one line with single spaces.

    Raises ValidationError for invisible characters (a line break could forge an email header, and an override could
    reverse a sentence), and for text that mail clients turn into a link.
    """
    label = " ".join(text.split())
    if any(unicodedata.category(each) in _UNSEEN and each not in _JOINERS for each in label):
        raise ValidationError(_("This contains an invisible character. Type it again."), code="unseen")
    if find_link(label):
        raise ValidationError(
            _("This would become a link in emails. Remove the web address, or add a space after the dot."),
            code="link",
        )
    return label


class LabelField(forms.CharField):
    """One line of text that other users see; see `clean_label`."""

    def clean(self, value: object) -> str:
        return clean_label(super().clean(value))


# A text with other directions needs these marks. Unlike overrides, they can't reverse it.
_DIRECTION_MARKS = frozenset("\u200e\u200f\u061c")
_LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")


def clean_message(text: str) -> str:
    """The text with its line breaks as \\n, and without other invisible characters, which nobody would miss.

    Raises ValidationError if it is longer than LONGEST_MESSAGE, or has something that mail programs turn into a link.
    """
    if len(text) > _TIMES_TOO_LONG * LONGEST_MESSAGE:
        raise _message_too_long()
    if link := find_link_in_prose(text):
        message = _("Remove “{link}”. Messages can’t contain links.")
        raise ValidationError(message.format(link=link[:LONGEST_QUOTED_LINK]), code="link")
    lines = _LINE_BREAK.sub("\n", text).replace("\t", " ").split("\n")
    cleaned = "\n".join("".join(filter(_is_wanted, line)).rstrip() for line in lines).strip()
    if len(cleaned) > LONGEST_MESSAGE:
        raise _message_too_long()
    return cleaned


def _message_too_long() -> ValidationError:
    message = _("Shorten the message to {limit} characters.")
    return ValidationError(message.format(limit=grouped(LONGEST_MESSAGE)), code="max_length")


def _is_wanted(character: str) -> bool:
    return character in _JOINERS or character in _DIRECTION_MARKS or unicodedata.category(character) not in _UNSEEN


def clean_sender_name(text: str) -> str:
    """The name on one line. Raises ValidationError for what could change the header, and for links."""
    name = text.strip()
    if len(name) > _TIMES_TOO_LONG * LONGEST_SENDER_NAME:
        raise _sender_name_too_long()
    if any(each in "<>" or (unicodedata.category(each) in _UNSEEN and each not in _JOINERS) for each in name) or (
        _LINE_BREAK.search(name)
    ):
        raise ValidationError(_("Enter a name without < > or line breaks."), code="unseen")
    if link := find_link_in_prose(name):
        message = _("Remove “{link}”. Sender names can’t contain links.")
        raise ValidationError(message.format(link=link[:LONGEST_QUOTED_LINK]), code="link")
    if len(name) > LONGEST_SENDER_NAME:
        raise _sender_name_too_long()
    return " ".join(name.split())


def _sender_name_too_long() -> ValidationError:
    message = _("Shorten the name to {limit} characters.")
    return ValidationError(message.format(limit=grouped(LONGEST_SENDER_NAME)), code="max_length")


class MessageField(forms.CharField):
    """Plain text with line breaks that is added to an email; see `clean_message`. The page counts its characters."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"rows": "3", "data-counts": str(LONGEST_MESSAGE)}
        kwargs.setdefault("required", False)
        super().__init__(strip=False, widget=forms.Textarea(attributes), **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        text = _("{count} of {limit}")
        return {**super().widget_attrs(widget), "data-text-count": text}

    def clean(self, value: object) -> str:
        return clean_message(super().clean(value))
