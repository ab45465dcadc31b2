"""The time at which an invitation or an import is sent, in the time zone of its organization."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.errors import DomainError
from accounts.models import Organization
from accounts.time_zones import UTC_NAME, city_of, moment_in, offset_text
from accounts.wording import counted

LONGEST_AHEAD = timedelta(days=90)

_TOO_FAR = ngettext_lazy("Choose a time within the next {count} day.", "Choose a time within the next {count} days.")


def send_time_from(organization: Organization, day: date, at: time) -> datetime:
    """The moment when clocks in the organization's time zone show this: the first one, if they show it twice.

    Raises DomainError: "no_such_time", because clocks are set forward over it, and as `check_send_time`.
    """
    now = timezone.now()
    today = now.astimezone(organization.zone).date()
    if day < today:
        raise _past(organization, now)
    # Far from the limit, and before a year that has no next one.
    if day > today + LONGEST_AHEAD * 2:
        raise _too_far()
    found = moment_in(organization.zone, day, at)
    if found is None:
        message = _(
            "In {zone}, clocks are set forward on {date}, so there is no {time}. Choose an earlier or later time."
        )
        values = {"zone": zone_name(organization), "date": date_format(day), "time": time_format(at, "TIME_FORMAT")}
        raise DomainError("no_such_time", message.format(**values))
    check_send_time(organization, found)
    return found


def check_send_time(organization: Organization, at: datetime) -> None:
    """Raises DomainError: "past", "too_far"."""
    now = timezone.now()
    if at <= now:
        raise _past(organization, now)
    if at > now + LONGEST_AHEAD:
        raise _too_far()


def _past(organization: Organization, now: datetime) -> DomainError:
    message = _("This time has passed. In {zone} it’s {time} now. Choose a later time.")
    current = time_format(now.astimezone(organization.zone), "TIME_FORMAT")
    return DomainError("past", message.format(zone=zone_name(organization), time=current))


def _too_far() -> DomainError:
    return DomainError("too_far", counted(_TOO_FAR, LONGEST_AHEAD.days))


def zone_name(organization: Organization) -> str:
    """ "Paris", or "UTC"."""
    return city_of(organization.time_zone)


def zone_text(organization: Organization, at: datetime) -> str:
    """The zone with its offset at this moment: "Paris (UTC+01:00)", or "UTC"."""
    if organization.time_zone == UTC_NAME:
        return UTC_NAME
    return f"{zone_name(organization)} ({offset_text(organization.time_zone, at)})"
