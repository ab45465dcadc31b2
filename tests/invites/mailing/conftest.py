"""The time by which rate limits are counted."""

from __future__ import annotations

import time

import pytest

from invites.mailing import rate_limit


class Clock:
    """A time that stands still until a test moves it, at first at the beginning of a second."""

    def __init__(self) -> None:
        self.now = float(int(time.time()))

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return time.monotonic()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stops the time for rate limits, of which nothing has been used yet."""
    clock = Clock()
    monkeypatch.setattr(rate_limit, "time", clock)
    rate_limit._counter.cache_clear()
    return clock
