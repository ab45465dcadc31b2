"""Exponential backoff of email, and the reasons that are shown when an email is given up."""

from __future__ import annotations

from datetime import timedelta

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(minutes=15)
UNREACHABLE_REASON = "The mail server could not be reached, or stayed busy."
CRASHED_REASON = "This mail could not be sent: each attempt broke off in the middle."


def backoff_delay(backoff_count: int) -> timedelta:
    """The delay after so many delays in a row: twice as long each time, up to the longest."""
    longest_doubling = 10
    return min(FIRST_DELAY * int(2 ** min(backoff_count, longest_doubling)), LONGEST_DELAY)
