"""Time zones: their names, and the list to choose from."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

UTC_NAME = "UTC"
# Other names, such as US/Pacific, are old ones for zones of these regions.
_REGIONS = frozenset(
    ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
)

Choices = list[tuple[str, "str | list[tuple[str, str]]"]]


def find_zone(name: str) -> ZoneInfo:
    """The zone with this name. UTC if this machine doesn't know it, so that pages still open."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(UTC_NAME)


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless an organization can choose the zone."""
    if name not in _offered():
        raise ValidationError(_("Choose a time zone from the list, such as Europe/Paris."), code="time_zone")


def time_zone_choices() -> Choices:
    """The choices of a field, grouped by region, with the offsets of this hour: "Paris (UTC+01:00)"."""
    return _choices_at(timezone.now().replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=1)
def _choices_at(hour: datetime) -> Choices:
    """The choices with the offsets of this hour. Nearly 500 files are read to know them."""
    regions: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in _offered() - {UTC_NAME}:
        region = name.partition("/")[0]
        regions[region].append((name, f"{city_of(name)} ({offset_text(name, hour)})"))
    return [(UTC_NAME, UTC_NAME), *((region, sorted(regions[region], key=_by_city)) for region in sorted(regions))]


def city_of(name: str) -> str:
    """The city in the name of a zone: "Louisville, Kentucky" for America/Kentucky/Louisville."""
    return ", ".join(reversed(name.replace("_", " ").split("/")[1:])) or name


def offset_text(name: str, now: datetime) -> str:
    """The offset of the zone at this moment: "UTC+01:00"."""
    offset = now.astimezone(find_zone(name)).utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def moment_in(zone: ZoneInfo, day: date, at: time) -> datetime | None:
    """The moment when clocks of the zone show this; None if they never do, because they are set forward over it.

    When clocks are set back, they show it twice. Then it is the first of the two.
    """
    local = datetime.combine(day, at)
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local else None


def is_shown_twice(zone: ZoneInfo, moment: datetime) -> bool:
    """Whether clocks of the zone show the local time of this moment twice, because they are set back."""
    local = moment.astimezone(zone).replace(tzinfo=None)
    return local.replace(tzinfo=zone, fold=0).utcoffset() != local.replace(tzinfo=zone, fold=1).utcoffset()


def _by_city(choice: tuple[str, str]) -> str:
    return choice[1].casefold()


@cache
def _offered() -> frozenset[str]:
    """The zones that this machine knows. They can't change while it runs."""
    found = {name for name in available_timezones() if name.partition("/")[0] in _REGIONS and "/" in name}
    return frozenset(found | {UTC_NAME})
