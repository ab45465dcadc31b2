"""Invite the rows of a checked import that wait, also after it had ended."""

from __future__ import annotations

from accounts.models import Membership
from invites.imports.confirm import ask_to_confirm, check_access_exists, needs_confirmation, start_inviting
from invites.invitations.authorization import check_can_change
from invites.models import Batch, BatchChunk, Row
from invites.reasons import ExplainedError, as_reason


def invite_waiting(batch: Batch, *, by: Membership) -> None:
    """Invite the valid rows of a locked batch; the others stay problems. Or ask for a confirmation first.

    `by` becomes their inviter, whose permissions are checked again while inviting. Raises AccessDenied; DomainError
    "gone" if the roles or sites of an import that had ended were deleted; ExplainedError: "none_valid", "over_quota",
    "still_revoking", "still_sending".
    """
    check_can_change(by, batch, even_suspended=True)
    if not batch.rows.filter(outcome=Row.Outcome.WAITING).exists():
        raise ExplainedError("none_valid", as_reason("none_valid"))
    if batch.has_invited:
        _check_has_ended(batch)
        check_access_exists(batch)
    if needs_confirmation(batch):
        ask_to_confirm(batch, by=by)
    else:
        start_inviting(batch, by=by)


def _check_has_ended(batch: Batch) -> None:
    """An import that was stopped may still have emails to send. Its chunks may contain rows that were fixed since."""
    stages = set(batch.chunks.exclude(stage=BatchChunk.Stage.DONE).values_list("stage", flat=True))
    if stages:
        code = "still_sending" if BatchChunk.Stage.MAIL in stages else "still_revoking"
        raise ExplainedError(code, as_reason(code))
