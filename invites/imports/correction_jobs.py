"""Change many rows of a batch that waits for corrections: apply suggestions, check again, use a corrected file.

A few rows are changed in the request. For many rows, or a file, the batch gets a job and is `checking` until a worker
has done it (correction_work.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet, Sum, TextField
from django.db.models.functions import Cast, Coalesce, Length
from django.utils import timezone

from accounts.errors import AccessDenied
from accounts.lookups import only_one
from accounts.models import Membership
from invites.imports.activity import record_edit_of_all, source_now
from invites.imports.bulk_insert import AnyOf
from invites.imports.corrections import (
    EditResult,
    apply_suggestions,
    check_again,
    keys_of,
    lock_batch,
    rows_to_check,
    store_rows,
    use_suggestions,
)
from invites.imports.invite_waiting import invite_waiting
from invites.imports.late_corrections import LateCorrections
from invites.imports.selectors.grid import LEFT, grid_rows, rows_with_suggestion
from invites.imports.selectors.typos import rows_to_fix
from invites.invitations.authorization import check_can_change, lock_to_change
from invites.models import Batch, CorrectionJob, Reason, Row
from invites.reasons import ExplainedError, as_reason

Action, Then = CorrectionJob.Action, CorrectionJob.Then

# How much is changed in a request, which holds the lock: rows, and characters in their cells.
ROWS_IN_REQUEST = 1_000
CHARACTERS_IN_REQUEST = 256 * 1024


@transaction.atomic
def apply_to_all(batch: Batch, code: str, *, by: Membership) -> EditResult:
    """Apply the suggestions in all rows that still have this kind of problem."""
    lock_batch(batch, by)
    return _change(batch, by, Action.APPLY, code=code)


@transaction.atomic
def use_all_suggestions(batch: Batch, *, by: Membership) -> EditResult:
    """Replace all valid cells that look like mistakes by what was probably meant."""
    lock_batch(batch, by)
    return _change(batch, by, Action.FIX)


@transaction.atomic
def check_all_again(batch: Batch, *, by: Membership, then: CorrectionJob.Then = Then.STAY) -> EditResult:
    """Check all edited rows again, compare all addresses, and continue as `then` says.

    Raises ExplainedError as `invite_waiting` does. If a worker does it, the batch has what it raises as its notice.
    """
    lock_batch(batch, by)
    done = _change(batch, by, Action.CHECK, then=then)
    if batch.can_be_corrected:
        go_on(batch, by, then)
    return done


def _change(
    batch: Batch, by: Membership, action: CorrectionJob.Action, *, code: str = "", then: str = ""
) -> EditResult:
    """Change the rows now, or start a job if there are too many. The batch is locked."""
    job = CorrectionJob(batch=batch, action=action, code=code, started_by=by.user)
    rows = rows_to_change(job)
    is_edit = action != Action.CHECK
    if _is_too_much(rows):
        if is_edit:
            record_edit_of_all(batch, None, by=by)
        start_job(batch, by, action, code=code, then=then)
        return EditResult()
    found = list(rows)
    keys = keys_of(found)
    if is_edit:
        record_edit_of_all(batch, len(found), by=by)
    change_rows(job, found)
    return store_rows(batch, found, keys)


def _is_too_much(rows: QuerySet[Row]) -> bool:
    ids = list(rows.values_list("pk", flat=True)[: ROWS_IN_REQUEST + 1])
    if len(ids) > ROWS_IN_REQUEST:
        return True
    length = Coalesce(Length(Cast("cells", TextField())), 0) + Coalesce(Length(Cast("edit", TextField())), 0)
    characters = Row.objects.filter(AnyOf(F("pk"), set(ids))).aggregate(sum=Sum(length))["sum"]
    return (characters or 0) > CHARACTERS_IN_REQUEST


def rows_to_change(job: CorrectionJob) -> QuerySet[Row]:
    match job.action:
        case Action.APPLY:
            return rows_with_suggestion(job.batch, job.code)
        case Action.FIX:
            return rows_to_fix(job.batch)
        case Action.USE_ROWS:
            return grid_rows(job.batch)
    return rows_to_check(job.batch)


def change_rows(job: CorrectionJob, rows: Sequence[Row], corrections: LateCorrections | None = None) -> Sequence[Row]:
    """Change the rows without saving them, and return those that changed. This is the slow part."""
    if corrections:
        changed = [row for row in rows if corrections.apply(row)]
        for row in changed:
            row.edited_by_id = job.started_by_id
        return changed
    for row in rows:
        if job.action in (Action.APPLY, Action.FIX):
            is_edited = row.edit is not None
            if job.action == Action.APPLY:
                apply_suggestions(row, job.code)
            else:
                use_suggestions(row)
            # An edited row keeps its editor, who has seen the row. This person hasn't.
            if not is_edited:
                row.edited_by_id = job.started_by_id
        else:
            check_again(row)
    return rows


def go_on(batch: Batch, by: Membership, then: str) -> None:
    is_fixed = then == Then.INVITE_IF_FIXED and not grid_rows(batch).filter(LEFT).exists()
    if is_fixed or then == Then.INVITE_VALID:
        invite_waiting(batch, by=by)


def start_job(batch: Batch, by: Membership, action: CorrectionJob.Action, **what: Any) -> CorrectionJob:
    """Give a locked batch to a worker. The caller enqueues the task."""
    now = timezone.now()
    # The new claim number invalidates an earlier claim of the batch.
    Batch.objects.filter(pk=batch.pk).update(
        state=Batch.State.CHECKING,
        source=source_now(batch),
        claims=F("claims") + 1,
        attempts=0,
        claimed_until=None,
        notice=[],
        late_banner_for=None,
        progressed_at=now,
    )
    batch.refresh_from_db()
    return CorrectionJob.objects.create(batch=batch, action=action, started_by=by.user, created_at=now, **what)


@transaction.atomic
def stop_job(by: Membership, batch: Batch) -> bool:
    """Stop the job, so that the batch waits for corrections again. False if the job has ended.

    A file that replaces the other one is deleted immediately. Rows that were changed have to be compared with the
    others first, which a worker does in a moment. Raises AccessDenied.
    """
    lock_to_change(by, batch)
    running = Batch.objects.filter(pk=batch.pk, state=Batch.State.CHECKING)
    if not running.update(progressed_at=timezone.now()):
        return False
    job = only_one(CorrectionJob.objects.filter(pk=batch.pk))
    if job is None:
        return False
    if job.action == Action.USE_FILE:
        end_job(batch, job)
    else:
        CorrectionJob.objects.filter(pk=job.pk).update(is_stopped=True)
    return True


def end_job(batch: Batch, job: CorrectionJob, *, notice: Sequence[Reason] = ()) -> None:
    """End the job of a locked batch, which waits for corrections again and gets a new banner."""
    batch.parts.filter(is_correction=True).delete()
    job.delete()
    if job.grant:
        job.grant.delete()
    # The banner of an import that has ended is about its result. That of the job is for the user who started it.
    news = {"late_banner_for": job.started_by_id} if batch.has_invited else {"banner_closed_at": None}
    Batch.objects.filter(pk=batch.pk).update(
        state=batch.correctable_state,
        notice=list(notice),
        claims=F("claims") + 1,
        attempts=0,
        claimed_until=None,
        error_reference="",
        progressed_at=timezone.now(),
        **news,
    )
    batch.refresh_from_db()


def check_may_continue(batch: Batch, job: CorrectionJob) -> Membership:
    """Raises ExplainedError("not_allowed") if the person who started the job could not do so now."""
    by = only_one(Membership.objects.filter(user=job.started_by_id, organization=batch.organization_id))
    if by is None:
        raise not_allowed()
    try:
        return check_can_change(by, batch, even_suspended=True)
    except AccessDenied as denied:
        raise not_allowed() from denied


def not_allowed() -> ExplainedError:
    return ExplainedError("not_allowed", as_reason("not_allowed"))
