"""Names that users enter, made safe for pages and emails."""

from __future__ import annotations

import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from invites.checking.cells.links import find_link

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
