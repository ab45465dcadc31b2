"""Invitations of single people, and what their mails said."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from accounts.services.grants import GrantChoice
from invites.models import Invitation
from invites.services.due_mail import send_due_invitations
from invites.services.single import invite_person
from invites.services.tokens import derive_token

Invite = Callable[..., Invitation]


@pytest.fixture
def by(admin: User) -> Membership:
    """The admin's membership in Acme: who invites, unless a test says otherwise."""
    return admin.memberships.get()


@pytest.fixture
def invite(by: Membership, sites: list[Site]) -> Invite:
    """Invites one person through the service, by default to ReadOnly on Lyon depot and Ghent."""

    def invite(email: str = "chiara.rossi@people.example.com", **how: Any) -> Invitation:
        inviter: Membership = how.pop("by", by)
        names = {"first_name": "Chiara", "last_name": "Rossi", "description": ""}
        names |= {name: how.pop(name) for name in tuple(how) if name in names}
        choice = choice_of(inviter.organization, *how.pop("roles", ["ReadOnly"]), sites=how.pop("sites", sites[:2]))
        invitation = invite_person(inviter, email=email, choice=choice, **names)
        if how.pop("mailed", True):
            Invitation.objects.filter(pk=invitation.pk).update(
                mail_state=Invitation.Mail.SENT, mailed_at=timezone.now() - timedelta(hours=1), mail_due_at=None
            )
        if how.pop("expired", False):
            Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
        assert not how, how
        invitation.refresh_from_db()
        return invitation

    return invite


def choice_of(organization: Organization, *roles: str, sites: list[Site] | None = None) -> GrantChoice:
    """Roles by name; all sites, unless some are given."""
    chosen = [Role.objects.get(organization=organization, name=role) for role in roles]
    return GrantChoice.of(chosen, sites or (), all_sites=sites is None)


def token_of(invitation: Invitation) -> str:
    return derive_token(invitation.token_seed)


def link_of(invitation: Invitation) -> str:
    """The path of the address in the mail."""
    return f"/i/{token_of(invitation)}/"


def deliver(organization: Organization) -> list[EmailMultiAlternatives]:
    """What the worker does for the organization, and the mails that this brought."""
    before = len(mail.outbox)
    more = send_due_invitations(organization.pk)
    while more:
        more = send_due_invitations(organization.pk, more.handed_over)
    return mail.outbox[before:]  # type: ignore[return-value]


def text_of(html: str) -> str:
    """The words of a page or mail, tags taken out and white space evened."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
