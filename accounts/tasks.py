"""Tasks for accounts: send emails about them, and delete expired rows.

They have a queue of their own (config/settings.py), so that a password reset doesn't wait for an import.
"""

from __future__ import annotations

from typing import Any

import structlog
from celery import Task, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.activity.log import delete_old_entries
from accounts.activity.source import Source
from accounts.users import account_email, failed_sign_ins
from accounts.users.rate_limit_storage import forget_expired_counts
from accounts.users.sessions import SessionStore

log = structlog.get_logger(__name__)


@shared_task
def send_account_emails(user_id: int | None) -> None:
    """Send the due emails of the user. None is for addresses without an account: nothing is sent."""
    account_email.send_due_emails(user_id)


@shared_task
def send_unsent_emails() -> None:
    """Send the emails whose task was lost or whose mail server was away."""
    account_email.send_unsent()


@shared_task
def clean_up() -> None:
    """Delete expired sessions and rate limit counts, emails that were given up, and old entries of the activity log."""
    SessionStore.clear_expired()
    forget_expired_counts()
    account_email.forget_old_emails()
    delete_old_entries()


@shared_task
def record_failed_sign_in(email: str, source: dict[str, str]) -> None:
    """Record it where the account is a member, if there is one."""
    failed_sign_ins.record_failed_sign_in(email, Source.from_json(source))


def enqueue_emails(user_id: int | None) -> None:
    """Let a worker send the due emails of the user, after the commit."""
    enqueue(send_account_emails, user_id)


def enqueue(task: Task[Any, Any], *given: object, times: int = 1, countdown: float = 0.0) -> None:
    """Enqueue the task after the commit. If the broker is down, only the task is lost: the schedule finds the work."""

    def publish() -> None:
        try:
            for _ in range(times):
                task.apply_async(given, countdown=countdown)
        except (OperationalError, OSError) as error:
            log.warning("task_lost", task=task.name, given=given, error=str(error))

    transaction.on_commit(publish)
