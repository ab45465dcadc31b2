"""An expiring lock per organization: one worker at a time sends the invitations of the outbox.

Every new invitation, every resend and every recovery enqueues a task. If each of them kept going while there is work,
they would pile up and leave no worker for other organizations. So only the holder of the lock sends, and it transfers
the lock to the one task that it enqueues next. The lock of a worker that died expires.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from invites.models import SendLock

# Renewed about every second, and at each reply of the mail server, which may take EMAIL_TIMEOUT.
LIFETIME = timedelta(seconds=20)


class HeldSendLock:
    """A lock that this worker acquired. Every method does nothing if another worker has acquired it since."""

    def __init__(self, organization_id: int, token: str) -> None:
        self._token = token
        self._held = SendLock.objects.filter(organization=organization_id, token=token)

    def renew(self) -> bool:
        """Extend the lock; False if it was lost."""
        return self._expire_in(LIFETIME)

    def transfer(self, *, wait: timedelta) -> str | None:
        """The token with which a task can acquire the lock after the wait; None if it was lost."""
        return self._token if self._expire_in(wait + LIFETIME) else None

    def release(self) -> None:
        self._expire_in(timedelta(0))

    def _expire_in(self, delay: timedelta) -> bool:
        return bool(self._held.update(expires_at=timezone.now() + delay))


def acquire_send_lock(organization_id: int, token: str | None = None) -> HeldSendLock | None:
    """The lock of the organization, or None while another worker holds it and did not transfer it with this token."""
    now, new_token = timezone.now(), secrets.token_hex(16)
    lock = SendLock.objects.filter(organization=organization_id)
    free = Q(expires_at__lte=now) | Q(token=token)
    if lock.filter(free).update(token=new_token, expires_at=now + LIFETIME):
        return HeldSendLock(organization_id, new_token)
    if lock.exists():
        return None
    try:
        with transaction.atomic():
            SendLock.objects.create(organization_id=organization_id, token=new_token, expires_at=now + LIFETIME)
    except IntegrityError:
        # Another worker created it first, or the organization was deleted.
        return None
    return HeldSendLock(organization_id, new_token)


def active_send_locks() -> QuerySet[SendLock]:
    """The locks that a worker holds or was given, for a query about organizations."""
    return SendLock.objects.filter(expires_at__gt=timezone.now())
