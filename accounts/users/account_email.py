"""Emails about accounts: the link to reset a password, and the notice that it was changed.

A page only stores a row, and a worker sends the email. So no page waits for the mail server, and no response reveals
whether an account exists.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from limits import RateLimitItem, RateLimitItemPerDay

from accounts.backoff import exponential_delay
from accounts.languages import in_language
from accounts.mail_errors import MAIL_ERRORS, is_refused_for_good
from accounts.models import AccountEmail, User
from accounts.users import rate_limits
from accounts.users.passwords import ResetTokenGenerator

# A claim lasts longer than any mail server takes.
CLAIM = timedelta(minutes=2)
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=10)
TURN_SECONDS = 3.0
MOST_OF_A_TURN = 500
GIVEN_UP_AFTER = timedelta(days=1)

log = structlog.get_logger(__name__)


@transaction.atomic
def request_reset(email: str) -> AccountEmail | None:
    """Store a request for a reset link. Returns None if there were too many for this address.

    Does the same work whether or not the address has an account. Links stay valid for longer than the limit lasts, so
    that somebody who uses up the owner's requests can't leave them without a valid link.
    """
    if not rate_limits.hit_daily(_resets_of_address(), email):
        return None
    user = User.objects.filter(email=email, is_active=True).only("pk").first()
    return AccountEmail.objects.create(user=user, kind=AccountEmail.Kind.PASSWORD_RESET)


def allow_resets_again(email: str) -> None:
    """Called when the password was changed: earlier links are invalid now, and the owner may need another one."""
    rate_limits.clear_daily(_resets_of_address(), email)


def send_due_emails(user_id: int | None) -> None:
    """Send the due emails of the user. Several emails of one kind become one.

    Errors of the mail server are logged, and the email is retried later.
    """
    for kind in AccountEmail.Kind:
        _send(user_id, kind)


def send_unsent() -> None:
    """Send due emails of all users for a few seconds: their task was lost, or the mail server was down."""
    ends_at = time.monotonic() + TURN_SECONDS
    due = AccountEmail.objects.filter(retry_at__lte=timezone.now())
    for user_id in set(due.values_list("user_id", flat=True)[:MOST_OF_A_TURN]):
        send_due_emails(user_id)
        if time.monotonic() > ends_at:
            return


def forget_old_emails() -> None:
    """Delete emails that could not be sent for a day."""
    AccountEmail.objects.filter(created_at__lt=timezone.now() - GIVEN_UP_AFTER).delete()


def _send(user_id: int | None, kind: AccountEmail.Kind) -> None:
    now = timezone.now()
    emails = AccountEmail.objects.filter(user=user_id, kind=kind)
    # Only one of several workers gets past this update. Its claim is recognized by its time.
    if not emails.filter(retry_at__lte=now).update(retry_at=now + CLAIM, attempts=F("attempts") + 1):
        return
    claimed = emails.filter(retry_at=now + CLAIM)
    user = None if user_id is None else User.objects.filter(pk=user_id, is_active=True).first()
    try:
        if user is not None:
            if kind == AccountEmail.Kind.PASSWORD_CHANGED:
                # Pages have done so already, but commands have not.
                allow_resets_again(user.email)
            with in_language(user.language):
                message = MESSAGES[kind](user)
            message.send()
    except Exception as error:
        if not is_refused_for_good(error):
            attempts = claimed.values_list("attempts", flat=True).first() or 1
            claimed.update(
                retry_at=timezone.now() + exponential_delay(attempts - 1, first=FIRST_DELAY, longest=LONGEST_DELAY)
            )
            if not isinstance(error, MAIL_ERRORS):
                raise
            log.warning("account_email_postponed", user=user_id, kind=kind.value, error=type(error).__name__)
            return
        log.warning("account_email_refused", user=user_id, kind=kind.value, error=type(error).__name__)
    claimed.delete()


def _reset_message(user: User) -> EmailMultiAlternatives:
    key = ResetTokenGenerator().make_token(user)
    link = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    context = {
        "email": user.email,
        # From the settings, because a Host header can be forged.
        "link": f"{settings.BASE_URL}{link}",
        "days": timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT).days,
    }
    message = EmailMultiAlternatives(
        subject=_("Choose a new password for Rollcall"),
        body=render_to_string("mail/password_reset.txt", context),
        to=[user.email],
    )
    message.attach_alternative(render_to_string("mail/password_reset.html", context), "text/html")
    return message


def _changed_message(user: User) -> EmailMultiAlternatives:
    context = {
        "email": user.email,
        "link": f"{settings.BASE_URL}{reverse('account_reset_password')}",
    }
    return EmailMultiAlternatives(
        subject=_("Your Rollcall password was changed"),
        body=render_to_string("mail/password_changed.txt", context),
        to=[user.email],
    )


MESSAGES: dict[AccountEmail.Kind, Callable[[User], EmailMultiAlternatives]] = {
    AccountEmail.Kind.PASSWORD_RESET: _reset_message,
    AccountEmail.Kind.PASSWORD_CHANGED: _changed_message,
}


def _resets_of_address() -> RateLimitItem:
    return RateLimitItemPerDay(settings.PASSWORD_RESETS_PER_ADDRESS_PER_DAY, namespace="resets-of-address")
