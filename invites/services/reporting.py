"""Tell the admin who started a long batch how it ended, by e-mail."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone

from invites.models import Batch
from invites.queries.banners import banner_of

LONG = timedelta(minutes=1)


def report_batch(batch_id: int) -> bool:
    """Mail the result once, if the batch took longer than a minute; True when it was sent."""
    batch = Batch.objects.select_related("organization", "inviter").get(pk=batch_id)
    if batch.inviter is None or batch.ended_at is None or batch.ended_at - batch.created_at < LONG:
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
    mail.send()
    return True
