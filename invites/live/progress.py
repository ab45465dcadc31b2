"""How far work is, and how long it will take: figures that pages show the same way for all kinds of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from invites.models import Batch, BulkAction


@dataclass(frozen=True)
class Progress:
    """How far the running step is.

    `done` of `total` people or rows; `total` is 0 where it is not known. Somebody is done when the invitation is made
    and its mail was taken; `on_the_way` are invited, but their mail was not taken yet. `skipped` and `failed` are no
    part of the total. `share` is the part of the work that is done, from 0 to 1; `seconds_left` is there only while
    it is steady.
    """

    done: int
    total: int
    share: float
    seconds_left: int | None = None
    skipped: int = 0
    failed: int = 0
    on_the_way: int = 0

    @property
    def waiting(self) -> int:
        """About whom nothing was decided yet."""
        return self.total - self.done - self.on_the_way

    @property
    def percent(self) -> int:
        return int(self.share * 100)

    @property
    def quarter(self) -> int:
        """0, 25, 50 or 75: what is told to those who listen."""
        return self.percent // 25 * 25

    @property
    def time_left(self) -> str:
        """ "About 20 seconds left."; empty while it would jump."""
        if self.seconds_left is None:
            return ""
        seconds = rounded_up(self.seconds_left)
        if seconds <= 90:
            return f"About {seconds} second{'s' if seconds > 1 else ''} left."
        return f"About {seconds // 60} minutes left."


def rounded_up(seconds: int) -> int:
    """As it is told: by ten seconds, by one at the end, and beyond a minute and a half by minutes."""
    step = step_of(seconds)
    return max(1, -(-seconds // step) * step)


def step_of(seconds: int) -> int:
    """By how much what is told changes."""
    return 1 if seconds < 10 else 10 if seconds <= 90 else 60


class TimeLeft:
    """What is left as somebody who goes on looking is told it: it never rises, and is not told while it would."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, str], int] = {}

    def steady(self, work: Batch | BulkAction, seconds: int | None) -> int | None:
        """The seconds, or what was told before while they are hardly more; None where it can't be known."""
        if seconds is None:
            return None
        key = work.pk, str(work.state)
        now, before = rounded_up(seconds), self._told.get(key)
        if before is not None and now > before:
            return before if now - before <= step_of(before) else None
        self._told[key] = now
        return now


def estimate_seconds_left(began: datetime | None, share: float) -> int | None:
    """The rest at the pace so far; None before a tenth is done or two seconds have gone: it would jump."""
    gone = (timezone.now() - began).total_seconds() if began else 0
    return round(gone * (1 - share) / share) if gone >= 2 and 0.1 <= share < 1 else None
