"""Day and night in any time zone, also when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.organizations.daytime import is_daytime, next_daytime


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("Europe/Paris", "2026-11-29 06:59", "2026-11-29 07:00"),
        ("Europe/Paris", "2026-11-29 07:00", "2026-11-29 07:00"),
        ("Europe/Paris", "2026-11-29 18:59", "2026-11-29 18:59"),
        ("Europe/Paris", "2026-11-29 19:00", "2026-11-30 07:00"),
        # Clocks are set forward and back in this night.
        ("Europe/Paris", "2026-03-28 22:00", "2026-03-29 06:00"),
        ("Europe/Paris", "2026-10-24 22:00", "2026-10-25 07:00"),
        ("America/New_York", "2026-03-08 03:00", "2026-03-08 12:00"),
        ("America/New_York", "2026-11-01 03:00", "2026-11-01 13:00"),
        ("Asia/Kolkata", "2026-06-01 14:30", "2026-06-02 02:30"),
        ("Pacific/Kiritimati", "2026-06-01 17:00", "2026-06-01 18:00"),
        # Samoa had no December 30.
        ("Pacific/Apia", "2011-12-30 06:30", "2011-12-30 18:00"),
        ("Australia/Lord_Howe", "2026-04-04 15:00", "2026-04-04 21:30"),
    ],
)
def test_the_next_moment_by_day(zone: str, now: str, expected: str) -> None:
    found = next_daytime(ZoneInfo(zone), datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("name", ["UTC", "Europe/Paris", "America/St_Johns", "Africa/Casablanca", "Pacific/Apia"])
def test_every_hour_of_a_year_is_by_day_or_waits_for_eight(name: str) -> None:
    zone = ZoneInfo(name)
    for hour in range(0, 366 * 24):
        now = datetime(2026, 1, 1, 0, 30, tzinfo=UTC) + timedelta(hours=hour)
        local = now.astimezone(zone)
        assert is_daytime(zone, now) == (8 <= local.hour < 20)
        then = next_daytime(zone, now)
        assert is_daytime(zone, then)
        assert timedelta(0) <= then - now <= timedelta(hours=13)
        if then != now:
            assert (then.astimezone(zone).hour, then.minute % 30) == (8, 0)
