"""Whether an address can be invited: it belongs to no member, no open invitation, and nobody who declined."""

from __future__ import annotations

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.lookups import only_one
from accounts.models import Membership, Organization
from invites.invitations.authorization import (
    CANNOT_REPLACE,
    check_can_manage,
)
from invites.invitations.visibility import sees_everybody
from invites.models import Invitation


def make_room(by: Membership, email_key: str, *, despite_decline: bool) -> None:
    """Replace an earlier invitation that no longer works, if `by` could have granted it."""
    replaceable = by.organization.invitations.replaceable(undelivered=True).for_address(email_key)
    declined = by.organization.invitations.declined().for_address(email_key)
    for found in (replaceable, declined) if despite_decline else (replaceable,):
        for held in found.select_for_update(no_key=True):
            check_can_manage(by, held.grant, CANNOT_REPLACE)
        found.close(Invitation.State.REPLACED)


def check_not_invited(by: Membership, email_key: str, email: str) -> None:
    if by.organization.invitations.open().for_address(email_key).exists():
        raise already_invited(by, email)


def already_invited(by: Membership, email: str) -> DomainError:
    """Every inviter may learn that the address is already invited, but only some may see the list."""
    if sees_everybody(by):
        message = _("{email} is already invited to {organization}. To send another email, choose Resend in the list.")
    else:
        message = _("{email} is already invited to {organization}.")
    return DomainError("already_invited", message.format(email=email, organization=by.organization.name))


class AlreadyDeactivatedError(DomainError):
    """The address belongs to `membership`, which is deactivated. Reactivating it doesn't need an invitation."""

    def __init__(self, membership: Membership, email: str) -> None:
        message = _("{email} is deactivated in {organization}. Ask someone who can manage users to reactivate them.")
        super().__init__("already_deactivated", message.format(email=email, organization=membership.organization.name))
        self.membership = membership


def check_not_member(organization: Organization, email_key: str, email: str) -> None:
    """Raises DomainError("already_member"), or AlreadyDeactivatedError."""
    found = only_one(organization.memberships.select_related("organization", "user").filter(user__email=email_key))
    if found is None:
        return
    if found.deactivated_at is not None:
        raise AlreadyDeactivatedError(found, email)
    raise DomainError(
        "already_member",
        _("{email} is already a member of {organization}.").format(email=email, organization=organization.name),
    )


def check_not_declined(organization: Organization, email_key: str, email: str) -> None:
    """Raises DomainError("declined")."""
    declined = organization.invitations.declined().for_address(email_key).first()
    if declined is not None:
        raise DomainError("declined", declined_text(declined, email))


def declined_text(declined: Invitation, email: str) -> str:
    """ "ann@example.com declined an invitation to Acme on Nov 3.", with the year if it isn't this one."""
    local = timezone.localtime(declined.closed_at)
    when = date_format(local, "MONTH_DAY_FORMAT" if local.year == timezone.localtime().year else "DATE_FORMAT")
    return _("{email} declined an invitation to {organization} on {date}.").format(
        email=email, organization=declined.organization.name, date=when
    )
