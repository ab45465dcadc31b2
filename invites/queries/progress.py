"""How far a batch is that is being worked on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from invites.models import Batch, Invitation, Row

Outcome, Reason, Mail = Row.Outcome, Row.Reason, Invitation.Mail


@dataclass(frozen=True)
class Progress:
    """How far the running step is.

    `done` of `total` people or rows; `total` is 0 where it is not known. `share` is the part of the work
    that is done, from 0 to 1; `seconds_left` is there only while it is steady.
    """

    done: int
    total: int
    share: float
    seconds_left: int | None = None
    skipped: int = 0

    @property
    def percent(self) -> int:
        return int(self.share * 100)

    @property
    def quarter(self) -> int:
        """0, 25, 50 or 75: what is told to those who listen."""
        return self.percent // 25 * 25

    @property
    def time_left(self) -> str:
        """ "About 20 seconds left.", rounded up so that it is kept; empty while it would jump."""
        if self.seconds_left is None:
            return ""
        if self.seconds_left < 90:
            step = 1 if self.seconds_left < 10 else 10
            seconds = max(1, -(-self.seconds_left // step) * step)
            return f"About {seconds} second{'s' if seconds > 1 else ''} left."
        minutes = -(-self.seconds_left // 60)
        return f"About {minutes} minutes left."


def checking_progress(batch: Batch) -> Progress:
    """Rows looked at. How many there are is known only at the end, so the share is one of bytes."""
    share = min(1.0, batch.bytes_checked / batch.file_size) if batch.file_size else 0.0
    return Progress(batch.rows_checked, batch.row_total, share, _seconds_left(batch.created_at, share))


def inviting_progress(batch: Batch) -> Progress:
    """People whose invitation is made and whose mail has been tried, of all who are to be invited."""
    chosen = batch.rows.exclude(reason=Reason.DUPLICATE).exclude(outcome=Outcome.PROBLEM).order_by()
    outcomes = Counter(dict(chosen.values_list("outcome").annotate(count=Count("*"))))
    unsent = batch.invitations.filter(
        state=Invitation.State.PENDING, mail_state__in=[Mail.QUEUED, Mail.SENDING]
    ).count()
    skipped = outcomes[Outcome.SKIPPED]
    total = outcomes.total() - skipped
    done = max(0, total - outcomes[Outcome.WAITING] - unsent)
    share = done / total if total else 0.0
    return Progress(done, total, share, _seconds_left(batch.inviting_at, share), skipped)


def _seconds_left(began: datetime | None, share: float) -> int | None:
    """The rest at the pace so far; None before a tenth is done or two seconds have gone: it would jump."""
    gone = (timezone.now() - began).total_seconds() if began else 0
    return round(gone * (1 - share) / share) if gone >= 2 and 0.1 <= share < 1 else None
