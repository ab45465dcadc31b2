"""How far work is and how long it will take, shown the same way for all kinds of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import ngettext_lazy

from accounts.wording import counted
from invites.models import Batch, BulkAction

_SECONDS_LEFT = ngettext_lazy("About {count} second left.", "About {count} seconds left.")
_MINUTES_LEFT = ngettext_lazy("About {count} minute left.", "About {count} minutes left.")


@dataclass(frozen=True)
class Progress:
    """How far the running step is.

    `done` of `total` people or rows; `total` is 0 if it is unknown. A person is done when a mail server has accepted
    the email; `on_the_way` are invited, but their email isn't accepted yet. `skipped` and `failed` are not part of the
    total. `share` is the finished part of the work, from 0 to 1. `seconds_left` is None unless the estimate is steady.
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
        """How many are not decided yet."""
        return self.total - self.done - self.on_the_way

    @property
    def percent(self) -> int:
        return int(self.share * 100)

    @property
    def quarter(self) -> int:
        """0, 25, 50 or 75: what screen readers announce."""
        return self.percent // 25 * 25

    @property
    def time_left(self) -> str:
        """ "About 20 seconds left.", or "" if that is unknown."""
        if self.seconds_left is None:
            return ""
        seconds = _round_up(self.seconds_left)
        return counted(_SECONDS_LEFT, seconds) if seconds <= 90 else counted(_MINUTES_LEFT, seconds // 60)


def _round_up(seconds: int) -> int:
    step = _step_of(seconds)
    return max(1, -(-seconds // step) * step)


def _step_of(seconds: int) -> int:
    """In which steps the displayed time changes: minutes, then ten seconds, then seconds."""
    return 1 if seconds < 10 else 10 if seconds <= 90 else 60


class TimeLeft:
    """The remaining time for one viewer: it never rises, and is hidden while it would."""

    def __init__(self) -> None:
        self._shown: dict[tuple[int, str], int] = {}

    def steady(self, work: Batch | BulkAction, seconds: int | None) -> int | None:
        """The seconds to show: what was shown before if they are only a little more, None if they are unknown."""
        if seconds is None:
            return None
        key = work.pk, str(work.state)
        now, before = _round_up(seconds), self._shown.get(key)
        if before is not None and now > before:
            return before if now - before <= _step_of(before) else None
        self._shown[key] = now
        return now


def estimate_seconds_left(began: datetime | None, share: float) -> int | None:
    """The rest at the speed so far. None before a tenth is done or two seconds have passed: it would jump."""
    passed = (timezone.now() - began).total_seconds() if began else 0
    return round(passed * (1 - share) / share) if passed >= 2 and 0.1 <= share < 1 else None
