"""Names that people give to themselves and to things, made safe to set in a page and in a mail."""

from __future__ import annotations

import unicodedata

from django import forms
from django.core.exceptions import ValidationError

from invites.checking.cells.links import find_link

# Joiners belong to how Persian, the Indic scripts and emoji are written. Nothing else that is unseen is needed.
_JOINERS = frozenset("\u200c\u200d")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})


def clean_label(text: str) -> str:
    """The text on one line with single spaces.

    Raises ValidationError for characters that nobody sees (a line break would forge a mail header, an
    override turn a sentence round) and for anything that a mail program would make a link of.
    """
    label = " ".join(text.split())
    if any(unicodedata.category(each) in _UNSEEN and each not in _JOINERS for each in label):
        raise ValidationError("There is a character in it that cannot be seen. Type it again.", code="unseen")
    if find_link(label):
        raise ValidationError(
            "This would become a link in emails. Write it without a web address, or put a space after the dot.",
            code="link",
        )
    return label


class LabelField(forms.CharField):
    """One line of text that is shown to others; see `clean_label`."""

    def clean(self, value: object) -> str:
        return clean_label(super().clean(value))
