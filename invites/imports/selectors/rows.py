"""Find the rows of a batch by their outcome, and read their cells and problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils import timezone

from invites.checking import ADDRESS_OF_ANOTHER, COLUMNS, Cells
from invites.imports.selectors.summary import DELIVERED
from invites.models import Batch, Invitation, Row

Outcome, Reason, Mail = Row.Outcome, Row.Reason, Invitation.Mail

# Up to this many rows are found by the ids of their invitations. For more, scanning the rows is faster.
FEW = 2_000


def _responses(prefix: str = "", *, is_being_undone: bool = False) -> dict[str, Q]:
    """The responses to invitations as conditions on them, or with a prefix on what has them."""

    def invitation(**values: object) -> Q:
        return Q(**{f"{prefix}{name}": value for name, value in values.items()})

    open_states = [] if is_being_undone else [Invitation.State.PENDING]
    # All mail states are listed so that the index `invitation_by_mail` fits.
    sent = invitation(mail_state__in=Mail.values)
    bounced = invitation(mail_state__in=Invitation.UNDELIVERED, state__in=open_states)
    pending = invitation(mail_state__in=DELIVERED, state__in=open_states)
    expired = invitation(expires_at__lte=timezone.now())
    answered = (Invitation.State.ACCEPTED, Invitation.State.DECLINED)
    closed = [state for state in Invitation.State.values if state not in (*open_states, *answered)]
    return {
        "accepted": sent & invitation(state=Invitation.State.ACCEPTED),
        "scheduled": invitation(mail_state=Mail.SCHEDULED, state__in=open_states),
        "waiting": pending & ~expired,
        "bounced": bounced,
        "expired": pending & expired,
        "declined": sent & invitation(state=Invitation.State.DECLINED),
        "revoked": sent & invitation(state__in=closed),
    }


def _filters(*, is_being_undone: bool = False, state: str = "") -> dict[str, Q]:
    """The lines of the summary as filters. Built for each call, because some depend on the time."""
    is_done, has_ended = state == Batch.State.DONE, state in Batch.ENDED
    failed = (Outcome.FAILED, Outcome.WAITING) if has_ended and not is_done else (Outcome.FAILED,)
    stopped = [Outcome.WAITING] if state == Batch.State.STOPPED else []
    problem = (Outcome.PROBLEM, Outcome.WAITING) if is_done else (Outcome.PROBLEM,)
    invited = Q(outcome=Outcome.INVITED)
    responses = _responses("invitation__", is_being_undone=is_being_undone)
    return {
        "invited": invited,
        **{name: invited & found for name, found in responses.items()},
        "skipped": Q(outcome=Outcome.SKIPPED),
        **{reason.value: Q(outcome=Outcome.SKIPPED, reason=reason) for reason in Row.SKIP_REASONS},
        "problem": Q(outcome__in=problem),
        "skipped_by_admin": Q(outcome=Outcome.PROBLEM, reason=Reason.SKIPPED_BY_ADMIN),
        "failed": Q(outcome__in=failed),
        "stopped": Q(outcome=Outcome.FAILED, reason=Reason.STOPPED) | Q(outcome__in=stopped),
    }


def rows_of(batch: Batch, chosen: str = "") -> QuerySet[Row]:
    """The batch's rows, those of one filter if it is known, with their invitations and who edited them."""
    if not batch.keeps_rows:
        return batch.rows.none()
    rows = batch.rows.select_related("invitation", "edited_by").order_by("number")
    filters = _filters(is_being_undone=batch.is_being_undone, state=batch.state)
    return rows.filter(filters[chosen]) if chosen in filters else rows


def page_of_rows(batch: Batch, chosen: str, *, count: int, per_page: int, number: str | None) -> Page[Row]:
    """A page of `rows_of`, of which there are `count`, by the summary."""
    rows = rows_of(batch, chosen)
    responses = _responses(is_being_undone=batch.is_being_undone)
    if chosen in responses and count <= FEW:
        found = batch.invitations.filter(responses[chosen]).values_list("row_id", flat=True)
        rows = rows_of(batch, "invited").filter(pk__in=[pk for pk in found if pk])
    paginator = Paginator(rows if count else batch.rows.none(), per_page)
    paginator.count = count
    return paginator.get_page(number)


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
