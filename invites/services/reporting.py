"""Tell the admin who started a long batch how it ended, by e-mail."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone

from invites.models import Batch
from invites.queries.banners import banner_of

LONG = timedelta(minutes=1)


def report_batch(batch_id: int) -> bool:
    """Mail the result once, if the batch took longer than a minute; True when it was sent.

    Raises SMTPException or OSError when the mail server is away; it can be tried again then.
    """
    batch = Batch.objects.select_related("organization", "inviter").filter(pk=batch_id).first()
    if batch is None or batch.inviter is None or _work_took(batch) < LONG:
        return False
    if not Batch.objects.filter(pk=batch_id, reported_at=None).update(reported_at=timezone.now()):
        return False
    banner = banner_of(batch)
    context = {"batch": batch, "banner": banner, "link": f"{settings.BASE_URL}{banner.link_url}"}
    mail = EmailMultiAlternatives(
        subject=banner.title.rstrip("."),
        body=render_to_string("mail/batch_report.txt", context),
        to=[batch.inviter.email],
    )
    mail.attach_alternative(render_to_string("mail/batch_report.html", context), "text/html")
    try:
        mail.send()
    except (SMTPException, OSError):
        Batch.objects.filter(pk=batch_id).update(reported_at=None)
        raise
    return True


def _work_took(batch: Batch) -> timedelta:
    """How long it was checked and its people were invited, without the time that it waited for a decision."""
    checked = (batch.checked_at or batch.created_at) - batch.created_at
    invited = batch.ended_at - batch.inviting_at if batch.ended_at and batch.inviting_at else timedelta()
    return checked + invited
