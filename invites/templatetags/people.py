"""Template filters for the list of users."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import Membership, User
from accounts.organizations.access import SEEN_EVERY
from invites.directory.users import Person
from invites.invitations.visibility import visible_name

register = template.Library()

LINE = 22  # Characters of a cell.


@register.filter
def seen_by(user: User | None, viewer: Membership) -> str:
    """The name of the user, or empty if the viewer may not see it."""
    return visible_name(viewer, user)


@register.filter
def brief_roles(person: Person) -> str:
    """ "Project manager", or "Project manager + 1"."""
    return _brief(person.roles, in_full=1, rest="+ {}")


@register.filter
def brief_sites(person: Person, site_count: int) -> str:
    """ "Lyon, Porto", "Lyon + 2 more" or "All 48 sites"."""
    if person.all_sites:
        return f"All {site_count} sites" if site_count > 1 else "All sites"
    return _brief(person.sites, in_full=2, rest="+ {} more")


@register.filter
def last_seen(at: datetime | None) -> str:
    """When a member was last seen: "Now", "5 min ago", "2 h ago", "Yesterday", "12 Nov"."""
    if at is None:
        return "Never signed in"
    passed = timezone.now() - at
    if passed < SEEN_EVERY + timedelta(minutes=1):
        return "Now"
    if passed < timedelta(hours=1):
        return f"{passed.seconds // 60} min ago"
    if _days_since(at) == 0:
        return f"{passed.seconds // 3600} h ago"
    day = _day(at)
    return f"{day[0].upper()}{day[1:]}"


@register.filter
def invited(at: datetime) -> str:
    """When somebody was invited: "Invited today", "Invited 16 Oct"."""
    return f"Invited {_day(at)}"


@register.filter
def day(at: datetime) -> str:
    """A date in full: "12 November 2026"."""
    return date_format(timezone.localtime(at), "j F Y")


def _brief(names: Sequence[str], *, in_full: int, rest: str) -> str:
    """All of them if they fit, otherwise the first and the number of the others."""
    if not names:
        return "None"
    together = ", ".join(names)
    if len(names) == 1 or (len(names) <= in_full and len(together) <= LINE):
        return together
    return f"{names[0]} {rest.format(len(names) - 1)}"


def _day(at: datetime) -> str:
    days = _days_since(at)
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    local = timezone.localtime(at)
    return date_format(local, "j M" if local.year == timezone.localtime().year else "j M Y")


def _days_since(at: datetime) -> int:
    return (timezone.localdate() - timezone.localdate(at)).days
