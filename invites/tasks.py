"""What the worker is asked to do. Tasks take ids, call one service, and enqueue what follows.

Every task may run twice, or never: work is claimed in the database, and the sweep asks again for
whatever stands still.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from celery import Task, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from invites.models import Batch
from invites.services import checks, due_mail, inviting, mail_ranges, reporting, sweeping

log = structlog.get_logger(__name__)

CHECK_IN_REQUEST_BYTES = 256 * 1024
HINTS_PER_BATCH = 4


@shared_task
def check_batch(batch_id: int) -> None:
    """Check the batch's file; if it conforms, go straight on to inviting."""
    batch = checks.check_batch(batch_id)
    if batch and batch.state == Batch.State.INVITING:
        hint_work(batch_id)


@shared_task
def work_on_batch(batch_id: int) -> None:
    """Invite and mail one range of the batch, then make room for other batches before the next one."""
    lease = inviting.claim_range(batch_id)
    if lease is None:
        end_batch(batch_id)
        return
    pause = work_on_range(lease)
    if not end_batch(batch_id):
        hint(work_on_batch, batch_id, pause=pause)


@shared_task
def report_batch(batch_id: int) -> None:
    """Mail the result of a long batch to the admin who started it."""
    reporting.report_batch(batch_id)


@shared_task
def send_due_invitations(organization_id: int) -> None:
    """Mail the invitations of single people, and those that were sent again."""
    if due_mail.send_due_invitations(organization_id):
        hint(send_due_invitations, organization_id)


@shared_task
def sweep() -> None:
    """Ask again for whatever stands still."""
    found = sweeping.find_standing_still()
    for batch_id in found.to_check:
        hint(check_batch, batch_id)
    for batch_id in found.to_work_on:
        hint(work_on_batch, batch_id)
    for organization_id in due_mail.organizations_with_due_mail():
        hint(send_due_invitations, organization_id)


def work_on_range(lease: inviting.Lease) -> timedelta | None:
    """Both stages of a claimed range; the pause that a busy mail server asks for, if it does."""
    inviting.invite_range(lease)
    return mail_ranges.mail_range(lease)


def end_batch(batch_id: int) -> bool:
    """End the batch when nothing of it is left to do; True if this call ended it."""
    ended = mail_ranges.finish_batch(batch_id)
    if ended:
        hint(report_batch, batch_id)
    return ended


def take_up(batch: Batch) -> None:
    """Begin with a batch that was just stored: a small file is checked at once, a large one by a worker."""
    if batch.file_size > CHECK_IN_REQUEST_BYTES:
        hint(check_batch, batch.pk)
        return
    checks.check_batch(batch.pk)
    batch.refresh_from_db()
    if batch.state == Batch.State.INVITING:
        hint_work(batch.pk)


def hint_work(batch_id: int) -> None:
    """Let a few workers begin with the ranges of a batch."""
    for _ in range(HINTS_PER_BATCH):
        hint(work_on_batch, batch_id)


def hint(task: Task[Any, Any], object_id: int, *, pause: timedelta | None = None) -> None:
    """Enqueue the task after the commit. A broker that is away loses only the hint: the sweep finds the work."""

    def enqueue() -> None:
        try:
            task.apply_async((object_id,), countdown=pause.total_seconds() if pause else None)
        except (OperationalError, OSError) as error:
            log.warning("hint_lost", task=task.name, id=object_id, error=str(error))

    transaction.on_commit(enqueue)
