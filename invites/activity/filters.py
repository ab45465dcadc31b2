"""What the page shows of the log: a search, a group of actions, and a range of days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from urllib.parse import urlencode

from django.db.models import Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.activity.actions import Action, Group
from accounts.models import ActivityEntry, Organization

LONGEST_SEARCH = 200


class Period(TextChoices):
    """The range of days."""

    TODAY = "today", _("Today")
    WEEK = "7", _("Last 7 days")
    MONTH = "30", _("Last 30 days")
    CUSTOM = "custom", _("Custom")


DEFAULT_PERIOD = Period.MONTH


@dataclass(frozen=True)
class ActivityFilter:
    """The filter of the page. `first` and `last` are the days of a custom period; None for no limit."""

    search: str = ""
    group: Group | None = None
    period: Period = DEFAULT_PERIOD
    first: date | None = None
    last: date | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> ActivityFilter:
        """The filter in a query string. Invalid values are ignored."""
        group, period = query.get("action", ""), query.get("period", "")
        return cls(
            search=query.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
            group=Group(group) if group in Group.values else None,
            period=Period(period) if period in Period.values else DEFAULT_PERIOD,
            first=_day(query.get("from", "")),
            last=_day(query.get("to", "")),
        )

    @property
    def ends_before_it_starts(self) -> bool:
        return self.period == Period.CUSTOM and bool(self.first and self.last and self.last < self.first)

    def query_string(self, **changes: object) -> str:
        """The query string for this filter with some changes."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        is_custom = changed.period == Period.CUSTOM
        values = {
            "q": changed.search,
            "action": changed.group.value if changed.group else "",
            "period": "" if changed.period == DEFAULT_PERIOD else changed.period.value,
            "from": changed.first.isoformat() if is_custom and changed.first else "",
            "to": changed.last.isoformat() if is_custom and changed.last else "",
        }
        return urlencode({name: value for name, value in values.items() if value})


def find_entries(organization: Organization, wanted: ActivityFilter) -> QuerySet[ActivityEntry]:
    """The entries of the organization that match, the newest first."""
    entries = ActivityEntry.objects.filter(organization_id=organization.pk)
    start, end = _limits(wanted)
    if start:
        entries = entries.filter(at__gte=start)
    if end:
        entries = entries.filter(at__lt=end)
    if wanted.group:
        entries = entries.filter(action__in=[action.value for action in Action if action.group == wanted.group])
    if wanted.search:
        entries = entries.filter(_matches(wanted.search))
    return entries


def _matches(search: str) -> Q:
    """A condition: who did it or who was affected has this name or address, or it came from this IP address."""
    found = Q()
    for field in ("actor_name", "actor_email", "affected_name", "affected_email"):
        found |= Q(**{f"{field}__icontains": search})
    try:
        return found | Q(ip=str(ip_address(search)))
    except ValueError:
        return found


def _limits(wanted: ActivityFilter) -> tuple[datetime | None, datetime | None]:
    today = timezone.localdate()
    match wanted.period:
        case Period.TODAY:
            return _start_of(today), None
        case Period.WEEK:
            return _start_of(today - timedelta(days=6)), None
        case Period.MONTH:
            return _start_of(today - timedelta(days=29)), None
    first, last = wanted.first, wanted.last
    return (_start_of(first) if first else None), (_start_of(last + timedelta(days=1)) if last else None)


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _day(text: str) -> date | None:
    """The day of an ISO date, of a year that databases can compare; None if it isn't one."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None
