"""Find the rows of a batch by their outcome, and read their cells and problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from invites.checking import ADDRESS_OF_ANOTHER, COLUMNS, Cells
from invites.models import Batch, Invitation, Row

Outcome, Reason, Mail = Row.Outcome, Row.Reason, Invitation.Mail

BOUNCED = Q(invitation__mail_state__in=Invitation.UNDELIVERED)


def _filters(*, is_being_undone: bool = False, has_ended: bool = False) -> dict[str, Q]:
    """The lines of the summary as filters. Built for each call, because some depend on the time."""
    expired = Q(invitation__expires_at__lte=timezone.now())
    open_states = [] if is_being_undone else [Invitation.State.PENDING]
    failed = (Outcome.FAILED, Outcome.WAITING) if has_ended else (Outcome.FAILED,)
    invited = Q(outcome=Outcome.INVITED)
    pending = invited & Q(invitation__state__in=open_states)
    scheduled = Q(invitation__mail_state=Mail.SCHEDULED)
    return {
        "invited": invited,
        "accepted": invited & Q(invitation__state=Invitation.State.ACCEPTED),
        "scheduled": pending & scheduled,
        "waiting": pending & ~scheduled & ~BOUNCED & ~expired,
        "bounced": pending & BOUNCED,
        "expired": pending & ~BOUNCED & expired,
        "declined": invited & Q(invitation__state=Invitation.State.DECLINED),
        "revoked": invited
        & ~Q(invitation__state__in=[*open_states, Invitation.State.ACCEPTED, Invitation.State.DECLINED]),
        "skipped": Q(outcome=Outcome.SKIPPED),
        **{reason.value: Q(outcome=Outcome.SKIPPED, reason=reason) for reason in Row.SKIP_REASONS},
        "problem": Q(outcome=Outcome.PROBLEM),
        "failed": Q(outcome__in=failed),
    }


def rows_of(batch: Batch, chosen: str = "") -> QuerySet[Row]:
    """The batch's rows, those of one filter if it is known, with their invitations and who edited them."""
    if not batch.keeps_rows:
        return batch.rows.none()
    rows = batch.rows.select_related("invitation", "edited_by").order_by("number")
    filters = _filters(is_being_undone=batch.is_being_undone, has_ended=batch.state in Batch.ENDED)
    return rows.filter(filters[chosen]) if chosen in filters else rows


def codes_of(problems: Iterable[dict[str, Any]]) -> str:
    """The distinct codes between spaces, so that a query can find one of them in the text."""
    codes = dict.fromkeys(problem["code"] for problem in problems)
    return f" {' '.join(codes)} "[:300] if codes else ""


def suggested(problems: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The problems that have a suggestion."""
    return (problem for problem in problems if problem["suggestion"] is not None)


def suggested_codes_of(problems: Iterable[dict[str, Any]]) -> str:
    """The codes of the problems that can be solved in all rows at once, as `codes_of` returns them."""
    return codes_of(each for each in problems if each["suggestion"] is not None or each["code"] == ADDRESS_OF_ANOTHER)


def cells_now(row: Row) -> Cells:
    """The current cells of a row: as in the file, as they were corrected, or as they are invited."""
    if not row.cells or (row.outcome != Outcome.PROBLEM and row.reason != Reason.NOT_A_PERSON):
        return Cells(*[getattr(row, column.key) for column in COLUMNS])
    return Cells(*(row.edit["cells"] if row.edit else row.cells))
