"""Exponential backoff of email."""

from __future__ import annotations

from datetime import timedelta

from accounts.backoff import exponential_delay

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(minutes=15)


def backoff_delay(backoff_count: int) -> timedelta:
    """The delay before the next retry, after this many delays in a row."""
    return exponential_delay(backoff_count, first=FIRST_DELAY, longest=LONGEST_DELAY)
