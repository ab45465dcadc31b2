"""Words that several domains share: counted nouns, sentences, and the quotation marks of pages.

A counted noun is formatted with its number: `PEOPLE.format(12480)` is "12,480 people".
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

INVITATIONS = ngettext_lazy("{:,} invitation", "{:,} invitations")
PEOPLE = ngettext_lazy("{:,} person", "{:,} people")
ROWS = ngettext_lazy("{:,} row", "{:,} rows")

_QUOTED = re.compile(r'"([^"]*)"')


def as_sentence(title: str) -> str:
    """The title or heading with a period, unless it ends with a period or a question mark already."""
    if not title or title.endswith((".", "?")):
        return title
    # Translators: turns a heading or a short message into a sentence.
    return _("{title}.").format(title=title)


def smart_quotes(sentence: str) -> str:
    """ "No column is called “Last name”" for one with straight quotes. A single quotation mark stays as it is.

    The check writes straight quotes, which every encoding and every terminal can show.
    """
    return _QUOTED.sub(r"“\1”", sentence)
