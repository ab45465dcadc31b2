"""Change many rows of a batch that waits for corrections: apply suggestions, check again, use a corrected file.

A few rows are changed in the request. For many rows, or a file, the batch gets a job and is `checking` until a worker
has done it (imports/check.py claims the batch). A job uses short transactions, with the slow work between them. A
worker may die at any time: the job stores its progress, and the next worker continues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import F, QuerySet, Sum, TextField
from django.db.models.functions import Cast, Coalesce, Length
from django.utils import timezone

from accounts.errors import AccessDenied, DomainError
from accounts.models import Membership
from invites.checking import Check, Limits
from invites.imports.activity import record_edit_of_all, source_now
from invites.imports.authors import DELETED_ACCOUNT, check_authors
from invites.imports.bulk_insert import AnyOf
from invites.imports.check_claims import held, keeping, renew_claim
from invites.imports.confirm import ask_to_confirm, check_access_exists, needs_confirmation, start_inviting
from invites.imports.corrected_file import merge_corrected
from invites.imports.corrections import (
    EditResult,
    apply_suggestions,
    check_again,
    keys_of,
    lock_batch,
    rows_to_check,
    save_rows,
    store_rows,
    use_suggestions,
)
from invites.imports.domain_suggestions import save_suggestions, suggest_to
from invites.imports.duplicates import find_contested, settle
from invites.imports.late_corrections import LateCorrections, read_late_corrections
from invites.imports.reading import limits_of
from invites.imports.selectors.grid import LEFT, grid_rows, rows_with_suggestion
from invites.imports.selectors.typos import rows_to_fix
from invites.imports.upload_parts import Budget, pieces_of, store_parts, stored_upload
from invites.invitations.authorization import check_can_change, lock_to_change
from invites.models import Batch, BatchChunk, CorrectionJob, Reason, Row
from invites.reasons import ExplainedError, as_reason, problem_reason

Action, Then = CorrectionJob.Action, CorrectionJob.Then

# How much is changed in a request, which holds the lock: rows, and characters in their cells.
ROWS_IN_REQUEST = 1_000
CHARACTERS_IN_REQUEST = 256 * 1024
# How many rows a job changes in one transaction.
CHUNK = 1_000


# --- What an admin asks for --------------------------------------------------------------------------


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
        _go_on(batch, by, then)
    return done


def _change(
    batch: Batch, by: Membership, action: CorrectionJob.Action, *, code: str = "", then: str = ""
) -> EditResult:
    """Change the rows now, or start a job if there are too many. The batch is locked."""
    job = CorrectionJob(batch=batch, action=action, code=code, started_by=by.user)
    rows = _rows_to_change(job)
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
    _change_rows(job, found)
    return store_rows(batch, found, keys)


def _is_too_much(rows: QuerySet[Row]) -> bool:
    ids = list(rows.values_list("pk", flat=True)[: ROWS_IN_REQUEST + 1])
    if len(ids) > ROWS_IN_REQUEST:
        return True
    length = Coalesce(Length(Cast("cells", TextField())), 0) + Coalesce(Length(Cast("edit", TextField())), 0)
    characters = Row.objects.filter(AnyOf(F("pk"), set(ids))).aggregate(sum=Sum(length))["sum"]
    return (characters or 0) > CHARACTERS_IN_REQUEST


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

    A file that is to replace the other one is dropped at once. Rows that were changed have to be compared with the
    others first, which a worker does in a moment. Raises AccessDenied.
    """
    lock_to_change(by, batch)
    running = Batch.objects.filter(pk=batch.pk, state=Batch.State.CHECKING)
    if not running.update(progressed_at=timezone.now()):
        return False
    job = CorrectionJob.objects.filter(pk=batch.pk).first()
    if job is None:
        return False
    if job.action == Action.USE_FILE:
        _end(batch, job)
    else:
        CorrectionJob.objects.filter(pk=job.pk).update(is_stopped=True)
    return True


# --- What a worker does ------------------------------------------------------------------------------


def work_on_job(batch: Batch, job: CorrectionJob, budget: Budget) -> bool:
    """Do the job of a claimed batch. True if the batch has a new file, which must be checked.

    The person who started it must still be allowed to change the import. Otherwise it ends with what was saved so far.
    Raises LostClaim, and NeedsWorker for what exceeds the budget of a request.
    """
    if job.action == Action.USE_FILE:
        return _use_file(batch, job, budget)
    corrections = None
    if job.action == Action.USE_ROWS and not job.is_stopped:
        corrections = _read_rows(batch, job, budget)
        if corrections is None:
            return False
    if not job.rows_total:
        # Counted in the worker, because it takes a while.
        job.rows_total = _rows_to_change(job).count()
        CorrectionJob.objects.filter(pk=job.pk).update(rows_total=job.rows_total)
    while rows := _next_rows(job):
        try:
            _check_may_continue(batch, job)
        except ExplainedError as broken:
            _stop_with_notice(batch, job, broken.reasons)
            break
        budget.check_time()
        changed = _change_rows(job, rows, corrections)
        if not _save_chunk(batch, job, rows, changed):
            break
    contested = find_contested(batch)
    for start in range(0, len(contested), CHUNK):
        with transaction.atomic():
            renew_claim(batch)
            settle(batch, contested[start : start + CHUNK])
    for suggested in suggest_to(batch, rows_to_check(batch).filter(outcome=Row.Outcome.PROBLEM)):
        with transaction.atomic():
            renew_claim(batch)
            save_suggestions(suggested)
    _finish(batch, job)
    return False


def _check_may_continue(batch: Batch, job: CorrectionJob) -> Membership:
    """Raises ExplainedError("not_allowed") if the person who started the job could not do so now."""
    by = Membership.objects.filter(user=job.started_by_id, organization=batch.organization_id).first()
    if by is None:
        raise _not_allowed()
    try:
        return check_can_change(by, batch, even_suspended=True)
    except AccessDenied as denied:
        raise _not_allowed() from denied


def _not_allowed() -> ExplainedError:
    return ExplainedError("not_allowed", as_reason("not_allowed"))


@transaction.atomic
def _stop_with_notice(batch: Batch, job: CorrectionJob, reasons: list[Reason]) -> None:
    """Change no more rows, and store the reasons. Saved rows are kept, and still compared with the others."""
    renew_claim(batch)
    CorrectionJob.objects.filter(pk=job.pk).update(is_stopped=True)
    batch.notice = [*reasons, as_reason("changes_kept")]
    batch.save(update_fields=["notice"])


def give_up_job(batch: Batch, job: CorrectionJob, reasons: list[Reason]) -> None:
    """End a job that crashes every worker or hits a bug. The batch waits for corrections again.

    If rows have been changed, the next try only compares them with the others.
    """
    notice = [*reasons, as_reason("edits_kept")]
    with transaction.atomic():
        renew_claim(batch)
        if job.action == Action.USE_FILE or job.is_stopped:
            _end(batch, job, notice=notice)
            return
        CorrectionJob.objects.filter(pk=job.pk).update(is_stopped=True)
        held(batch).update(notice=notice, attempts=0, claimed_until=None, error_reference="")


def _rows_to_change(job: CorrectionJob) -> QuerySet[Row]:
    match job.action:
        case Action.APPLY:
            return rows_with_suggestion(job.batch, job.code)
        case Action.FIX:
            return rows_to_fix(job.batch)
        case Action.USE_ROWS:
            return grid_rows(job.batch)
    return rows_to_check(job.batch)


def _next_rows(job: CorrectionJob) -> list[Row]:
    return [] if job.is_stopped else list(_rows_to_change(job).filter(number__gt=job.last_number)[:CHUNK])


def _change_rows(job: CorrectionJob, rows: Sequence[Row], corrections: LateCorrections | None = None) -> Sequence[Row]:
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


@transaction.atomic
def _save_chunk(batch: Batch, job: CorrectionJob, rows: list[Row], changed: Sequence[Row]) -> bool:
    """Save those of the rows that `changed`, and the progress of the job.

    False, with nothing saved, if someone has stopped the job.
    """
    renew_claim(batch)
    job.last_number, job.rows_done = rows[-1].number, job.rows_done + len(rows)
    running = CorrectionJob.objects.filter(pk=job.pk, is_stopped=False)
    if not running.update(last_number=job.last_number, rows_done=job.rows_done):
        return False
    save_rows(changed)
    return True


@transaction.atomic
def _finish(batch: Batch, job: CorrectionJob) -> None:
    """End the job, and start to invite if that was asked for."""
    renew_claim(batch)
    job.refresh_from_db()
    _end(batch, job, notice=batch.notice)
    if job.is_stopped or job.then == Then.STAY:
        return
    try:
        by = _check_may_continue(batch, job)
        with transaction.atomic():
            _go_on(batch, by, job.then)
    except (DomainError, AccessDenied) as broken:
        # Access is denied to somebody who lost it since the check above, and to what was deleted.
        reasons = broken.reasons if isinstance(broken, ExplainedError) else _not_allowed().reasons
        Batch.objects.filter(pk=batch.pk).update(notice=reasons)
        batch.refresh_from_db()


def _end(batch: Batch, job: CorrectionJob, *, notice: Sequence[Reason] = ()) -> None:
    """End the job of a locked batch, which waits for corrections again and gets a new banner."""
    batch.parts.filter(is_correction=True).delete()
    job.delete()
    if job.grant:
        job.grant.delete()
    # The banner of an import that has ended is about its result. That of the job is for whoever started it.
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


def _go_on(batch: Batch, by: Membership, then: str) -> None:
    is_fixed = then == Then.INVITE_IF_FIXED and not grid_rows(batch).filter(LEFT).exists()
    if is_fixed or then == Then.INVITE_VALID:
        invite_waiting(batch, by=by)


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


# --- A corrected file --------------------------------------------------------------------------------


def _use_file(batch: Batch, job: CorrectionJob, budget: Budget) -> bool:
    """Check that the corrected file can be used before it replaces the other one. False if it can't."""
    budget.check_size(batch.file_size + job.file_size)
    budget.check_rows(batch.row_total)
    keep = keeping(batch, budget.check_time)
    upload = stored_upload(batch, is_correction=True)
    by = job.started_by_id or DELETED_ACCOUNT
    try:
        merged = merge_corrected(batch, upload, by=by, limits=budget.limits, keep=keep)
        if merged and job.grant:
            readers = {job.started_by_id, batch.inviter_id}
            check_authors(merged.authors, job.grant, instead_of=batch.grant, readers=readers)
        if merged is None:
            _check_not_refused(upload, budget.limits, keep=keep)
        else:
            _check_not_refused(merged.file, limits_of(batch, budget.limits), first_row=batch.first_row, keep=keep)
        _check_may_continue(batch, job)
    except ExplainedError as broken:
        budget.check_problem(broken.code)
        _refuse(batch, job, broken.reasons)
        return False
    if merged is None:
        what = {
            "file_name": job.file_name,
            "file_size": job.file_size,
            "skipped_numbers": [],
            "known_rows": {},
            "row_editors": {},
        }
        _replace_file(batch, job, None, authors=[by], first_row=1, pasted_at=None, **what)
    else:
        what = {
            "file_name": batch.file_name,
            "skipped_numbers": merged.skipped_numbers,
            "known_rows": merged.known_rows,
            "row_editors": merged.row_editors,
        }
        _replace_file(batch, job, merged.file, authors=sorted({by, *merged.authors}), **what)
    return True


def _read_rows(batch: Batch, job: CorrectionJob, budget: Budget) -> LateCorrections | None:
    """Read the corrected file of an import that has ended. None if it can't be used, and the job has ended."""
    budget.check_size(job.file_size)
    budget.check_rows(grid_rows(batch).count())
    keep = keeping(batch, budget.check_time)
    upload = stored_upload(batch, is_correction=True)
    by = job.started_by_id or DELETED_ACCOUNT
    try:
        corrections = read_late_corrections(batch, upload, by=by, limits=budget.limits, keep=keep)
        _check_may_continue(batch, job)
    except ExplainedError as broken:
        budget.check_problem(broken.code)
        _refuse(batch, job, broken.reasons)
        return None
    if corrections.unused:
        # An admin has to read this before anyone is invited.
        batch.notice = [as_reason("rows_not_used", rows=corrections.unused, file_name=job.file_name)]
        CorrectionJob.objects.filter(pk=job.pk).update(then=Then.STAY)
    return corrections


def _check_not_refused(file: BinaryIO, limits: Limits, *, keep: Callable[[], None], first_row: int = 1) -> None:
    """Raises ExplainedError if the check would reject the file as a whole. Its rows may have problems."""
    file.seek(0)
    check = Check(file, limits=limits, first_row=first_row, while_waiting=keep)
    for _block in check.blocks():
        keep()
    if refused := check.report.rejection:
        raise ExplainedError(refused.code, problem_reason(refused))


@transaction.atomic
def _refuse(batch: Batch, job: CorrectionJob, reasons: list[Reason]) -> None:
    renew_claim(batch)
    notice = [as_reason("file_not_used", file_name=job.file_name), *reasons, as_reason("edits_kept")]
    _end(batch, job, notice=notice)


@transaction.atomic
def _replace_file(batch: Batch, job: CorrectionJob, merged: BinaryIO | None, **what: object) -> None:
    """Make this a new import of the admin who corrected it, to be checked from the start.

    The check deletes its rows. Without `merged`, the corrected file as a whole replaces the other one.
    """
    renew_claim(batch)
    batch.parts.filter(is_correction=False).delete()
    if merged is None:
        batch.parts.update(is_correction=False)
    else:
        batch.parts.all().delete()
        what["file_size"] = store_parts(batch, pieces_of(merged))
    job.delete()
    held(batch).update(
        **what,
        inviter=job.started_by_id,
        grant=job.grant_id,
        created_at=job.created_at,
        checked_at=None,
        confirmed_powers=[],
        as_written=False,
        reading={},
        row_total=0,
        rows_checked=0,
        bytes_checked=0,
        attempts=1,
        banner_closed_at=None,
    )
    batch.refresh_from_db()
