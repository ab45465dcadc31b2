"""Describe the outcome of each row, for the page of an import and its report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.timezone import localtime

from invites.checking import COLUMNS
from invites.imports.selectors.rows import STOPPED_BEFORE, cells_now, reasons, rows_of
from invites.models import Batch, FailureReason, Invitation, Row
from invites.wording import smart_quotes

# How many rows of a report are in memory at a time.
REPORT_BLOCK = 2_000


@dataclass(frozen=True)
class ShownOutcome:
    """How an outcome is shown: the kind of its pill, its word, and the detail beside it."""

    kind: str
    label: str
    detail: str


def shown_outcome(row: Row) -> ShownOutcome:
    """One or two words for the outcome of a row, and why or when."""
    invitation: Invitation | None = getattr(row, "invitation", None)
    match row.outcome:
        case Row.Outcome.PROBLEM:
            more = len(row.problems) - 1
            also = f", and {more} more" if more > 0 else ""
            label = "Left out" if row.reason == Row.Reason.SKIPPED_BY_ADMIN else "Problem"
            return ShownOutcome("problem", label, smart_quotes(f"{row.detail}{also}"))
        case Row.Outcome.SKIPPED:
            return ShownOutcome("skipped", "Skipped", row.detail or row.get_reason_display())
        case Row.Outcome.FAILED if row.reason == Row.Reason.STOPPED:
            return ShownOutcome("skipped", "Not invited", FailureReason.text_of(row.detail) or STOPPED_BEFORE)
        case Row.Outcome.WAITING if row.batch.state == Batch.State.STOPPED:
            return ShownOutcome("skipped", "Not invited", STOPPED_BEFORE)
        case Row.Outcome.WAITING if row.batch.state in Batch.ENDED:
            return ShownOutcome("failed", "Failed", FailureReason.text_of(row.batch.state_reason))
        case Row.Outcome.FAILED:
            return ShownOutcome("failed", "Failed", FailureReason.text_of(row.detail) or row.get_reason_display())
        case Row.Outcome.INVITED if invitation:
            return _answer(invitation, row.batch)
        case Row.Outcome.INVITED:
            return ShownOutcome("ok", "Invited", "")
    return ShownOutcome("waiting", "Waiting", "")


def _answer(invitation: Invitation, batch: Batch) -> ShownOutcome:
    if invitation.state == Invitation.State.ACCEPTED:
        return ShownOutcome("ok", "Accepted", _moment(invitation.answered_at))
    if invitation.state != Invitation.State.PENDING:
        return ShownOutcome("skipped", "Withdrawn", _moment(invitation.answered_at))
    if batch.is_being_undone:
        return ShownOutcome("skipped", "Withdrawn", _moment(batch.undone_at))
    if invitation.mail_state == Invitation.Mail.BOUNCED:
        return ShownOutcome("bounced", "Bounced", FailureReason.text_of(invitation.mail_detail))
    if invitation.mail_state == Invitation.Mail.FAILED:
        return ShownOutcome("bounced", "Not delivered", FailureReason.text_of(invitation.mail_detail))
    if invitation.is_expired:
        return ShownOutcome("skipped", "Expired", _moment(invitation.expires_at))
    return ShownOutcome("mail", "Waiting", _on_its_way(invitation))


def _on_its_way(invitation: Invitation) -> str:
    """What is known of the mail with the link that counts: "sent" is only what a server took."""
    if invitation.mail_state == Invitation.Mail.SENT:
        return f"Sent {_moment(invitation.mailed_at)}"
    if invitation.mail_state == Invitation.Mail.SENDING:
        return "Put off by the mail server, tried again later"
    return "Reminder not sent yet" if invitation.times_resent else "Not sent yet"


def _moment(when: datetime | None) -> str:
    return _minute(when.replace(second=0, microsecond=0)) if when else ""


@lru_cache(maxsize=10_000)
def _minute(when: datetime) -> str:
    """The date and minute. Cached, because formatting takes longer than anything else about a row."""
    return date_format(localtime(when), "j M, H:i")


def report_lines(batch: Batch, chosen: str = "") -> Iterator[list[str]]:
    """The outcome of every row as lines of a CSV file, the header first.

    A row with problems keeps what stood in the file, so that it can be corrected and uploaded again.
    """
    yield ["Row", *[column.title for column in COLUMNS], "Outcome", "Detail", "Edited by"]
    rows, last = rows_of(batch, chosen), -1
    # Each block has its own query, so that no cursor and no connection is held during a slow download.
    while block := list(rows.filter(number__gt=last)[:REPORT_BLOCK]):
        for row in block:
            shown = shown_outcome(row)
            cells = [
                *cells_now(row),
                shown.label,
                "; ".join(reasons(row.problems)) or shown.detail,
                str(row.editor or ""),
            ]
            yield [str(row.number), *cells]
        last = block[-1].number
