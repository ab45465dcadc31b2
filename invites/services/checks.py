"""Check the upload of a batch and stage its rows: nobody is invited here."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import repeat
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from accounts.errors import RuleBroken
from invites import checking
from invites.models import Batch, Row, UploadPart
from invites.queries.rows import codes_of, suggested
from invites.queries.typos import KEPT
from invites.services.bulk import NewRow, NewRowApart, insert_rows
from invites.services.cleanup import clean_up, delete_some_rows
from invites.services.inviting import begin_inviting
from invites.services.suggesting import suggest_domains
from invites.services.unexpected import ask_support, is_transient, log_unexpected, reference_of

# Renewed with every few thousand rows; with the sweep that follows, a check that died begins again in half a minute.
LEASE = timedelta(seconds=20)
MAX_ATTEMPTS = 5
STAGED_AT_ONCE = 5_000
IN_MEMORY = 1024 * 1024
# What is checked while the admin waits for the page. Anything larger or slower is left to a worker, which starts over.
BYTES_IN_REQUEST = 256 * 1024
ROWS_IN_REQUEST = 5_000
CELLS_IN_REQUEST = 200_000
MEMORY_IN_REQUEST = 128 * 1024 * 1024
SECONDS_IN_REQUEST = 1.0
# At the same time, in one web process: the others go to a worker, so that pages are served.
_checks_in_request = threading.BoundedSemaphore(2)
OUR_FAULT = (
    "Something went wrong on our side while checking this file. Nobody has been invited. Upload the file again later."
)
NOT_CHECKED = "The file could not be checked. Nobody has been invited. Upload it again in a few minutes."


class LostClaim(Exception):
    """Another worker has taken the batch over, or it was stopped; what was staged here is void."""


class LeftToWorker(Exception):
    """The file is too large to be checked inside a request. Nothing has been decided about it."""


def limits() -> checking.Limits:
    """The limits of a file, as the operator set them."""
    return checking.Limits(
        max_bytes=settings.MAX_UPLOAD_MB * 1024 * 1024,
        max_rows=settings.MAX_ROWS,
        workbook_memory=settings.WORKBOOK_MEMORY_MB * 1024 * 1024,
        workbook_seconds=settings.WORKBOOK_SECONDS,
    )


def limits_in_request() -> checking.Limits:
    """The limits of a file that is checked inside a request. A workbook may unpack to ten times `max_bytes`."""
    whole = limits()
    return replace(
        whole,
        max_bytes=BYTES_IN_REQUEST,
        max_rows=min(whole.max_rows, ROWS_IN_REQUEST),
        max_cells=CELLS_IN_REQUEST,
        workbook_memory=min(whole.workbook_memory, MEMORY_IN_REQUEST),
        workbook_seconds=min(whole.workbook_seconds, SECONDS_IN_REQUEST),
    )


def check_in_request(batch_id: int) -> Batch | None:
    """Check the batch's file, as `check_batch` does. Raises LeftToWorker if that takes longer than about a second."""
    if not _checks_in_request.acquire(blocking=False):
        raise LeftToWorker
    try:
        return check_batch(batch_id, in_request=True)
    finally:
        _checks_in_request.release()


def check_batch(batch_id: int, *, in_request: bool = False) -> Batch | None:
    """Check the batch's file and move it on: rejected, needs_correction or inviting.

    None when there is nothing to do: it is checked already, or a worker is at it. May be called any
    number of times and may die anywhere: the next call begins again from the stored file.

    An unexpected error is logged and not raised. After a bug of ours the batch is returned, and it is still `checking`
    or has failed; after passing trouble None is returned, and the sweep asks again.
    """
    batch = _claim(batch_id)
    if batch is None:
        return None
    try:
        if batch.attempts > MAX_ATTEMPTS:
            _give_up(batch, _too_many_attempts(batch))
        else:
            _check(batch, in_request=in_request)
    except LostClaim:
        return None
    except LeftToWorker:
        _claimed(batch).update(claimed_until=None)
        raise
    except Exception as error:
        return _handle_error(batch, error)
    return batch


def _handle_error(batch: Batch, error: Exception) -> Batch | None:
    """Log the error and end the claim. The same bug a second time fails the batch: more tries would change nothing."""
    reference = reference_of(error)
    is_known = reference == batch.error_reference
    log_unexpected("check_failed", error, is_known=is_known, batch=batch.pk, attempt=batch.attempts)
    if is_known and not is_transient(error):
        try:
            _give_up(batch, f"{OUR_FAULT} {ask_support(reference)}")
        except LostClaim:
            return None
    else:
        # The next attempt need not wait for the lease.
        _claimed(batch).update(claimed_until=None, error_reference=reference)
    batch.refresh_from_db()
    return None if is_transient(error) else batch


def _too_many_attempts(batch: Batch) -> str:
    return f"{NOT_CHECKED} {ask_support(batch.error_reference)}" if batch.error_reference else NOT_CHECKED


def _check(batch: Batch, *, in_request: bool) -> None:
    if in_request and batch.file_size > BYTES_IN_REQUEST:
        raise LeftToWorker
    deadline = time.monotonic() + SECONDS_IN_REQUEST
    upload = stored_upload(batch)
    check = checking.Check(
        upload,
        limits=limits_in_request() if in_request else limits(),
        name=batch.file_name,
        while_waiting=partial(_keep_claim, batch),
    )
    _begin_anew(batch)
    blocks: list[checking.Block] = []
    staged = 0
    for block in check.blocks():
        if in_request and time.monotonic() > deadline:
            raise LeftToWorker
        blocks.append(block)
        if check.report.rows - staged >= STAGED_AT_ONCE:
            _stage(batch, blocks, rows_checked=check.report.rows, bytes_checked=_position(upload, check.report))
            staged = check.report.rows
            blocks.clear()
    if in_request and check.report.rejection and check.report.rejection.code in checking.OVER_LIMITS:
        raise LeftToWorker
    _stage(batch, blocks, rows_checked=check.report.rows, bytes_checked=_position(upload, check.report))
    _conclude(batch, check.report, check.sheet)


def _position(upload: BinaryIO, report: checking.Report) -> int:
    """How far the rows reach in the file, in bytes. In a workbook, which has no delimiter and is packed, 0."""
    return upload.tell() if report.delimiter else 0


def _claim(batch_id: int) -> Batch | None:
    now = timezone.now()
    free = models.Q(claimed_until=None) | models.Q(claimed_until__lt=now)
    batch = Batch.objects.select_related("organization").filter(free, pk=batch_id, state=Batch.State.CHECKING).first()
    if batch is None:
        return None
    # Counted from what was read before: whoever read it afterwards might read the number of a later claim.
    claimed = _claimed(batch).filter(free)
    if not claimed.update(claimed_until=now + LEASE, progressed_at=now, attempts=batch.attempts + 1):
        return None
    batch.attempts += 1
    return batch


def _claimed(batch: Batch) -> models.QuerySet[Batch]:
    """The batch, while it is claimed so, for conditional updates.

    `attempts` tells one claim from the next, and `created_at` the files: those of a corrected one begin anew.
    """
    return Batch.objects.filter(
        pk=batch.pk, state=Batch.State.CHECKING, attempts=batch.attempts, created_at=batch.created_at
    )


def _begin_anew(batch: Batch) -> None:
    """Remove what an earlier check staged before it died, unless this claim is an earlier one itself by now."""
    is_left = True
    while is_left:
        with transaction.atomic():
            _keep_claim(batch)
            is_left = delete_some_rows(batch)


def _keep_claim(batch: Batch, **progress: Any) -> None:
    """Renew the lease and save the progress. From here on the batch is locked, where there is a transaction."""
    now = timezone.now()
    if not _claimed(batch).update(claimed_until=now + LEASE, progressed_at=now, **progress):
        raise LostClaim


@transaction.atomic
def _conclude(batch: Batch, report: checking.Report, sheet: checking.Sheet | None) -> None:
    now = timezone.now()
    _keep_claim(batch, rows_checked=report.rows)
    batch.refresh_from_db()
    suggest_domains(batch, report)
    batch.encoding, batch.delimiter = report.encoding, report.delimiter
    batch.ignored_columns = list(report.ignored_columns)
    batch.warnings = [warning._asdict() for warning in report.warnings[:KEPT]]
    batch.row_total = report.rows
    batch.checked_at, batch.claimed_until, batch.error_reference = now, None, ""
    if batch.left_out:
        problem_rows = batch.rows.filter(outcome=Row.Outcome.PROBLEM)
        problem_rows.filter(number__in=batch.left_out).update(reason=Row.Reason.LEFT_OUT)
    if report.verdict == "rejected" and report.rejection:
        batch.state, batch.row_total, batch.ended_at = Batch.State.REJECTED, 0, now
        batch.rejection = {
            **report.rejection._asdict(),
            "found": list(report.found),
            "expected": list(report.expected),
        }
    elif report.problem_rows and not (batch.only_valid and report.valid):
        batch.state = Batch.State.NEEDS_CORRECTION
        if sheet is not None:
            _store_sheet(batch, sheet)
    else:
        batch.state = Batch.State.INVITING
        try:
            begin_inviting(batch)
        except RuleBroken as broken:
            batch.state, batch.state_reason, batch.ended_at = Batch.State.FAILED, broken.message[:300], now
    batch.save()
    clean_up(batch.pk)


def _store_sheet(batch: Batch, sheet: checking.Sheet) -> None:
    """Keep the sheet's text in place of the workbook. A page that shows its rows doesn't have to read the workbook."""
    batch.parts.all().delete()
    sheet.text.seek(0)
    for number, content in enumerate(iter(lambda: sheet.text.read(UploadPart.SIZE), b"")):
        UploadPart.objects.create(batch=batch, number=number, content=content)


@transaction.atomic
def _give_up(batch: Batch, reason: str) -> None:
    """Fail the batch: the file kills every worker that reads it, or meets a bug of ours."""
    _keep_claim(batch)
    batch.state, batch.ended_at, batch.claimed_until = Batch.State.FAILED, timezone.now(), None
    batch.state_reason = reason
    batch.save(update_fields=["state", "state_reason", "ended_at", "claimed_until"])
    clean_up(batch.pk)


@transaction.atomic
def _stage(batch: Batch, blocks: list[checking.Block], **progress: int) -> None:
    """Store the rows of some blocks: nearly all straight from the columns."""
    rows: list[NewRow] = []
    apart: list[NewRowApart] = []
    for block in blocks:
        emails, numbers = block.emails, block.numbers
        names = block.first_names, block.last_names, block.descriptions
        records = list(map(NewRow, repeat(batch.pk), numbers, block.lines, emails, emails, *names))
        for position, row in sorted(block.flagged_rows.items(), reverse=True):
            del records[position]
            if row is not None and row.is_valid:
                rows.append(_staged(batch, row))
            elif row is not None:
                apart.append(_staged_apart(batch, row))
        rows += records
    insert_rows(rows, apart)
    _keep_claim(batch, **progress)


def _staged(batch: Batch, row: checking.Row) -> NewRow:
    return NewRow(
        batch_id=batch.pk,
        number=row.number,
        line=row.line,
        email=row.email[:320],
        email_key=row.email_key[:320],
        first_name=row.first_name[:150],
        last_name=row.last_name[:150],
        description=row.description[:1000],
    )


def _staged_apart(batch: Batch, row: checking.Row) -> NewRowApart:
    staged = _staged(batch, row)
    if not row.problems:
        return NewRowApart(
            staged,
            outcome=Row.Outcome.SKIPPED.value,
            reason=Row.Reason.DUPLICATE.value,
            detail=f"The same address is in row {row.duplicate_of}",
        )
    problems = [problem._asdict() for problem in row.problems]
    return NewRowApart(
        staged,
        outcome=Row.Outcome.PROBLEM.value,
        problems=json.dumps(problems),
        problem_codes=codes_of(problems),
        suggested_codes=codes_of(suggested(problems)),
        cells=json.dumps(row.cells),
        detail=row.problems[0].message[:300],
    )


def stored_upload(batch: Batch) -> BinaryIO:
    """The stored pieces of a batch's upload as one file, at its start; a large one is on the disk."""
    whole = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the caller reads it
    # One piece in memory at a time; none that was removed since, because the batch was stopped or corrected.
    for number in batch.parts.values_list("number", flat=True).order_by("number"):
        whole.writelines(batch.parts.filter(number=number).values_list("content", flat=True))
    whole.seek(0)
    return whole
