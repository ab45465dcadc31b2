"""How several domains write sentences and times."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _


def as_sentence(title: str) -> str:
    """The title or heading with a period, unless it ends with a period or a question mark already."""
    if not title or title.endswith((".", "?")):
        return title
    # Translators: turns a heading or a short message into a sentence.
    return _("{title}.").format(title=title)


def moment(at: datetime) -> str:
    """ "Nov 12, 2:02 PM", with the year if it isn't this one."""
    local = timezone.localtime(at)
    is_this_year = local.year == timezone.localtime().year
    return date_format(local, "SHORT_DATETIME_FORMAT" if is_this_year else "DATETIME_FORMAT")
