"""Invite the person of a row after its import has ended, so that they belong to the import.

Such a row had problems, looked like a note instead of a person, or has somebody who declined an earlier invitation. An
admin corrects it in the dialog that invites one person.
"""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.lookups import only_one
from accounts.models import Membership
from invites.checking import Cells
from invites.invitations.authorization import lock_to_change, why_not_change
from invites.invitations.visibility import visible_batches
from invites.models import Batch, Invitation, Row

_REASONS = (Row.Reason.NOT_A_PERSON, Row.Reason.ALREADY_DECLINED)
# Its person was erased, so nothing is left to fix.
_ERASED = Q(email_key="", problems=[])
_NOT_INVITED = (
    Q(outcome=Row.Outcome.PROBLEM)
    | Q(outcome=Row.Outcome.SKIPPED, reason__in=_REASONS)
    # Fixed, and not invited yet.
    | Q(outcome=Row.Outcome.WAITING, batch__state=Batch.State.DONE)
    | (Q(outcome=Row.Outcome.WAITING, batch__state=Batch.State.STOPPED) & ~Q(problem_codes=""))
) & ~_ERASED


def can_be_fixed(row: Row) -> bool:
    """Whether the person of the row can still be invited as a part of its import."""
    if not row.email_key and not row.problems:
        # Its person was erased.
        return False
    is_skipped = row.outcome == Row.Outcome.SKIPPED and row.reason in _REASONS
    is_done = row.batch.state == Batch.State.DONE
    # The others of a stopped import are invited together.
    is_left = row.batch.state == Batch.State.STOPPED and row.problem_codes != ""
    is_fixed = row.outcome == Row.Outcome.WAITING and (is_done or is_left)
    return (is_skipped or is_fixed or row.outcome == Row.Outcome.PROBLEM) and _takes_rows(row.batch)


def _takes_rows(batch: Batch) -> bool:
    """Whether it wasn't undone, and its names and addresses weren't deleted."""
    return batch.undone_at is None and batch.emptied_at is None


def find_late_row(by: Membership, batch_id: int, number: int) -> Row | None:
    """The row with this number of an import that has ended; None if there is none that `by` may fix."""
    batches = visible_batches(by).filter(pk=batch_id, state__in=Batch.ENDED, undone_at=None, emptied_at=None)
    rows = Row.objects.filter(_NOT_INVITED, batch__in=batches, number=number)
    row = only_one(rows.select_related("batch__grant", "batch__organization"))
    return row if row and row.batch.keeps_rows and not why_not_change(by, row.batch) else None


def lock_late_row(by: Membership, row: Row) -> None:
    """Lock the import, so that nobody undoes it or fixes another row meanwhile, and reload the row.

    Raises AccessDenied, and DomainError("moved_on") if somebody else has invited the person, or the import was undone.
    """
    lock_to_change(by, row.batch)
    batch = row.batch
    rows = Row.objects.filter(_NOT_INVITED, pk=row.pk)
    if not _takes_rows(batch) or batch.state not in Batch.ENDED or not rows.exists():
        raise DomainError("moved_on", _("This row was already invited, or its import was undone. Reload the page."))
    row.refresh_from_db()


def join_import(row: Row, invitation: Invitation) -> None:
    """Make the new invitation the result of its row, which `lock_late_row` has locked."""
    cells = {name: getattr(invitation, name) for name in Cells._fields}
    row.edit = {"cells": list(cells.values()), "found": row.problems, "keep": False}
    for name, cell in cells.items():
        setattr(row, name, cell)
    row.email_key, row.person_key, row.edited_by = invitation.email_key, invitation.person_key, invitation.inviter
    row.outcome, row.reason, row.suggested_codes = Row.Outcome.INVITED, Row.Reason.NONE, ""
    row.problems, row.version = [], row.version + 1
    row.save()
    row.batch.outcome_counts = None
    row.batch.save(update_fields=["outcome_counts"])
