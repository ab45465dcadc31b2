"""Sends an invitation email to the admin who wants to see it. Nobody is invited, and its link leads nowhere."""

from __future__ import annotations

import math
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.errors import DomainError
from accounts.models import Membership, Organization
from accounts.organizations.suspension import check_not_suspended
from accounts.users import rate_limits
from accounts.wording import counted
from invites.invitations.links import expiry_from
from invites.invitations.tokens import link_for, new_seed
from invites.mailing.content import EmailContent
from invites.mailing.send_now import send_now
from invites.mailing.template import InvitationTemplate

# In the place of a token. No token is so short.
TEST_TOKEN = "test"  # noqa: S105
_TOO_MANY = ngettext_lazy(
    "Too many tests. Try again in {count} minute.", "Too many tests. Try again in {count} minutes."
)


class ExampleInvitee(NamedTuple):
    """Somebody who isn't invited."""

    email: str
    first_name: str
    token_seed: str
    expires_at: datetime

    @classmethod
    def of(cls, email: str, first_name: str, sent_at: datetime) -> ExampleInvitee:
        return cls(email, first_name, new_seed(), expiry_from(sent_at))


def trial_link() -> str:
    """Leads to the page *This is a test*."""
    return link_for(TEST_TOKEN)


def send_trial(by: Membership, content: EmailContent, *, first_name: str, as_sent_at: datetime | None = None) -> None:
    """Send the email to `by`, as a person with this first name would get it, now or at `as_sent_at`.

    Raises DomainError: "too_many", "mail_failed", and AccessDenied while the organization is suspended.
    """
    check_not_suspended(Organization.objects.get(pk=by.organization_id))
    limit = rate_limits.TEST_EMAILS_OF_USER
    if not rate_limits.hit(limit, str(by.user_id)):
        minutes = math.ceil(rate_limits.seconds_left(limit, str(by.user_id)) / 60)
        raise DomainError("too_many", counted(_TOO_MANY, max(1, minutes)))
    template = InvitationTemplate(content)
    invitee = ExampleInvitee.of(by.user.email, first_name, as_sent_at or timezone.now())
    try:
        send_now(template.build(invitee, link=trial_link(), opt_out=TEST_TOKEN))
    except DomainError as broken:
        message = _("The test couldn’t be sent. {reason}").format(reason=broken.message)
        raise DomainError(broken.code, message) from broken
