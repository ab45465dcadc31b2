"""Do the correction job of a batch that a worker has claimed (imports/check.py).

A job uses short transactions, with the slow work between them. A worker may die at any time: the job stores its
progress, and the next worker continues.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from accounts.errors import AccessDenied, DomainError
from invites.imports.check_claims import held, renew_claim
from invites.imports.correction_jobs import change_rows, check_may_continue, end_job, go_on, not_allowed, rows_to_change
from invites.imports.corrections import (
    rows_to_check,
    save_rows,
)
from invites.imports.domain_suggestions import save_suggestions, suggest_to
from invites.imports.duplicates import find_contested, settle
from invites.imports.upload_parts import Budget
from invites.imports.use_corrected_file import read_rows, use_file
from invites.models import Batch, CorrectionJob, Reason, Row
from invites.reasons import ExplainedError, as_reason

Action, Then = CorrectionJob.Action, CorrectionJob.Then

# How many rows a job changes in one transaction.
CHUNK = 1_000


def work_on_job(batch: Batch, job: CorrectionJob, budget: Budget) -> bool:
    """Do the job of a claimed batch. True if the batch has a new file, which must be checked.

    The person who started it must still be allowed to change the import. Otherwise it ends with what was saved so far.
    Raises LostClaim, and NeedsWorker for what exceeds the budget of a request.
    """
    if job.action == Action.USE_FILE:
        return use_file(batch, job, budget)
    corrections = None
    if job.action == Action.USE_ROWS and not job.is_stopped:
        corrections = read_rows(batch, job, budget)
        if corrections is None:
            return False
    if not job.rows_total:
        # Counted in the worker, because it takes a while.
        job.rows_total = rows_to_change(job).count()
        CorrectionJob.objects.filter(pk=job.pk).update(rows_total=job.rows_total)
    while rows := _next_rows(job):
        try:
            check_may_continue(batch, job)
        except ExplainedError as broken:
            _stop_with_notice(batch, job, broken.reasons)
            break
        budget.check_time()
        changed = change_rows(job, rows, corrections)
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
            end_job(batch, job, notice=notice)
            return
        CorrectionJob.objects.filter(pk=job.pk).update(is_stopped=True)
        held(batch).update(notice=notice, attempts=0, claimed_until=None, error_reference="")


def _next_rows(job: CorrectionJob) -> list[Row]:
    return [] if job.is_stopped else list(rows_to_change(job).filter(number__gt=job.last_number)[:CHUNK])


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
    end_job(batch, job, notice=batch.notice)
    if job.is_stopped or job.then == Then.STAY:
        return
    try:
        by = check_may_continue(batch, job)
        with transaction.atomic():
            go_on(batch, by, job.then)
    except (DomainError, AccessDenied) as broken:
        # Access is denied to somebody who lost it since the check above, and to what was deleted.
        reasons = broken.reasons if isinstance(broken, ExplainedError) else not_allowed().reasons
        Batch.objects.filter(pk=batch.pk).update(notice=reasons)
        batch.refresh_from_db()
