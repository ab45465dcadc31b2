"""The email with the link by which its reader confirms a reply-to address."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.languages import in_language
from accounts.users import rate_limits
from invites.checking import email_key
from invites.checking.cells.links import defuse, defuse_header
from invites.invitations.tokens import derive_token
from invites.mailing.send_now import send_now
from invites.mailing.template import one_line
from invites.models import ReplyToRequest


def send_reply_to_link(request: ReplyToRequest) -> None:
    """Send the link. Raises DomainError: "too_many", "mail_failed"."""
    by_organization = rate_limits.REPLY_TO_LINKS_OF_ORGANIZATION
    if not rate_limits.hit(by_organization, str(request.organization_id)) or not rate_limits.hit_daily(
        rate_limits.REPLY_TO_LINKS_OF_ADDRESS, email_key(request.email)
    ):
        raise DomainError("too_many", _("The link was sent too often. Try again later."))
    with in_language(request.organization.language):
        message = _message(request)
    send_now(message)


def _message(request: ReplyToRequest) -> EmailMultiAlternatives:
    organization = one_line(request.organization.name)
    by = request.requested_by
    context = {
        "organization": defuse(organization),
        "email": request.email,
        "requested_by": defuse(one_line(by.get_full_name())) if by else "",
        "link": f"{settings.BASE_URL}{reverse('public_mailing:reply_to', args=[derive_token(request.token_seed)])}",
        "expires": date_format(localtime(request.expires_at, request.organization.zone)),
    }
    message = EmailMultiAlternatives(
        subject=defuse_header(_("Confirm the reply-to address for {organization}").format(organization=organization)),
        body=render_to_string("mail/reply_to.txt", context),
        to=[request.email],
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )
    message.attach_alternative(render_to_string("mail/reply_to.html", context), "text/html")
    return message
