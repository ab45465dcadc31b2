"""Invite single people, and read their emails."""

from __future__ import annotations

from collections.abc import Callable

from django.core import mail
from django.core.mail import EmailMultiAlternatives

from accounts.models import Organization, Role, Site
from accounts.organizations.grants import AccessSelection
from invites.invitations.tokens import derive_token
from invites.mailing.outbox import send_due_invitations
from invites.models import Invitation

Invite = Callable[..., Invitation]


def selection_of(organization: Organization, *roles: str, sites: list[Site] | None = None) -> AccessSelection:
    """Roles by name; all sites, unless some are given."""
    chosen = list(Role.objects.filter(organization=organization, name__in=roles))
    assert len(chosen) == len(roles), roles
    return AccessSelection.of(chosen, sites or (), all_sites=sites is None)


def token_of(invitation: Invitation) -> str:
    return derive_token(invitation.token_seed)


def link_of(invitation: Invitation) -> str:
    """The path of the link in the email."""
    return f"/i/{token_of(invitation)}/"


def deliver(organization: Organization) -> list[EmailMultiAlternatives]:
    """Do the worker's job for the organization, and return the emails that it sent."""
    before = len(mail.outbox)
    more = send_due_invitations(organization.pk)
    while more:
        more = send_due_invitations(organization.pk, more.lock_token)
    return mail.outbox[before:]  # type: ignore[return-value]
