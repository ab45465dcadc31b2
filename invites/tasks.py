"""Celery tasks. They take ids, call one service, and enqueue what follows.

Every task may run twice or never: work is claimed in the database, and the recovery task enqueues stalled work again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps
from typing import Any

import structlog
from celery import Task, shared_task, signals

from accounts.mail_errors import MAIL_ERRORS
from accounts.tasks import enqueue
from invites.directory import expiry_email
from invites.directory.bulk import work as bulk_actions
from invites.imports import (
    check,
    check_claims,
    chunks,
    cleanup,
    confirm,
    finish,
    invite,
    reading,
    recovery,
    release,
    result_email,
    schedule,
    send,
    undo,
)
from invites.imports.check_slots import CheckSlots
from invites.invitations import quotas
from invites.invitations import schedule as invitation_schedule
from invites.mailing import domain_backoff, outbox, rate_limit
from invites.mailing.reminders import queue as reminders
from invites.models import Batch
from invites.personal_data import organization_deletion, retention
from invites.unexpected_errors import log_unexpected

log = structlog.get_logger(__name__)

RETRY_CHECK_AFTER = timedelta(seconds=1)
TASKS_PER_BATCH = 4


class TaskFailed(Exception):
    """An unexpected error ended the task. It was logged under the reference in the message."""


class LoggedTask(Task[Any, Any]):
    """Logs each unexpected error with its traceback once per process, and later as one line.

    Celery and django-structlog would each log the traceback every time that the task runs.
    """

    throws = (TaskFailed,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.run(*args, **kwargs)
        except Exception as error:
            reference = log_unexpected("unexpected_error", error, task=self.name, arguments=args)
            raise TaskFailed(reference) from error


# In a worker with several processes, all but one may check files at the same time.
_slots: CheckSlots | None = None


@signals.worker_init.connect
def open_check_slots(sender: Any, **_: Any) -> None:
    """Runs in the worker's parent process before it forks."""
    global _slots  # noqa: PLW0603 - inherited by the processes
    _slots = CheckSlots(sender.concurrency - 1) if sender.concurrency > 1 else None


@shared_task(base=LoggedTask)
def check_batch(batch_id: int) -> None:
    """Check the batch's file and enqueue what follows.

    Does nothing without a free slot: the processes that are checking now continue with the batches that wait.
    """
    if _slots is None:
        check_and_enqueue(batch_id)
        return
    with _slots.take() as is_free:
        waiting: int | None = batch_id if is_free else None
        while waiting is not None:
            check_and_enqueue(waiting)
            waiting = check.find_waiting()


def check_and_enqueue(batch_id: int) -> None:
    batch = check.check_batch(batch_id)
    if batch:
        enqueue_next_step(batch)


@shared_task(base=LoggedTask)
def process_chunk(batch_id: int) -> None:
    """Work on one chunk of the batch. The next one is a new task, so that other batches get their turn."""
    claim = chunks.claim_chunk(batch_id)
    wait = process_claimed_chunk(claim) if claim is not None else None
    # Without a claim there is nothing to do now: other workers hold the chunks, or these wait for a retry. The recovery
    # task enqueues them.
    if not finish_batch(batch_id) and claim is not None:
        enqueue_on_commit(process_chunk, batch_id, after=wait)


@shared_task(base=LoggedTask)
def revoke_slice(batch_id: int) -> None:
    """Revoke a slice of the invitations of a batch that is being undone. The next slice is a new task."""
    try:
        wait = undo.revoke_slice(batch_id)
    except Exception as error:
        undo.postpone(batch_id, error)
        raise
    if wait is not None:
        enqueue_on_commit(revoke_slice, batch_id, after=wait)


@shared_task(base=LoggedTask)
def clean_up_batch(batch_id: int) -> None:
    """Delete a part of what an ended batch no longer needs. The next part is a new task."""
    if cleanup.clean_up(batch_id):
        enqueue_on_commit(clean_up_batch, batch_id)


@shared_task(base=LoggedTask)
def process_bulk_action(action_id: int) -> None:
    """Handle a chunk of a bulk action. The next one is a new task."""
    handled = bulk_actions.handle_next_chunk(action_id)
    if handled and handled.resent:
        enqueue_on_commit(send_due_invitations, handled.organization_id)
    if handled and handled.wait is not None:
        enqueue_on_commit(process_bulk_action, action_id, after=handled.wait)


@shared_task(base=LoggedTask)
def send_result_email(batch_id: int) -> None:
    """Email the result of a long import to the admin who started it."""
    try:
        result_email.send_result_email(batch_id)
    except MAIL_ERRORS as error:
        # The recovery task enqueues it again.
        log.warning("result_email_postponed", batch=batch_id, error=str(error))


@shared_task(base=LoggedTask)
def send_due_invitations(organization_id: int, lock_token: str | None = None) -> None:
    """Send the due invitations in the outbox of an organization, for one time slice."""
    following = outbox.send_due_invitations(organization_id, lock_token)
    if following:
        enqueue_on_commit(send_due_invitations, organization_id, after=following.wait, lock_token=following.lock_token)


@shared_task(base=LoggedTask)
def delete_organization(organization_id: int) -> None:
    """Delete a part of an organization. The recovery task enqueues the next part."""
    organization_deletion.delete_for_a_turn(organization_id)


@shared_task(base=LoggedTask)
def decide_expiry_emails(organization_id: int) -> None:
    """Decide which members of an organization get an email about invitations that expire, and enqueue the emails."""
    for membership_id in expiry_email.decide_emails(organization_id):
        enqueue_on_commit(send_expiry_email, membership_id)


@shared_task(base=LoggedTask)
def send_expiry_email(membership_id: int) -> None:
    """Email a member how many of their invitations expire."""
    try:
        expiry_email.send_expiry_email(membership_id)
    except MAIL_ERRORS as error:
        # The recovery task enqueues it again.
        log.warning("expiry_email_postponed", membership=membership_id, error=type(error).__name__)


@shared_task(base=LoggedTask)
def queue_reminders(organization_id: int) -> None:
    """Put a few reminders that are due into the outbox, and enqueue the task that sends them."""
    if reminders.queue_reminders(organization_id):
        enqueue_on_commit(send_due_invitations, organization_id)


@shared_task(base=LoggedTask)
def empty_batch(batch_id: int) -> None:
    """Delete names and addresses of an old import. The next part is a new task."""
    if retention.empty_batch(batch_id):
        enqueue_on_commit(empty_batch, batch_id)


@shared_task(base=LoggedTask)
def empty_action(action_id: int) -> None:
    """Delete names and addresses of an old change to many users. The next part is a new task."""
    if retention.empty_action(action_id):
        enqueue_on_commit(empty_action, action_id)


@shared_task(base=LoggedTask)
def recover() -> None:
    """Enqueue stalled work again, and delete outdated counters. A step that fails doesn't keep others from running."""
    for step in RECOVERY_STEPS:
        try:
            step()
        except Exception as error:
            log_unexpected("recovery_failed", error, step=step.__name__)


def enqueue_stalled_batches() -> None:
    """Enqueue the next step of batches on which nobody works."""
    found = recovery.find_stalled_work()
    for batch_id in found.to_check:
        enqueue_on_commit(check_batch, batch_id)
    for batch_id in found.to_process:
        enqueue_chunks(batch_id)
    for batch_id in found.to_undo:
        enqueue_on_commit(revoke_slice, batch_id)


def start_scheduled_imports() -> None:
    """Start the imports whose time has come."""
    for batch_id in schedule.find_due_imports():
        try:
            if schedule.start_due_import(batch_id):
                enqueue_chunks(batch_id)
        except Exception as error:
            # It may be the fault of this one, and the others shouldn't have to wait for it.
            log_unexpected("scheduled_import_failed", error, batch=batch_id)


def enqueueing(find: Callable[[], Iterable[int]], task: Task[Any, Any]) -> Callable[[], None]:
    """A step that enqueues the task for each id that `find` returns."""

    @wraps(find)
    def step() -> None:
        for object_id in find():
            enqueue_on_commit(task, object_id)

    return step


RECOVERY_STEPS: tuple[Callable[[], object], ...] = (
    enqueue_stalled_batches,
    start_scheduled_imports,
    enqueueing(invitation_schedule.start_due, send_due_invitations),
    enqueueing(outbox.organizations_with_due_mail, send_due_invitations),
    enqueueing(reminders.organizations_to_remind, queue_reminders),
    enqueueing(expiry_email.organizations_to_tell, decide_expiry_emails),
    enqueueing(expiry_email.find_unsent, send_expiry_email),
    enqueueing(result_email.find_unsent, send_result_email),
    enqueueing(bulk_actions.find_stalled, process_bulk_action),
    enqueueing(cleanup.find_uncleaned, clean_up_batch),
    enqueueing(organization_deletion.find_deletions, delete_organization),
    enqueueing(retention.find_batches_to_empty, empty_batch),
    enqueueing(retention.find_actions_to_empty, empty_action),
    reading.delete_forgotten,
    confirm.stop_forgotten,
    quotas.delete_past_counts,
    rate_limit.delete_idle_buckets,
    domain_backoff.delete_old_backoffs,
)


def process_claimed_chunk(claim: chunks.ChunkClaim) -> timedelta | None:
    """Invite the chunk and send its emails; those of a scheduled import wait in between.

    Returns when the rate limit allows more, if it held some back.
    """
    try:
        invite.invite_chunk(claim)
        release.release_chunk(claim)
        return send.send_chunk(claim)
    except Exception as error:
        chunks.note_error(claim, error)
        raise


def finish_batch(batch_id: int) -> bool:
    """Finish the batch if none of its chunks has work left, or let it wait for its time. True if this call did it."""
    if schedule.hold_batch(batch_id):
        return True
    is_finished = finish.finish_batch(batch_id)
    if is_finished:
        enqueue_on_commit(send_result_email, batch_id)
    return is_finished


def start_processing(batch: Batch) -> None:
    """Check a small file that was just stored, or let a worker check a large one. Never raises for its content."""
    try:
        check.check_in_request(batch)
    except check_claims.NeedsWorker:
        enqueue_on_commit(check_batch, batch.pk)
        return
    except Exception as error:
        # No error page: the file is stored, and the recovery task lets a worker try again.
        log_unexpected("check_failed", error, batch=batch.pk)
        return
    batch.refresh_from_db()
    enqueue_next_step(batch)


def process_next_step(batch: Batch) -> None:
    """Enqueue the next step after an admin has changed the batch."""
    if batch.state == Batch.State.CHECKING:
        enqueue_on_commit(check_batch, batch.pk)
    else:
        enqueue_next_step(batch)


def enqueue_next_step(batch: Batch) -> None:
    """Enqueue what follows a check: inviting, cleaning up, or a second try after an unexpected error."""
    if batch.state == Batch.State.INVITING:
        enqueue_chunks(batch.pk)
    elif batch.state == Batch.State.STOPPED and batch.send_at is not None:
        revoke_scheduled(batch)
        enqueue_on_commit(clean_up_batch, batch.pk)
    elif batch.state == Batch.State.CHECKING:
        enqueue_on_commit(check_batch, batch.pk, after=RETRY_CHECK_AFTER)
    elif batch.state in Batch.ENDED:
        enqueue_on_commit(clean_up_batch, batch.pk)


def revoke_scheduled(batch: Batch) -> None:
    """Revoke what a stopped import has scheduled: right now if it is little, else by workers."""
    if batch.invitations.scheduled().count() > release.FEW:
        enqueue_chunks(batch.pk)
        return
    while claim := chunks.claim_chunk(batch.pk):
        process_claimed_chunk(claim)


def enqueue_chunks(batch_id: int) -> None:
    """Let a few workers start with the chunks of the batch."""
    enqueue_on_commit(process_chunk, batch_id, times=TASKS_PER_BATCH)


def enqueue_on_commit(
    task: Task[Any, Any],
    object_id: int,
    *,
    times: int = 1,
    after: timedelta | None = None,
    lock_token: str | None = None,
) -> None:
    """Enqueue the task after the commit.

    If the broker is down, the task is lost, and the recovery task finds the work.
    """
    given = (object_id,) if lock_token is None else (object_id, lock_token)
    enqueue(task, *given, times=times, countdown=after.total_seconds() if after else 0.0)
