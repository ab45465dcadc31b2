"""How long a mail server that would not take mail is left alone, and what is said of mail that it never took."""

from __future__ import annotations

from datetime import timedelta

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=15)
UNREACHABLE_REASON = "The mail server could not be reached, or stayed busy."
CRASHED_REASON = "This mail could not be sent: each attempt broke off in the middle."


def backoff_delay(backoff_count: int) -> timedelta:
    """After so many backoff_count in a row: each is twice as long as the one before, up to the longest."""
    longest_doubling = 10
    return min(FIRST_PAUSE * int(2 ** min(backoff_count, longest_doubling)), LONGEST_PAUSE)
