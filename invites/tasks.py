"""What the worker is asked to do. Tasks take ids, call one service, and enqueue what follows.

Every task may run twice, or never: work is claimed in the database, and the recovery task asks again for
whatever stands still.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from celery import Task, shared_task, signals

from accounts.tasks import enqueue
from invites.directory import bulk_actions
from invites.imports import check, check_claims, chunks, cleanup, invite, recovery, result_email, send, undo
from invites.imports.check_slots import CheckSlots
from invites.invitations import quotas
from invites.mailing import domain_backoff, outbox, rate_limit
from invites.mailing.transports.errors import MAIL_ERRORS
from invites.models import Batch
from invites.unexpected_errors import log_unexpected

log = structlog.get_logger(__name__)

CHECK_AGAIN_AFTER = timedelta(seconds=1)
TASKS_PER_BATCH = 4


class TaskFailed(Exception):
    """An unexpected error ended the task. It has been logged under the reference that this names."""


class LoggedTask(Task[Any, Any]):
    """Logs an unexpected error with its traceback once in this process, and as one line from then on.

    Celery and django-structlog would each write the traceback every time that the task runs.
    """

    throws = (TaskFailed,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.run(*args, **kwargs)
        except Exception as error:
            reference = log_unexpected("unexpected_error", error, task=self.name, arguments=args)
            raise TaskFailed(reference) from error


# In a worker with several processes: all of them but one may check files at the same time.
_slots: CheckSlots | None = None


@signals.worker_init.connect
def open_check_slots(sender: Any, **_: Any) -> None:
    """Runs in the worker's parent process, before it starts the others."""
    global _slots  # noqa: PLW0603 - inherited by the processes
    _slots = CheckSlots(sender.concurrency - 1) if sender.concurrency > 1 else None


@shared_task(base=LoggedTask)
def check_batch(batch_id: int) -> None:
    """Check the batch's file; if it conforms, go straight on to inviting.

    Without a free slot nothing is done: the processes that check now go on with whatever waits.
    """
    if _slots is None:
        check_and_go_on(batch_id)
        return
    with _slots.take() as is_free:
        waiting: int | None = batch_id if is_free else None
        while waiting is not None:
            check_and_go_on(waiting)
            waiting = check.find_waiting()


def check_and_go_on(batch_id: int) -> None:
    """Check the batch's file and enqueue what follows."""
    batch = check.check_batch(batch_id)
    if batch:
        enqueue_next_step(batch)


@shared_task(base=LoggedTask)
def process_chunk(batch_id: int) -> None:
    """Work on one chunk of the batch, then make room for other batches before the next one."""
    claim = chunks.claim_chunk(batch_id)
    wait = process_claimed_chunk(claim) if claim is not None else None
    # Without a chunk there is nothing to do here now: others are at it, or the mail server is left alone for a
    # while. The recovery task sees to both.
    if not end_batch(batch_id) and claim is not None:
        enqueue_on_commit(process_chunk, batch_id, after=wait)


@shared_task(base=LoggedTask)
def revoke_slice(batch_id: int) -> None:
    """Write down a slice of what undoing takes back, then make room for others before the next one."""
    try:
        wait = undo.revoke_slice(batch_id)
    except Exception as error:
        undo.postpone(batch_id, error)
        raise
    if wait is not None:
        enqueue_on_commit(revoke_slice, batch_id, after=wait)


@shared_task(base=LoggedTask)
def clean_up_batch(batch_id: int) -> None:
    """Delete some of what an ended batch no longer needs, then make room for others before going on."""
    if cleanup.clean_up(batch_id):
        enqueue_on_commit(clean_up_batch, batch_id)


@shared_task(base=LoggedTask)
def process_bulk_action(action_id: int) -> None:
    """Handle a chunk of a bulk action, then make room for others before the next one."""
    handled = bulk_actions.work_on_chunk(action_id)
    if handled and handled.resent:
        enqueue_on_commit(send_due_invitations, handled.organization_id)
    if handled and handled.wait is not None:
        enqueue_on_commit(process_bulk_action, action_id, after=handled.wait)


@shared_task(base=LoggedTask)
def send_result_email(batch_id: int) -> None:
    """Mail the result of a long batch to the admin who started it."""
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
def recover() -> None:
    """Ask again for whatever stands still, and forget what counts no more. One step that fails stops no other."""
    for step in RECOVERY_STEPS:
        try:
            step()
        except Exception as error:
            log_unexpected("recovery_failed", error, step=step.__name__)


def enqueue_stalled_batches() -> None:
    """Ask again for the batches that stand still."""
    found = recovery.find_stalled_work()
    for batch_id in found.to_check:
        enqueue_on_commit(check_batch, batch_id)
    for batch_id in found.to_work_on:
        enqueue_chunks(batch_id)
    for batch_id in found.to_undo:
        enqueue_on_commit(revoke_slice, batch_id)


def enqueue_due_mail() -> None:
    """Ask again for the mail of single people that is due."""
    for organization_id in outbox.organizations_with_due_mail():
        enqueue_on_commit(send_due_invitations, organization_id)


def enqueue_result_emails() -> None:
    """Ask again for the results that were not mailed yet."""
    for batch_id in result_email.find_unsent():
        enqueue_on_commit(send_result_email, batch_id)


def enqueue_stalled_bulk_actions() -> None:
    """Ask again for the bulk actions that stand still."""
    for action_id in bulk_actions.find_stalled():
        enqueue_on_commit(process_bulk_action, action_id)


def enqueue_cleanup() -> None:
    """Ask again for what ended batches no longer need."""
    for batch_id in cleanup.find_uncleaned():
        enqueue_on_commit(clean_up_batch, batch_id)


RECOVERY_STEPS: tuple[Callable[[], None], ...] = (
    enqueue_stalled_batches,
    enqueue_due_mail,
    enqueue_result_emails,
    enqueue_stalled_bulk_actions,
    enqueue_cleanup,
    quotas.delete_past_counts,
    rate_limit.forget_old_paces,
    domain_backoff.delete_old_backoffs,
)


def process_claimed_chunk(claim: chunks.ChunkClaim) -> timedelta | None:
    """Both stages of a claimed chunk. After how long more of the batch may be mailed, where the pace has a limit."""
    try:
        invite.invite_chunk(claim)
        return send.send_chunk(claim)
    except Exception as error:
        chunks.note_error(claim, error)
        raise


def end_batch(batch_id: int) -> bool:
    """End the batch when nothing of it is left to do; True if this call ended it."""
    ended = send.finish_batch(batch_id)
    if ended:
        enqueue_on_commit(send_result_email, batch_id)
    return ended


def start_processing(batch: Batch) -> None:
    """Begin with a file that was just stored, or corrected: a small one is checked at once, a large one by a worker.

    Never raises for what is in the file.
    """
    try:
        check.check_in_request(batch)
    except check_claims.NeedsWorker:
        enqueue_on_commit(check_batch, batch.pk)
        return
    except Exception as error:
        # Nothing is lost, so the admin does not see an error page: the file is stored, and a worker tries again.
        log_unexpected("check_failed", error, batch=batch.pk)
        return
    batch.refresh_from_db()
    enqueue_next_step(batch)


def process_next_step(batch: Batch) -> None:
    """Enqueue what is to be done with a batch that an admin has moved on."""
    if batch.state == Batch.State.CHECKING:
        enqueue_on_commit(check_batch, batch.pk)
    else:
        enqueue_next_step(batch)


def enqueue_next_step(batch: Batch) -> None:
    """Enqueue what follows a check: inviting, after an unexpected error the second try, or cleaning up."""
    if batch.state == Batch.State.INVITING:
        enqueue_chunks(batch.pk)
    elif batch.state == Batch.State.CHECKING:
        enqueue_on_commit(check_batch, batch.pk, after=CHECK_AGAIN_AFTER)
    elif batch.state in Batch.ENDED:
        enqueue_on_commit(clean_up_batch, batch.pk)


def enqueue_chunks(batch_id: int) -> None:
    """Let a few workers begin with the chunks of a batch."""
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

    A broker that is away loses only the hint: the recovery task finds the work.
    """
    given = (object_id,) if lock_token is None else (object_id, lock_token)
    enqueue(task, *given, times=times, countdown=after.total_seconds() if after else 0.0)
