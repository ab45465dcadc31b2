"""How several domains turn headings into sentences."""

from __future__ import annotations

from django.utils.translation import gettext as _


def as_sentence(title: str) -> str:
    """The title or heading with a period, unless it ends with a period or a question mark already."""
    if not title or title.endswith((".", "?")):
        return title
    # Translators: turns a heading or a short message into a sentence.
    return _("{title}.").format(title=title)
