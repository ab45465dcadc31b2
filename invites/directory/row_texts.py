"""How a row of the list of users words access and activity."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy, pgettext

from accounts.organizations.access import SEEN_EVERY
from accounts.wording import counted, grouped, separated
from invites.directory.users import Person

LINE = 22  # Characters of a cell.

_ALL_SITES = ngettext_lazy("All {count} sites", "All {count} sites")
_MORE_SITES = ngettext_lazy("{site} + {count} more", "{site} + {count} more")
# Translators: short for minutes.
_MINUTES_AGO = ngettext_lazy("{count} min ago", "{count} min ago")
# Translators: short for hours.
_HOURS_AGO = ngettext_lazy("{count} hr ago", "{count} hr ago")


def brief_roles(person: Person) -> str:
    """ "Project manager", or "Project manager + 1"."""
    if not person.roles:
        return pgettext("roles", "None")
    first, others = person.roles[0], len(person.roles) - 1
    return _("{role} + {count}").format(role=first, count=grouped(others)) if others else first


def brief_sites(person: Person, site_count: int) -> str:
    """ "Lyon, Porto", "Lyon + 2 more" or "All 48 sites"."""
    if person.all_sites:
        return counted(_ALL_SITES, site_count) if site_count > 1 else _("All sites")
    if not person.sites:
        return pgettext("sites", "None")
    together = separated(person.sites)
    if len(person.sites) == 1 or (len(person.sites) == 2 and len(together) <= LINE):
        return together
    return counted(_MORE_SITES, len(person.sites) - 1, site=person.sites[0])


def last_seen(at: datetime | None) -> str:
    """When a member was last seen: "Now", "5 min ago", "2 hr ago", "Yesterday", "Nov 12"."""
    if at is None:
        return _("Never signed in")
    passed = timezone.now() - at
    if passed < SEEN_EVERY + timedelta(minutes=1):
        return _("Now")
    if passed < timedelta(hours=1):
        return counted(_MINUTES_AGO, passed.seconds // 60)
    if _days_since(at) == 0:
        return counted(_HOURS_AGO, passed.seconds // 3600)
    return _("Yesterday") if _days_since(at) == 1 else _date(at)


def invited(at: datetime) -> str:
    """When somebody was invited: "Invited today", "Invited Oct 16"."""
    days = _days_since(at)
    if days <= 0:
        return _("Invited today")
    return _("Invited yesterday") if days == 1 else _("Invited {date}").format(date=_date(at))


def declined(at: datetime) -> str:
    """When somebody declined: "Declined Oct 16"."""
    return _("Declined {date}").format(date=_date(at))


def _date(at: datetime) -> str:
    """ "Nov 12", with the year if it isn't this one."""
    local = timezone.localtime(at)
    return date_format(local, "MONTH_DAY_FORMAT" if local.year == timezone.localtime().year else "DATE_FORMAT")


def _days_since(at: datetime) -> int:
    return (timezone.localdate() - timezone.localdate(at)).days
