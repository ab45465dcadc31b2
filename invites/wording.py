"""Words that several domains share: counted nouns and sentences.

A counted noun is formatted with its number: `PEOPLE.format(12480)` is "12,480 people".
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

INVITATIONS = ngettext_lazy("{:,} invitation", "{:,} invitations")
PEOPLE = ngettext_lazy("{:,} person", "{:,} people")
ROWS = ngettext_lazy("{:,} row", "{:,} rows")


def as_sentence(title: str) -> str:
    """The title or heading with a period, unless it ends with a period or a question mark already."""
    if not title or title.endswith((".", "?")):
        return title
    # Translators: turns a heading or a short message into a sentence.
    return _("{title}.").format(title=title)
