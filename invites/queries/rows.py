"""The rows of a batch as its page lists them, the problems by kind, and the report as lines of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime

from invites.checking import COLUMNS
from invites.checking.catalog import title_of
from invites.models import Batch, Invitation, Row

Outcome, Reason = Row.Outcome, Row.Reason

PENDING = Q(outcome=Outcome.INVITED, invitation__state=Invitation.State.PENDING)
BOUNCED = Q(invitation__mail_state=Invitation.Mail.BOUNCED)


def _filters() -> dict[str, tuple[str, Q]]:
    """The lines of the ledger as filters of its rows; made anew because some depend on the time."""
    expired = Q(invitation__expires_at__lte=timezone.now())
    return {
        "invited": ("Invited", Q(outcome=Outcome.INVITED)),
        "accepted": ("Accepted", Q(outcome=Outcome.INVITED, invitation__state=Invitation.State.ACCEPTED)),
        "waiting": ("Waiting for an answer", PENDING & ~BOUNCED & ~expired),
        "bounced": ("Bounced", PENDING & BOUNCED),
        "expired": ("Expired", PENDING & ~BOUNCED & expired),
        "withdrawn": (
            "Withdrawn",
            Q(outcome=Outcome.INVITED)
            & ~Q(invitation__state__in=[Invitation.State.PENDING, Invitation.State.ACCEPTED]),
        ),
        "skipped": ("Skipped", Q(outcome=Outcome.SKIPPED)),
        "already_member": ("Already a member", Q(outcome=Outcome.SKIPPED, reason=Reason.ALREADY_MEMBER)),
        "already_invited": ("Already invited", Q(outcome=Outcome.SKIPPED, reason=Reason.ALREADY_INVITED)),
        "duplicate": ("Twice in the file", Q(outcome=Outcome.SKIPPED, reason=Reason.DUPLICATE)),
        "problem": ("Problems", Q(outcome=Outcome.PROBLEM)),
        "failed": ("Failed", Q(outcome=Outcome.FAILED)),
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
    """The batch's rows, those of one filter if it is known, with their invitations."""
    rows = batch.rows.select_related("invitation").order_by("number")
    filters = _filters()
    return rows.filter(filters[chosen][1]) if chosen in filters else rows


def shown_outcome(row: Row) -> ShownOutcome:
    """One or two words for what became of the row, and why or when."""
    invitation: Invitation | None = getattr(row, "invitation", None)
    match row.outcome:
        case Outcome.PROBLEM:
            more = len(row.problems) - 1
            also = f", and {more} more" if more > 0 else ""
            return ShownOutcome("problem", "Problem", f"{row.detail}{also}")
        case Outcome.SKIPPED:
            return ShownOutcome("skipped", "Skipped", row.detail or row.get_reason_display())
        case Outcome.FAILED if row.reason == Reason.STOPPED:
            return ShownOutcome("skipped", "Not invited", "The batch was stopped before")
        case Outcome.FAILED:
            return ShownOutcome("failed", "Failed", row.detail or row.get_reason_display())
        case Outcome.INVITED if invitation:
            return _answer(invitation)
        case Outcome.INVITED:
            return ShownOutcome("ok", "Invited", "")
    return ShownOutcome("waiting", "Waiting", "")


def _answer(invitation: Invitation) -> ShownOutcome:
    if invitation.state == Invitation.State.ACCEPTED:
        return ShownOutcome("ok", "Accepted", _moment(invitation.answered_at))
    if invitation.mail_state == Invitation.Mail.BOUNCED:
        return ShownOutcome("bounced", "Bounced", invitation.mail_detail)
    if invitation.state != Invitation.State.PENDING:
        return ShownOutcome("skipped", "Withdrawn", _moment(invitation.answered_at))
    if invitation.is_expired:
        return ShownOutcome("skipped", "Expired", _moment(invitation.expires_at))
    if invitation.mailed_at:
        return ShownOutcome("mail", "Waiting", f"Sent {_moment(invitation.mailed_at)}")
    return ShownOutcome("mail", "Waiting", "Not sent yet")


def _moment(when: object) -> str:
    return date_format(localtime(when), "j M, H:i") if when else ""  # type: ignore[arg-type]


def problem_rows(batch: Batch, code: str = "") -> QuerySet[Row]:
    """The rows with problems, or with one kind of problem."""
    rows = batch.rows.filter(outcome=Outcome.PROBLEM).order_by("number")
    return rows.filter(problem_codes__contains=f" {code} ") if code else rows


@dataclass(frozen=True)
class Cell:
    """A cell of a problem row as it stood in the file, with what is wrong with it."""

    column: str
    value: str
    causes: list[str]
    hints: list[str]


def cells_of(row: Row) -> list[Cell]:
    """The four cells of a problem row; a problem of the row as a whole stands at its first cell."""
    values = row.cells or [row.email, row.first_name, row.last_name, row.description]
    cells = []
    for place, (column, value) in enumerate(zip(COLUMNS, values, strict=True)):
        mine = [each for each in row.problems if each["column"] == column or (not place and each["column"] is None)]
        cells.append(Cell(column, value, [each["message"] for each in mine], [each["hint"] for each in mine]))
    return cells


@dataclass(frozen=True)
class ProblemKind:
    """One kind of problem and how many rows have it."""

    code: str
    label: str
    rows: int


def problem_kinds(batch: Batch) -> list[ProblemKind]:
    """The kinds of problems of the batch, the most frequent first."""
    counted: Counter[str] = Counter()
    for codes in batch.rows.filter(outcome=Outcome.PROBLEM).values_list("problem_codes", flat=True).iterator():
        counted.update(codes.split())
    return [ProblemKind(code, title_of(code), count) for code, count in counted.most_common()]


def report_lines(batch: Batch, chosen: str = "") -> Iterator[list[str]]:
    """The outcome of every row as lines of a CSV file, the header first; every cell is inert.

    A row with problems keeps what stood in the file, so that it can be mended and uploaded again.
    """
    yield ["Row", "Email", "First name", "Last name", "Description", "Outcome", "Detail"]
    for row in rows_of(batch, chosen).iterator(chunk_size=2000):
        shown = shown_outcome(row)
        cells = row.cells or [row.email, row.first_name, row.last_name, row.description]
        reasons = "; ".join(_reasons(row)) or shown.detail
        cells = [*cells, shown.label, reasons]
        yield [str(row.number), *(inert(cell) for cell in cells)]


def _reasons(row: Row) -> Iterator[str]:
    """Every problem of the row, for somebody who mends it in a spreadsheet."""
    for problem in row.problems:
        yield f"{problem['column']}: {problem['message']}" if problem["column"] else problem["message"]


def inert(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0")) else cell
