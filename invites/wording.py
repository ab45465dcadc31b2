"""How several domains write sentences, times and browsers."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from ua_parser import parse

from invites.models import Batch, BulkAction

# What people call these systems, by their names in user agents.
_SYSTEMS = {"Mac OS X": "Mac", "iOS": "iPhone", "Chrome OS": "ChromeOS"}


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


def emptied_text(emptied: Batch | BulkAction) -> str:
    """Why an old import, or an old change to many users, shows nobody's name."""
    on = date_format(timezone.localtime(emptied.emptied_at), "DATE_FORMAT")
    if isinstance(emptied, Batch):
        return _("The names and addresses of this file were deleted on {date}.").format(date=on)
    return _("The names and addresses of these users were deleted here on {date}.").format(date=on)


@lru_cache(maxsize=256)
def _parsed(user_agent: str) -> tuple[str, str]:
    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    # "Mobile Safari", "Chrome Mobile", "Edge Mobile".
    browser = browser.replace("Mobile", "").strip()
    if found.device and found.device.family == "iPad":
        return browser, "iPad"
    return browser, _SYSTEMS.get(system, system)


def browser_of(user_agent: str) -> str:
    """ "Chrome on Windows"; empty if the user agent is unknown."""
    if not user_agent:
        return ""
    browser, system = _parsed(user_agent)
    if browser and system:
        return _("{browser} on {system}").format(browser=browser, system=system)
    return browser or system
