"""Sends invitations immediately, and ends every backoff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils import timezone

from invites.mailing.sender import SendResult, TimeSlice, send_invitations
from invites.models import Batch, DomainBackoff, Invitation


def addresses(mails: Iterable[object]) -> list[str]:
    """The recipients, sorted."""
    return sorted(mail.to[0] for mail in mails)  # type: ignore[attr-defined]


def send_now(ids: Sequence[int]) -> SendResult:
    """Send the invitations as the only worker."""
    organization_id = Invitation.objects.filter(pk__in=ids).values_list("organization_id", flat=True).first() or 0
    return send_invitations(ids, time_slice=TimeSlice(lambda: True, organization_id=organization_id))


def let_time_pass(batch: Batch) -> None:
    """End every backoff of the batch and of domains."""
    past = timezone.now() - timedelta(seconds=1)
    Batch.objects.filter(pk=batch.pk).update(mail_retry_at=past)
    batch.chunks.update(retry_at=past, mail_retry_at=past)
    DomainBackoff.objects.update(retry_at=past)
