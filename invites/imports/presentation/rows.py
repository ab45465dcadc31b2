"""Describe the outcome of each row, for the page of an import and its report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy, ngettext_lazy
from django.utils.translation import gettext as _

from accounts.support import ask_support
from accounts.texts import StrPromise
from accounts.wording import counted
from invites.checking import COLUMNS
from invites.imports.presentation.skip_reasons import SKIP_REASONS
from invites.imports.presentation.wording import row_name, row_number
from invites.imports.selectors.rows import cells_now, rows_of
from invites.models import Batch, FailureReason, Invitation, Row
from invites.problems import message_of, problems_of, stored_problem
from invites.reasons import text_of
from invites.wording import emptied_text

# How many rows of a report are in memory at a time.
REPORT_BLOCK = 2_000


_REASONS: dict[str, StrPromise] = {
    **{reason: skipped.detail for reason, skipped in SKIP_REASONS.items()},
    Row.Reason.STOPPED: gettext_lazy("The import was stopped"),
    Row.Reason.MAIL_REFUSED: gettext_lazy("The mail server rejected the address"),
}
_MORE_PROBLEMS = ngettext_lazy("{problem}, and {count} more problem", "{problem}, and {count} more problems")


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
        case Row.Outcome.PROBLEM if not row.problems:
            # Names and addresses were deleted, and the values of problems with them.
            label = _("Skipped") if row.reason == Row.Reason.SKIPPED_BY_ADMIN else _("Problem")
            return ShownOutcome("problem", label, "")
        case Row.Outcome.PROBLEM:
            more = len(row.problems) - 1
            first = message_of(stored_problem(row.problems[0]))
            detail = counted(_MORE_PROBLEMS, more, problem=first) if more > 0 else first
            label = _("Skipped") if row.reason == Row.Reason.SKIPPED_BY_ADMIN else _("Problem")
            return ShownOutcome("problem", label, detail)
        case Row.Outcome.SKIPPED:
            return ShownOutcome("skipped", _("Skipped"), _why(row))
        case Row.Outcome.FAILED if row.reason == Row.Reason.STOPPED:
            return ShownOutcome("skipped", _("Not invited"), _why(row))
        case Row.Outcome.WAITING if row.batch.state == Batch.State.STOPPED:
            return ShownOutcome("skipped", _("Not invited"), str(_REASONS[Row.Reason.STOPPED]))
        case Row.Outcome.WAITING if row.batch.state == Batch.State.DONE:
            return ShownOutcome("problem", _("Problem"), _("Fixed, not invited yet"))
        case Row.Outcome.WAITING if row.batch.state in Batch.ENDED:
            return ShownOutcome("failed", _("Failed"), text_of(row.batch.state_reasons))
        case Row.Outcome.FAILED:
            return ShownOutcome("failed", _("Failed"), _why(row))
        case Row.Outcome.INVITED if invitation:
            return _response(invitation, row.batch)
        case Row.Outcome.INVITED:
            return ShownOutcome("ok", _("Invited"), "")
    return ShownOutcome("waiting", _("Waiting"), "")


def duplicate_text(row: Row) -> str:
    """Which row has the same address; empty for a row that is no duplicate."""
    if row.duplicate_of is None:
        return ""
    number = row_number(row.batch, row.duplicate_of)
    if row.reason == Row.Reason.ADDRESS_OF_ANOTHER:
        return _("The same address is in row {number}, which was kept").format(number=number)
    return _("The same address is in row {number}").format(number=number)


def row_text(row: Row) -> str:
    """All cells of a row that isn't a person, shortened. They may be in columns that we don't read. Else empty."""
    if row.reason != Row.Reason.NOT_A_PERSON:
        return ""
    return str(row.problems[0].get("text", "")) if row.problems else ""


def _why(row: Row) -> str:
    why = duplicate_text(row) or FailureReason.text_of(row.detail) or str(_REASONS.get(row.reason, ""))
    if row.detail == FailureReason.NOT_INVITED and row.batch.error_reference:
        return f"{why} {ask_support(row.batch.error_reference)}"
    return why


def _response(invitation: Invitation, batch: Batch) -> ShownOutcome:
    if invitation.state == Invitation.State.ACCEPTED:
        return ShownOutcome("ok", _("Accepted"), _moment(invitation.closed_at))
    if invitation.state == Invitation.State.DECLINED:
        return ShownOutcome("declined", _("Declined"), _moment(invitation.closed_at))
    if invitation.state != Invitation.State.PENDING:
        return ShownOutcome("skipped", _("Revoked"), _moment(invitation.closed_at))
    if batch.is_being_undone:
        return ShownOutcome("skipped", _("Revoked"), _moment(batch.undone_at))
    if invitation.is_scheduled:
        return ShownOutcome("scheduled", _("Scheduled"), _moment(invitation.mail_due_at or batch.send_at))
    if invitation.mail_state == Invitation.Mail.BOUNCED:
        return ShownOutcome("bounced", _("Bounced"), FailureReason.text_of(invitation.mail_detail))
    if invitation.mail_state == Invitation.Mail.FAILED:
        return ShownOutcome("bounced", _("Not delivered"), FailureReason.text_of(invitation.mail_detail))
    if invitation.is_expired:
        return ShownOutcome("skipped", _("Expired"), _moment(invitation.expires_at))
    return ShownOutcome("mail", _("Pending"), _delivery(invitation))


def _delivery(invitation: Invitation) -> str:
    """What is known of the email with the current link: "Sent" means that a mail server has accepted it."""
    if invitation.mail_state in Invitation.DELIVERED:
        return _("Sent {time}").format(time=_moment(invitation.mail_finished_at))
    if invitation.mail_state == Invitation.Mail.DEFERRED:
        return _("Delayed by the mail server. We’ll try again.")
    return _("Reminder not sent yet") if invitation.times_resent else _("Not sent yet")


def _moment(when: datetime | None) -> str:
    return _minute(when.replace(second=0, microsecond=0), get_language()) if when else ""


@lru_cache(maxsize=10_000)
def _minute(when: datetime, language: str | None) -> str:
    """The date and minute in the active language. Cached, because formatting is the slowest step of a row."""
    return date_format(localtime(when), "SHORT_DATETIME_FORMAT")


def report_lines(batch: Batch, chosen: str = "") -> Iterator[list[str]]:
    """The outcome of every row as lines of a CSV file, the header first.

    A row with problems has the cells of the file, and the columns keep the names that the check knows, so that rows
    can be corrected and uploaded again.
    """
    if batch.emptied_at is not None:
        yield [emptied_text(batch)]
    yield [_("Row"), *[column.title for column in COLUMNS], _("Outcome"), _("Detail"), _("Edited by")]
    rows, last = rows_of(batch, chosen), -1
    # Each block has its own query, so that no cursor and no connection is held during a slow download.
    while block := list(rows.filter(number__gt=last)[:REPORT_BLOCK]):
        for row in block:
            shown = shown_outcome(row)
            problems = problems_of(row.problems) if row.outcome == Row.Outcome.PROBLEM else ()
            cells = [
                *cells_now(row),
                shown.label,
                "; ".join(problems) or ": ".join(filter(None, [shown.detail, row_text(row)])),
                str(row.editor or ""),
            ]
            yield [row_name(batch, row.number), *cells]
        last = block[-1].number
