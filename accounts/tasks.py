"""What workers do for accounts: send emails about them, and clean up what has expired.

They have a queue of their own (config/settings.py), so that a link to a new password overtakes an import.
"""

from __future__ import annotations

import structlog
from celery import shared_task
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.services import account_email
from accounts.services.rate_limit_storage import forget_expired_counts

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
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    forget_expired_counts()
    account_email.forget_old_emails()


def enqueue_emails(user_id: int | None) -> None:
    """Enqueue the task after the commit. If the broker is away, only the task is lost: the schedule finds the email."""

    def enqueue() -> None:
        try:
            send_account_emails.apply_async((user_id,))
        except (OperationalError, OSError) as error:
            log.warning("task_lost", task=send_account_emails.name, user=user_id, error=str(error))

    transaction.on_commit(enqueue)
