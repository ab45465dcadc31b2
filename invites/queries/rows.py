"""The rows of a batch as its page lists them, the problems by kind, and the report as lines of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime

from invites.checking import inert
from invites.models import Batch, Invitation, Row
from invites.queries.batches import UNDELIVERED
from invites.queries.quoting import curly

Outcome, Reason, Mail = Row.Outcome, Row.Reason, Invitation.Mail

REPORT_BLOCK = 2_000
STOPPED_BEFORE = "The import was stopped before"

BOUNCED = Q(invitation__mail_state__in=UNDELIVERED)


def _filters(*, is_being_undone: bool = False, has_ended: bool = False) -> dict[str, tuple[str, Q]]:
    """The lines of the ledger as filters of its rows; made anew because some depend on the time."""
    expired = Q(invitation__expires_at__lte=timezone.now())
    open_states = [] if is_being_undone else [Invitation.State.PENDING]
    failed = (Outcome.FAILED, Outcome.WAITING) if has_ended else (Outcome.FAILED,)
    pending = Q(outcome=Outcome.INVITED, invitation__state__in=open_states)
    return {
        "invited": ("Invited", Q(outcome=Outcome.INVITED)),
        "accepted": ("Accepted", Q(outcome=Outcome.INVITED, invitation__state=Invitation.State.ACCEPTED)),
        "waiting": ("Waiting for an answer", pending & ~BOUNCED & ~expired),
        "bounced": ("Bounced", pending & BOUNCED),
        "expired": ("Expired", pending & ~BOUNCED & expired),
        "withdrawn": (
            "Withdrawn",
            Q(outcome=Outcome.INVITED) & ~Q(invitation__state__in=[*open_states, Invitation.State.ACCEPTED]),
        ),
        "skipped": ("Skipped", Q(outcome=Outcome.SKIPPED)),
        "already_member": ("Already a member", Q(outcome=Outcome.SKIPPED, reason=Reason.ALREADY_MEMBER)),
        "already_invited": ("Already invited", Q(outcome=Outcome.SKIPPED, reason=Reason.ALREADY_INVITED)),
        "duplicate": ("Twice in the file", Q(outcome=Outcome.SKIPPED, reason=Reason.DUPLICATE)),
        "problem": ("Problems", Q(outcome=Outcome.PROBLEM)),
        "failed": ("Failed", Q(outcome__in=failed)),
    }


@dataclass(frozen=True)
class ShownOutcome:
    """How an outcome is shown: the kind of its pill, its word, and the detail beside it."""

    kind: str
    label: str
    detail: str


def filter_labels() -> dict[str, str]:
    """The filters that `rows_of` knows, with their labels, in the order of the ledger."""
    return {name: label for name, (label, _) in _filters().items()}


def rows_of(batch: Batch, chosen: str = "") -> QuerySet[Row]:
    """The batch's rows, those of one filter if it is known, with their invitations and who edited them."""
    if not batch.keeps_rows:
        return batch.rows.none()
    rows = batch.rows.select_related("invitation", "edited_by").order_by("number")
    filters = _filters(is_being_undone=batch.is_being_undone, has_ended=batch.state in Batch.ENDED)
    return rows.filter(filters[chosen][1]) if chosen in filters else rows


def shown_outcome(row: Row) -> ShownOutcome:
    """One or two words for what became of the row, and why or when."""
    invitation: Invitation | None = getattr(row, "invitation", None)
    match row.outcome:
        case Outcome.PROBLEM:
            more = len(row.problems) - 1
            also = f", and {more} more" if more > 0 else ""
            label = "Left out" if row.reason == Reason.LEFT_OUT else "Problem"
            return ShownOutcome("problem", label, curly(f"{row.detail}{also}"))
        case Outcome.SKIPPED:
            return ShownOutcome("skipped", "Skipped", row.detail or row.get_reason_display())
        case Outcome.FAILED if row.reason == Reason.STOPPED:
            return ShownOutcome("skipped", "Not invited", row.detail or STOPPED_BEFORE)
        case Outcome.WAITING if row.batch.state == Batch.State.STOPPED:
            return ShownOutcome("skipped", "Not invited", STOPPED_BEFORE)
        case Outcome.WAITING if row.batch.state in Batch.ENDED:
            return ShownOutcome("failed", "Failed", row.batch.state_reason)
        case Outcome.FAILED:
            return ShownOutcome("failed", "Failed", row.detail or row.get_reason_display())
        case Outcome.INVITED if invitation:
            return _answer(invitation, row.batch)
        case Outcome.INVITED:
            return ShownOutcome("ok", "Invited", "")
    return ShownOutcome("waiting", "Waiting", "")


def _answer(invitation: Invitation, batch: Batch) -> ShownOutcome:
    if invitation.state == Invitation.State.ACCEPTED:
        return ShownOutcome("ok", "Accepted", _moment(invitation.answered_at))
    if invitation.state != Invitation.State.PENDING:
        return ShownOutcome("skipped", "Withdrawn", _moment(invitation.answered_at))
    if batch.is_being_undone:
        return ShownOutcome("skipped", "Withdrawn", _moment(batch.undone_at))
    if invitation.mail_state == Mail.BOUNCED:
        return ShownOutcome("bounced", "Bounced", invitation.mail_detail)
    if invitation.mail_state == Mail.FAILED:
        return ShownOutcome("bounced", "Not delivered", invitation.mail_detail)
    if invitation.is_expired:
        return ShownOutcome("skipped", "Expired", _moment(invitation.expires_at))
    return ShownOutcome("mail", "Waiting", _on_its_way(invitation))


def _on_its_way(invitation: Invitation) -> str:
    """What is known of the mail with the link that counts: "sent" is only what a server took."""
    if invitation.mail_state == Mail.SENT:
        return f"Sent {_moment(invitation.mailed_at)}"
    if invitation.mail_state == Mail.SENDING:
        return "Put off by the mail server, tried again later"
    return "Reminder not sent yet" if invitation.times_resent else "Not sent yet"


def _moment(when: datetime | None) -> str:
    return _minute(when.replace(second=0, microsecond=0)) if when else ""


@lru_cache(maxsize=10_000)
def _minute(when: datetime) -> str:
    """Many rows have the same minute, and to write it takes longer than everything else about a row."""
    return date_format(localtime(when), "j M, H:i")


def codes_of(problems: Iterable[dict[str, Any]]) -> str:
    """The codes, each once and between spaces, so that one of them is found as a part of the text."""
    codes = dict.fromkeys(problem["code"] for problem in problems)
    return f" {' '.join(codes)} "[:300] if codes else ""


def suggested(problems: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Those of the problems that come with a cell that is surely right."""
    return (problem for problem in problems if problem["suggestion"] is not None)


def cells_now(row: Row) -> list[str]:
    """The four cells of a row at this moment: as in the file, as they were mended, or as they are invited."""
    if row.outcome != Outcome.PROBLEM or not row.cells:
        return [row.email, row.first_name, row.last_name, row.description]
    return list(row.mended["cells"] if row.mended else row.cells)


def report_lines(batch: Batch, chosen: str = "") -> Iterator[list[str]]:
    """The outcome of every row as lines of a CSV file, the header first; every cell is inert.

    A row with problems keeps what stood in the file, so that it can be mended and uploaded again.
    """
    yield ["Row", "Email", "First name", "Last name", "Description", "Outcome", "Detail", "Edited by"]
    rows, last = rows_of(batch, chosen), -1
    # A query for each block: no cursor, and no connection with it, is held for as long as somebody downloads.
    while block := list(rows.filter(number__gt=last)[:REPORT_BLOCK]):
        for row in block:
            shown = shown_outcome(row)
            cells = [
                *cells_now(row),
                shown.label,
                "; ".join(reasons(row.problems)) or shown.detail,
                str(row.editor or ""),
            ]
            yield [str(row.number), *(inert(cell) for cell in cells)]
        last = block[-1].number


def reasons(problems: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Every problem of a row, for somebody who corrects it in a spreadsheet."""
    for problem in problems:
        yield f"{problem['column']}: {problem['message']}" if problem["column"] else problem["message"]
