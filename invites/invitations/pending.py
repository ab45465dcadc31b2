"""An open invitation, while it is open, and what has become of it since."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from accounts.errors import DomainError
from accounts.lookups import only_one
from accounts.models import Organization
from accounts.texts import StrPromise
from invites.models import Invitation, InvitationQuerySet

_REVOKED = gettext_lazy("The invitation to {email} was already revoked, so nothing was changed.")
_CLOSED: dict[str | None, StrPromise] = {
    Invitation.State.ACCEPTED: gettext_lazy("{email} has already accepted the invitation, so nothing was changed."),
    Invitation.State.DECLINED: gettext_lazy("{email} has already declined the invitation, so nothing was changed."),
    Invitation.State.REPLACED: gettext_lazy(
        "The invitation to {email} was replaced by a newer one, so nothing was changed."
    ),
}


def pending_of(organization: Organization, invitation: Invitation) -> InvitationQuerySet:
    """A queryset that contains the invitation only while it is open, for conditional updates."""
    return organization.invitations.open().filter(pk=invitation.pk)


def closed_since(invitation: Invitation) -> DomainError | None:
    """The error for a page that still shows the invitation as pending; None if it is."""
    return None if pending_of(invitation.organization, invitation).exists() else not_pending(invitation)


def not_pending(invitation: Invitation) -> DomainError:
    """The error if the invitation was accepted, declined, revoked or replaced in the meantime."""
    state = only_one(Invitation.objects.filter(pk=invitation.pk).values_list("state", flat=True))
    return DomainError("not_pending", _CLOSED.get(state, _REVOKED).format(email=invitation.email))
