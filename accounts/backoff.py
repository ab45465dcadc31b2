"""Exponential backoff of what is retried."""

from __future__ import annotations

from datetime import timedelta

LONGEST_DOUBLING = 10


def exponential_delay(count: int, *, first: timedelta, longest: timedelta) -> timedelta:
    """The delay after so many delays in a row: twice as long each time, up to the longest."""
    return min(first * int(2 ** min(count, LONGEST_DOUBLING)), longest)
