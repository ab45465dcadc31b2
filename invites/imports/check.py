"""Check the uploaded file of a batch and stage its rows, or do the correction job of the batch. Invites nobody."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import BinaryIO

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.lookups import only_one
from accounts.models import Organization
from invites import checking
from invites.imports.authors import save_row_editors
from invites.imports.check_claims import (
    MAX_ATTEMPTS,
    ClaimRenewer,
    LostClaim,
    NeedsWorker,
    claim_batch,
    held,
    keeping,
    renew_claim,
)
from invites.imports.cleanup import clean_up, delete_some_rows
from invites.imports.confirm import needs_confirmation
from invites.imports.correction_work import give_up_job, work_on_job
from invites.imports.domain_suggestions import doubt_domains, save_doubts, save_suggestions, suggest_domains
from invites.imports.invite import begin_inviting
from invites.imports.not_people import known_rows_of, skip_not_people
from invites.imports.reading import evidence_of, limits_of, read_as, wait_for_answer
from invites.imports.selectors.typos import DOUBTS
from invites.imports.stage_rows import stage_rows
from invites.imports.upload_parts import Budget, new_file, pieces_of, store_parts, stored_upload
from invites.invitations.allowed_domains import allowed_domains
from invites.models import Batch, CorrectionJob
from invites.reasons import ExplainedError, as_reason, support_reasons
from invites.unexpected_errors import is_transient, log_unexpected, reference_of

STAGED_AT_ONCE = 5_000
WARNINGS_KEPT = 200
RETRY_AFTER = timedelta(seconds=8)
# One web process runs this many checks at a time, so that it can still serve pages. Workers do the others.
_checks_in_request = threading.BoundedSemaphore(2)
# How long a request waits for its turn. Sent to a worker, a small file might wait behind large ones for a minute.
SECONDS_FOR_A_PLACE = 0.5


def check_in_request(batch: Batch) -> Batch | None:
    """Check the batch's file, as `check_batch` does. Raises NeedsWorker if that takes longer than about a second."""
    job = _job_of(batch)
    # Before the batch is claimed: a request that only stores a large file has nothing more to write.
    Budget.of(in_request=True).check_size((job or batch).file_size)
    if not _checks_in_request.acquire(timeout=SECONDS_FOR_A_PLACE):
        raise NeedsWorker
    try:
        return check_batch(batch.pk, in_request=True)
    finally:
        _checks_in_request.release()


def check_batch(batch_id: int, *, in_request: bool = False) -> Batch | None:
    """Check the file and set the next state of the batch: inviting, rejected, or one in which it waits for an admin.

    If the batch has a job, do the job instead.

    Returns None if there is nothing to do, because the batch is checked or another worker holds it. Can be called any
    number of times, and can die at any point: the next call starts over from the stored file, or continues the job.

    Logs unexpected errors instead of raising them. After a bug of ours, returns the batch, which is still `checking` or
    has failed. After a transient error, returns None, and the recovery task retries.
    """
    batch = claim_batch(batch_id)
    if batch is None:
        return None
    try:
        job = _job_of(batch)
        if batch.attempts > MAX_ATTEMPTS:
            _give_up(batch, "not_checked", reference=batch.error_reference)
        else:
            budget = Budget.of(in_request=in_request)
            if job is None or work_on_job(batch, job, budget):
                _check(batch, budget)
    except LostClaim:
        return None
    except NeedsWorker:
        # This attempt doesn't count, because nothing has failed.
        held(batch).update(claimed_until=None, attempts=batch.attempts - 1)
        raise
    except Exception as error:
        return _handle_error(batch, error)
    return batch


def find_waiting() -> int | None:
    """The id of the oldest batch that waits to be checked, in a random organization.

    So every organization gets its share, even if another one has uploaded many files. After an error, a batch waits a
    few seconds before it is retried.
    """
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = Q(error_reference="") | Q(progressed_at__lt=now - RETRY_AFTER)
    waiting = Batch.objects.filter(free, due, state=Batch.State.CHECKING).order_by("created_at", "pk")
    waiting = waiting.filter(organization__in=Organization.objects.active())
    organizations = list(waiting.order_by().values_list("organization_id", flat=True).distinct())
    if not organizations:
        return None
    chosen = random.choice(organizations)  # noqa: S311 - not a secret
    return waiting.filter(organization_id=chosen).values_list("pk", flat=True).first()


def _handle_error(batch: Batch, error: Exception) -> Batch | None:
    """Log the error and release the claim. If the same bug happens twice, fail the batch: retries won't help."""
    reference = reference_of(error)
    is_known = reference == batch.error_reference
    log_unexpected("check_failed", error, is_known=is_known, batch=batch.pk, attempt=batch.attempts)
    if is_known and not is_transient(error):
        try:
            _give_up(batch, "check_failed", reference=reference)
        except LostClaim:
            return None
    else:
        # The next attempt doesn't have to wait until the claim expires.
        held(batch).update(claimed_until=None, error_reference=reference)
    batch.refresh_from_db()
    return None if is_transient(error) else batch


def _job_of(batch: Batch) -> CorrectionJob | None:
    job = only_one(CorrectionJob.objects.filter(pk=batch.pk))
    if job:
        job.batch = batch
    return job


def _check(batch: Batch, budget: Budget) -> None:
    budget.check_size(batch.file_size)
    upload = stored_upload(batch)
    check = checking.Check(
        upload,
        limits=limits_of(batch, budget.limits),
        options=checking.ReadingOptions.from_json(batch.reading),
        evidence=evidence_of(batch),
        allowed=allowed_domains(batch.organization),
        first_row=batch.first_row,
        known=known_rows_of(batch),
        while_waiting=keeping(batch, budget.check_time),
    )
    if batch.claims > 1:
        _delete_staged_rows(batch)
    skipped_numbers = frozenset(batch.skipped_numbers)
    blocks: list[checking.Block] = []
    staged = 0
    for block in check.blocks():
        budget.check_time()
        blocks.append(block)
        if check.report.rows - staged >= STAGED_AT_ONCE:
            position = _position(upload, check.report)
            stage_rows(batch, blocks, skipped_numbers, rows_checked=check.report.rows, bytes_checked=position)
            staged = check.report.rows
            blocks.clear()
    if check.report.rejection:
        budget.check_problem(check.report.rejection.code)
    for code in check.sheet_problems:
        budget.check_problem(code)
    position = _position(upload, check.report)
    stage_rows(batch, blocks, skipped_numbers, rows_checked=check.report.rows, bytes_checked=position)
    for rows in suggest_domains(batch, check.report):
        with transaction.atomic():
            renew_claim(batch)
            save_suggestions(rows)
    for rows in doubt_domains(batch, check.report):
        with transaction.atomic():
            renew_claim(batch)
            save_doubts(rows)
    save_row_editors(batch)
    _conclude(batch, check, _write_table(batch, check))


def _position(upload: BinaryIO, report: checking.Report) -> int:
    """How many bytes of the file are checked. 0 for a workbook (it has no delimiter), because it is compressed."""
    return upload.tell() if report.delimiter else 0


def _delete_staged_rows(batch: Batch) -> None:
    """Delete the rows that an earlier check staged before it died. Raises LostClaim."""
    is_left = True
    while is_left:
        with transaction.atomic():
            renew_claim(batch)
            is_left = delete_some_rows(batch)


def _write_table(batch: Batch, check: checking.Check) -> BinaryIO | None:
    """The rows of a file that isn't plain, if they have to be corrected. Takes seconds for a large file."""
    table = check.table_to_store
    if table is None or not _needs_correction(batch, check.report):
        return None
    renew_if_due = ClaimRenewer(batch)

    def renewing() -> Iterator[list[str]]:
        for number, cells in enumerate(table):
            if number % STAGED_AT_ONCE == 0:
                renew_if_due()
            yield cells

    written = new_file()
    checking.write_table(renewing(), written)
    return written


def _needs_correction(batch: Batch, report: checking.Report) -> bool:
    """Whether an admin has to see the rows first: some have problems, or names or addresses look damaged."""
    if report.doubtful_cells and not batch.as_written:
        return True
    return report.verdict == "problems" and not (batch.only_valid and report.valid)


@transaction.atomic
def _conclude(batch: Batch, check: checking.Check, table: BinaryIO | None) -> None:
    now, report = timezone.now(), check.report
    renew_claim(batch, rows_checked=report.rows)
    batch.refresh_from_db()
    batch.claimed_until, batch.error_reference = None, ""
    if report.decisions is not None:
        wait_for_answer(batch, report.decisions)
        return
    batch.encoding, batch.delimiter = report.encoding, report.delimiter
    batch.ignored_columns = list(report.ignored_columns)
    # Those about cells are stored with their rows.
    batch.warnings = [warning._asdict() for warning in report.warnings if warning.code not in DOUBTS][:WARNINGS_KEPT]
    batch.read_as = read_as(batch, report)
    batch.row_total, batch.has_damaged_cells = report.rows, report.doubtful_cells > 0
    batch.checked_at = now
    batch.skipped_numbers, batch.known_rows, batch.row_editors = [], {}, {}
    skip_not_people(batch, report)
    if report.verdict == "rejected" and report.rejection:
        batch.state, batch.row_total, batch.ended_at = Batch.State.REJECTED, 0, now
        batch.rejection = {**report.rejection._asdict(), "found": report.found}
    elif _needs_correction(batch, report):
        batch.state = Batch.State.NEEDS_CORRECTION
        if table:
            _store_table(batch, table)
    elif needs_confirmation(batch):
        batch.state, batch.progressed_at = Batch.State.NEEDS_CONFIRMATION, now
    else:
        batch.state = Batch.State.INVITING
        try:
            begin_inviting(batch)
        except ExplainedError as broken:
            batch.state, batch.state_reasons, batch.ended_at = Batch.State.FAILED, broken.reasons, now
    batch.save()
    if batch.state in Batch.ENDED:
        clean_up(batch.pk)


def _store_table(batch: Batch, table: BinaryIO) -> None:
    """Replace a file that isn't plain by its rows as they were read, so that pages needn't decide how to read it."""
    batch.parts.all().delete()
    store_parts(batch, pieces_of(table))
    batch.first_row, batch.reading = 0, {}


@transaction.atomic
def _give_up(batch: Batch, code: str, *, reference: str) -> None:
    """Fail the batch, or only its job, because its file crashes every worker or triggers a bug of ours."""
    renew_claim(batch)
    if job := _job_of(batch):
        give_up_job(batch, job, [as_reason("correction_failed"), *support_reasons(reference)])
        return
    batch.state, batch.ended_at, batch.claimed_until = Batch.State.FAILED, timezone.now(), None
    batch.state_reasons = [as_reason(code), *support_reasons(reference)]
    batch.save(update_fields=["state", "state_reasons", "ended_at", "claimed_until"])
    clean_up(batch.pk)
