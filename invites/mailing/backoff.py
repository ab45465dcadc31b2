"""Exponential backoff of email, and the reasons that are shown when an email is given up."""

from __future__ import annotations

from datetime import timedelta

from accounts.backoff import exponential_delay

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(minutes=15)
UNREACHABLE_REASON = "The mail server could not be reached, or stayed busy."
CRASHED_REASON = "This mail could not be sent: each attempt broke off in the middle."


def backoff_delay(backoff_count: int) -> timedelta:
    """The delay before email is retried, after so many delays in a row."""
    return exponential_delay(backoff_count, first=FIRST_DELAY, longest=LONGEST_DELAY)
