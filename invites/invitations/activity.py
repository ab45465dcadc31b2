"""How invitations appear in the activity log."""

from __future__ import annotations

from accounts.activity.actions import Affected
from accounts.activity.log import Change, Subject
from accounts.organizations.access_changes import granted
from invites.invitations.authorization import selection_of
from invites.models import AccessGrant, Invitation


def about_invitation(invitation: Invitation) -> Subject:
    name = f"{invitation.first_name} {invitation.last_name}".strip()
    return Subject(Affected.INVITATION, invitation.pk, name, invitation.email)


def granted_by(grant: AccessGrant) -> Change:
    """The roles and sites that the grant gives."""
    return granted(selection_of(grant))
