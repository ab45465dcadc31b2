"""Tell the admin who started a long batch how it ended, by e-mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.organizations.selectors import memberships_with_permission
from accounts.permissions import Permission
from invites.checking.cells.links import defuse_header
from invites.imports.presentation.banners import banner_of
from invites.imports.recovery import STILL_AFTER
from invites.mailing.transports.errors import MAIL_ERRORS, PermanentFailure, classify_error
from invites.models import Batch
from invites.unexpected_errors import is_transient, log_unexpected

LONG = timedelta(minutes=1)
# After an attempt, whatever became of it.
PAUSE = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(days=1)


def find_unreported() -> list[int]:
    """The batches whose result was to be mailed and was not: whoever was to do it was lost, or the mail server away."""
    now = timezone.now()
    ended = Batch.objects.filter(
        state=Batch.State.DONE,
        ended_at__range=(now - GIVEN_UP_AFTER, now - STILL_AFTER),
        inviter__isnull=False,
    )
    unreported = ended.filter(_to_be_reported(now)).only("created_at", "checked_at", "inviting_at", "ended_at")
    return [batch.pk for batch in unreported if _work_took(batch) >= LONG]


def report_batch(batch_id: int) -> None:
    """Mail the result once, if the batch took longer than a minute. One that is refused for good is not tried again.

    Neither is one that meets a bug of ours: the banner on the pages says the same. Raises one of MAIL_ERRORS when the
    mail server is away; it can be tried again after the pause. A process that
    dies between sending and noting it causes a second mail, and one that dies before loses none.
    """
    batch = Batch.objects.select_related("organization", "inviter").filter(pk=batch_id).first()
    if batch is None or batch.inviter is None or _work_took(batch) < LONG:
        return
    now = timezone.now()
    # Nobody checks it any more, so that the claim is free for this.
    if not Batch.objects.filter(_to_be_reported(now), pk=batch_id).update(claimed_until=now + PAUSE):
        return
    # Not to somebody who lost the right: what became of it is no longer theirs to know.
    if (
        memberships_with_permission(Permission.INVITE_USERS)
        .filter(organization=batch.organization, user=batch.inviter)
        .exists()
    ):
        _send(batch, to=batch.inviter.email)
    Batch.objects.filter(pk=batch_id).update(reported_at=timezone.now(), claimed_until=None)


def _send(batch: Batch, *, to: str) -> None:
    try:
        _mail(batch, to=to).send()
    except MAIL_ERRORS as error:
        if not isinstance(classify_error(error), PermanentFailure):
            raise
    except Exception as error:
        if is_transient(error):
            raise
        log_unexpected("report_failed", error, batch=batch.pk)


def _mail(batch: Batch, *, to: str) -> EmailMultiAlternatives:
    banner = banner_of(batch)
    context = {"batch": batch, "banner": banner, "link": f"{settings.BASE_URL}{banner.link_url}"}
    mail = EmailMultiAlternatives(
        subject=defuse_header(banner.title.rstrip(".")),
        body=render_to_string("mail/batch_report.txt", context),
        to=[to],
    )
    mail.attach_alternative(render_to_string("mail/batch_report.html", context), "text/html")
    return mail


def _to_be_reported(now: datetime) -> Q:
    return Q(reported_at=None) & (Q(claimed_until=None) | Q(claimed_until__lt=now))


def _work_took(batch: Batch) -> timedelta:
    """How long it was checked and its people were invited, without the time that it waited for a decision."""
    checked = (batch.checked_at or batch.created_at) - batch.created_at
    invited = batch.ended_at - batch.inviting_at if batch.ended_at and batch.inviting_at else timedelta()
    return checked + invited
