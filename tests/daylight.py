"""A time zone where it is day now, for tests with real workers, which send some emails only by day."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_ZONES = ("UTC", "Asia/Kolkata", "Asia/Tokyo", "Pacific/Auckland", "America/New_York", "America/Los_Angeles")


def zone_by_day() -> str:
    """The name of a zone where it is by day for at least two more hours."""
    now = datetime.now(UTC)
    return next(name for name in _ZONES if 8 <= now.astimezone(ZoneInfo(name)).hour < 18)
