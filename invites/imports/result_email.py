"""Email the result of a long import to the admin who started it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.languages import in_language
from accounts.lookups import only_one
from accounts.mail_errors import MAIL_ERRORS
from accounts.models import Organization, User
from accounts.organizations.selectors import memberships_with_permission
from accounts.permissions import Permission
from invites.checking.cells.links import defuse_header
from invites.imports.presentation.banners import banner_of
from invites.imports.recovery import STALLED_AFTER
from invites.mailing.transports.errors import PermanentFailure, classify_error
from invites.models import Batch
from invites.unexpected_errors import is_transient, log_unexpected

LONG = timedelta(minutes=1)
RETRY_AFTER = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(days=1)


def find_unsent() -> list[int]:
    """The ids of batches whose result should have been emailed: the task was lost, or the mail server was down."""
    now = timezone.now()
    ended = Batch.objects.filter(
        state=Batch.State.DONE,
        ended_at__range=(now - GIVEN_UP_AFTER, now - STALLED_AFTER),
        organization__in=Organization.objects.active(),
    )
    unsent = ended.filter(_is_due(now)).only(
        "created_at", "checked_at", "inviting_started_at", "continued_at", "ended_at"
    )
    return [batch.pk for batch in unsent if _time_worked(batch) >= LONG]


def send_result_email(batch_id: int) -> None:
    """Email the result once, if the work took longer than a minute.

    Permanent failures and bugs are not retried, because pages show the result, too. Raises one of MAIL_ERRORS if the
    mail server is down; then it can be retried after RETRY_AFTER. If a process dies after sending the email and before
    saving that it did, the email is sent twice.
    """
    batch = only_one(Batch.objects.select_related("organization", "inviter", "continued_by").filter(pk=batch_id))
    to = batch.working_inviter if batch else None
    if batch is None or to is None or not batch.organization.is_active or _time_worked(batch) < LONG:
        return
    now = timezone.now()
    if not Batch.objects.filter(_is_due(now), pk=batch_id).update(result_email_claimed_until=now + RETRY_AFTER):
        return
    # An inviter who lost the permission may no longer know the result.
    members = memberships_with_permission(Permission.INVITE_USERS)
    if members.filter(organization=batch.organization, user=to).exists():
        _send(batch, to)
    Batch.objects.filter(pk=batch_id).update(result_emailed_at=timezone.now(), result_email_claimed_until=None)


def _send(batch: Batch, to: User) -> None:
    try:
        with in_language(to.language, batch.organization.language), timezone.override(batch.organization.zone):
            message = _email(batch, to)
        message.send()
    except MAIL_ERRORS as error:
        if not isinstance(classify_error(error), PermanentFailure):
            raise
    except Exception as error:
        if is_transient(error):
            raise
        log_unexpected("result_email_failed", error, batch=batch.pk)


def _email(batch: Batch, to: User) -> EmailMultiAlternatives:
    banner = banner_of(batch)
    context = {"batch": batch, "banner": banner, "link": f"{settings.BASE_URL}{banner.link_url}", "to": to}
    email = EmailMultiAlternatives(
        subject=defuse_header(banner.heading),
        body=render_to_string("mail/import_result.txt", context),
        to=[to.email],
    )
    email.attach_alternative(render_to_string("mail/import_result.html", context), "text/html")
    return email


def _is_due(now: datetime) -> Q:
    unclaimed = Q(result_email_claimed_until=None) | Q(result_email_claimed_until__lt=now)
    return Q(result_emailed_at=None) & unclaimed


def _time_worked(batch: Batch) -> timedelta:
    """How long the check and the inviting took, without the time in which the batch waited for a decision."""
    if batch.continued_at:
        return batch.ended_at - batch.continued_at if batch.ended_at else timedelta()
    checked = (batch.checked_at or batch.created_at) - batch.created_at
    invited = (
        batch.ended_at - batch.inviting_started_at if batch.ended_at and batch.inviting_started_at else timedelta()
    )
    return checked + invited
