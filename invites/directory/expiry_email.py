"""At most once a day, email inviters how many of their invitations expire soon or have expired.

Only if there is something new: an invitation that expires soon since the last email, or has expired since. A summary
isn't worth being sent twice, so one that a worker may have sent before it died isn't repeated; the banner says the
same. It is sent in the daytime of the organization's time zone.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.languages import in_language
from accounts.mail_errors import is_refused_for_good
from accounts.models import Membership, Organization
from accounts.organizations.daytime import is_daytime, next_daytime
from accounts.organizations.selectors import memberships_with_permission
from accounts.permissions import Permission
from invites.checking.cells.links import defuse_header
from invites.directory.expiry_notice import expiry_text
from invites.invitations.expiry import (
    SOON,
    Expiring,
    count_by_grant,
    count_expiring,
    count_for_members,
    find_orphaned,
)
from invites.models import ExpiryNotice

RETRY_AFTER = timedelta(minutes=2)
MOST_AT_ONCE = 200
# If an inviter has left, no more colleagues than these are told by email.
MOST_COLLEAGUES = 100


def organizations_to_tell() -> list[int]:
    """The ids of organizations whose inviters weren't told today, for the recovery task."""
    due = Organization.objects.active().filter(expiry_email_at__lte=timezone.now())
    return list(due.order_by("expiry_email_at").values_list("pk", flat=True)[:MOST_AT_ONCE])


@transaction.atomic
def decide_emails(organization_id: int) -> list[int]:
    """Store who gets an email today. Returns the ids of their memberships; the caller enqueues the task for each."""
    now = timezone.now()
    # Locked, so that only one of two workers decides.
    due = Organization.objects.active().filter(expiry_email_at__lte=now, pk=organization_id)
    organization = due.select_for_update(no_key=True).first()
    if organization is None:
        return []
    found: list[int] = []
    if is_daytime(organization.zone, now):
        tomorrow = now.astimezone(organization.zone).date() + timedelta(days=1)
        begin = datetime.combine(tomorrow, time(0), organization.zone)
        organization.expiry_email_at = next_daytime(organization.zone, begin)
        found = _store(organization, now)
    else:
        organization.expiry_email_at = next_daytime(organization.zone, now)
    organization.save(update_fields=["expiry_email_at"])
    return found


def _store(organization: Organization, now: datetime) -> list[int]:
    today = now.astimezone(organization.zone).date()
    members = _members_to_tell(organization, now)
    told = count_for_members(organization, members, now)
    notices = ExpiryNotice.objects.in_bulk(list(told))
    chosen = []
    for pk, found in told.items():
        notice = notices.get(pk)
        if found.total and _is_new(found, notice) and not (notice and notice.email_day and notice.email_day >= today):
            chosen.append(pk)
    intent = {"email_day": today, "counted_at": now, "email_due_at": now, "email_started_at": None}
    ExpiryNotice.objects.bulk_create(
        [ExpiryNotice(membership_id=pk, **intent) for pk in chosen],
        update_conflicts=True,
        unique_fields=["membership"],
        update_fields=list(intent),
    )
    return chosen


def _members_to_tell(organization: Organization, now: datetime) -> list[Membership]:
    """The inviters, and some who manage users if nobody else looks after an invitation. Without those who opted out."""
    groups = count_by_grant(organization, now)
    if not groups:
        return []
    able = _able().filter(organization=organization)
    ids = set(able.filter(user__in={key.inviter_id for key in groups if key.inviter_id}).values_list("pk", flat=True))
    if find_orphaned(organization, groups):
        managers = memberships_with_permission(Permission.MANAGE_USERS).filter(organization=organization)
        colleagues = able.filter(pk__in=managers.values("pk")).order_by("pk")
        ids.update(colleagues.values_list("pk", flat=True).distinct()[:MOST_COLLEAGUES])
    members = organization.memberships.filter(pk__in=ids)
    return list(members.select_related("organization").prefetch_related("roles", "sites"))


def _able() -> QuerySet[Membership]:
    return memberships_with_permission(Permission.INVITE_USERS).filter(user__wants_expiry_emails=True)


def _is_new(found: Expiring, notice: ExpiryNotice | None) -> bool:
    """Whether an invitation has come to expire soon, or has expired, since the last email."""
    last = notice.counted_at if notice else None
    if last is None:
        return True
    has_expired = found.last_expired is not None and found.last_expired > last
    return has_expired or (found.last_expiry is not None and found.last_expiry > last + SOON)


def find_unsent() -> list[int]:
    """The memberships whose email is due: the task was lost, or the mail server was down."""
    due = ExpiryNotice.objects.filter(email_due_at__lte=timezone.now())
    return list(due.order_by("email_due_at").values_list("pk", flat=True)[:MOST_AT_ONCE])


def send_expiry_email(membership_id: int) -> None:
    """Send the email of one member, with the numbers of this moment.

    Raises one of MAIL_ERRORS if the mail server is down; then it can be retried after RETRY_AFTER, until the evening.
    """
    now = timezone.now()
    notices = ExpiryNotice.objects.filter(pk=membership_id)
    if not notices.filter(email_due_at__lte=now).update(email_due_at=now + RETRY_AFTER):
        return
    member = _able().filter(pk=membership_id, organization__in=Organization.objects.active())
    found = member.select_related("user", "organization").first()
    message = _message(found, now) if found and is_daytime(found.organization.zone, now) else None
    if message is not None:
        with get_connection() as message.connection:
            # From here on, a worker that dies may have sent it.
            if notices.filter(email_started_at=None).update(email_started_at=timezone.now()):
                _send(message, notices)
    notices.update(email_due_at=None)


def _send(message: EmailMultiAlternatives, notices: QuerySet[ExpiryNotice]) -> None:
    try:
        message.send()
    except Exception as error:
        if is_refused_for_good(error):
            return
        if isinstance(error, SMTPResponseException | SMTPRecipientsRefused):
            # The server said that it didn't take it.
            notices.update(email_started_at=None)
        else:
            notices.update(email_due_at=None)
        raise


def _message(to: Membership, now: datetime) -> EmailMultiAlternatives | None:
    """None if there is nothing left to tell."""
    found = count_expiring(to, now)
    if not found.total:
        return None
    organization = to.organization
    with in_language(to.user.language, organization.language):
        words = expiry_text(found)
        heading = words.title.removesuffix(".")
        context = {
            "heading": heading,
            "words": words,
            "organization": organization.name,
            "email": to.user.email,
            "link": f"{settings.BASE_URL}{reverse('directory:expiring', args=[organization.slug])}",
            "account_link": f"{settings.BASE_URL}{reverse('users:account')}",
        }
        subject = _("{organization}: {title}").format(organization=organization.name, title=heading)
        email = EmailMultiAlternatives(
            subject=defuse_header(subject), body=render_to_string("mail/expiring.txt", context), to=[to.user.email]
        )
        email.attach_alternative(render_to_string("mail/expiring.html", context), "text/html")
    return email
