"""Mail that is sent now, and time that passes between two tries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils import timezone

from invites.mailing.sender import MailRun, Turn, send_invitations
from invites.models import Batch, DomainBackoff


def addresses(mails: Iterable[object]) -> list[str]:
    """Who was written to, sorted."""
    return sorted(mail.to[0] for mail in mails)  # type: ignore[attr-defined]


def send_now(ids: Sequence[int]) -> MailRun:
    """Sends the invitations where nobody else is at work."""
    return send_invitations(ids, turn=Turn(lambda: True))


def let_time_pass(batch: Batch) -> None:
    """As if all pauses were over."""
    past = timezone.now() - timedelta(seconds=1)
    Batch.objects.filter(pk=batch.pk).update(mail_not_before=past)
    batch.ranges.update(not_before=past, put_off_until=past)
    DomainBackoff.objects.update(not_before=past)
