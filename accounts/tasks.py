"""What workers do for accounts: send emails about them, and clean up what has expired.

They have a queue of their own (config/settings.py), so that a link to a new password overtakes an import.
"""

from __future__ import annotations

from typing import Any

import structlog
from celery import Task, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.users import account_email
from accounts.users.rate_limit_storage import forget_expired_counts
from accounts.users.sessions import SessionStore

log = structlog.get_logger(__name__)


@shared_task
def send_account_emails(user_id: int | None) -> None:
    """Send the emails that wait for the user. None is for addresses without an account: nothing is sent."""
    account_email.send_due_emails(user_id)


@shared_task
def send_unsent_emails() -> None:
    """Send the emails whose task was lost or whose mail server was away."""
    account_email.send_unsent()


@shared_task
def clean_up() -> None:
    """Remove expired sessions, expired counts of attempts, and emails that nobody waits for any more."""
    SessionStore.clear_expired()
    forget_expired_counts()
    account_email.forget_old_emails()


def enqueue_emails(user_id: int | None) -> None:
    """Let a worker send the emails that wait for the user, after the commit."""
    enqueue(send_account_emails, user_id)


def enqueue(task: Task[Any, Any], *given: object, times: int = 1, countdown: float = 0.0) -> None:
    """Enqueue the task after the commit. A broker that is away loses only the task: the schedule finds the work."""

    def publish() -> None:
        try:
            for _ in range(times):
                task.apply_async(given, countdown=countdown)
        except (OperationalError, OSError) as error:
            log.warning("task_lost", task=task.name, given=given, error=str(error))

    transaction.on_commit(publish)
