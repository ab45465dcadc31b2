"""Use the corrected file of a job: instead of the first file, or for the rows that are left."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from django.db import transaction

from invites.checking import Check, Limits
from invites.imports.authors import DELETED_ACCOUNT, check_authors
from invites.imports.check_claims import held, keeping, renew_claim
from invites.imports.corrected_file import merge_corrected
from invites.imports.correction_jobs import check_may_continue, end_job
from invites.imports.late_corrections import LateCorrections, read_late_corrections
from invites.imports.reading import limits_of
from invites.imports.selectors.grid import grid_rows
from invites.imports.upload_parts import Budget, pieces_of, store_parts, stored_upload
from invites.models import Batch, CorrectionJob, Reason
from invites.reasons import ExplainedError, as_reason, problem_reason

Action, Then = CorrectionJob.Action, CorrectionJob.Then


def use_file(batch: Batch, job: CorrectionJob, budget: Budget) -> bool:
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
        check_may_continue(batch, job)
    except ExplainedError as broken:
        budget.check_problem(broken.code)
        refuse_file(batch, job, broken.reasons)
        return False
    if merged is None:
        _replace_file(
            batch,
            job,
            None,
            authors=[by],
            file_name=job.file_name,
            file_size=job.file_size,
            first_row=1,
            pasted_at=None,
            skipped_numbers=[],
            known_rows={},
            row_editors={},
        )
    else:
        _replace_file(
            batch,
            job,
            merged.file,
            authors=sorted({by, *merged.authors}),
            file_name=batch.file_name,
            skipped_numbers=merged.skipped_numbers,
            known_rows=merged.known_rows,
            row_editors=merged.row_editors,
        )
    return True


def read_rows(batch: Batch, job: CorrectionJob, budget: Budget) -> LateCorrections | None:
    """Read the corrected file of an import that has ended. None if it can't be used, and the job has ended."""
    budget.check_size(job.file_size)
    budget.check_rows(grid_rows(batch).count())
    keep = keeping(batch, budget.check_time)
    upload = stored_upload(batch, is_correction=True)
    by = job.started_by_id or DELETED_ACCOUNT
    try:
        corrections = read_late_corrections(batch, upload, by=by, limits=budget.limits, keep=keep)
        check_may_continue(batch, job)
    except ExplainedError as broken:
        budget.check_problem(broken.code)
        refuse_file(batch, job, broken.reasons)
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
def refuse_file(batch: Batch, job: CorrectionJob, reasons: list[Reason]) -> None:
    renew_claim(batch)
    notice = [as_reason("file_not_used", file_name=job.file_name), *reasons, as_reason("edits_kept")]
    end_job(batch, job, notice=notice)


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
