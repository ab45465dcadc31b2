"""An open invitation, while it is open."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import Organization
from invites.models import Invitation, InvitationQuerySet


def pending_of(organization: Organization, invitation: Invitation) -> InvitationQuerySet:
    """A queryset that contains the invitation only while it is open, for conditional updates."""
    return organization.invitations.open().filter(pk=invitation.pk)


def not_pending(invitation: Invitation) -> DomainError:
    """The error if the invitation was accepted or revoked in the meantime."""
    return DomainError(
        "not_pending", _("The invitation to {email} is no longer pending.").format(email=invitation.email)
    )
