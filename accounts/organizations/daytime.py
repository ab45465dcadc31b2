"""Day and night in an organization's time zone: some emails are sent only in the daytime."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_BEGINS, DAY_ENDS = time(8), time(20)


def is_daytime(zone: ZoneInfo, now: datetime) -> bool:
    """Whether clocks there show a time from 8:00 to before 20:00."""
    return DAY_BEGINS <= now.astimezone(zone).time() < DAY_ENDS


def next_daytime(zone: ZoneInfo, at: datetime) -> datetime:
    """The moment itself if it is in the daytime, or else the next 8:00."""
    while not is_daytime(zone, at):
        local = at.astimezone(zone)
        day = local.date() if local.time() < DAY_BEGINS else local.date() + timedelta(days=1)
        # A few zones have skipped a whole day. Then it isn't 8:00 there, and the next day is tried.
        at = datetime.combine(day, DAY_BEGINS, zone).astimezone(at.tzinfo)
    return at
