"""Decline an invitation, or report it as abuse, with the links at the foot of its email.

Callers pass the opt-out token of the link. Anyone who has it can read the mailbox, and needs no account.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.errors import DomainError
from accounts.lookups import only_one
from invites.checking import email_key
from invites.invitations.activity import about_invitation
from invites.invitations.blocking import block_address
from invites.invitations.tokens import invitation_id_in, is_opt_out_token
from invites.models import Invitation

State = Invitation.State


class Reported(NamedTuple):
    """An invitation, and the address that reports it."""

    invitation: Invitation
    email: str


def find_invitation(opt_out: str) -> Invitation | None:
    """The invitation of the token, in any state; None if the token is invalid or its address was corrected.

    Also None before a scheduled invitation is sent.
    """
    found = _with_id_in(opt_out)
    if found is None or found.is_scheduled:
        return None
    return found if is_opt_out_token(opt_out, found.pk, found.email_key) else None


def find_reported(opt_out: str) -> Reported | None:
    """The same, with the address to which its email went, which may have been corrected since."""
    found = _with_id_in(opt_out)
    if found is None or found.is_scheduled:
        return None
    earlier = found.earlier_links.order_by("pk").values_list("email", flat=True).distinct()
    emails = [found.email, *earlier]
    sent_to = (email for email in emails if is_opt_out_token(opt_out, found.pk, email_key(email)))
    return next((Reported(found, email) for email in sent_to), None)


def _with_id_in(opt_out: str) -> Invitation | None:
    """In a suspended organization, too: anybody can always decline and report abuse."""
    invitations = Invitation.objects.select_related("organization", "inviter")
    invitations = invitations.filter(organization__deletion_started_at=None)
    return only_one(invitations.filter(pk=invitation_id_in(opt_out)))


def current_invitation(opt_out: str) -> Invitation | None:
    """The same, or the newer invitation that has replaced it: in the same organization, to the same address."""
    found = find_invitation(opt_out)
    if found is None or found.state != State.REPLACED:
        return found
    same = Invitation.objects.filter(organization=found.organization_id, email_key=found.email_key)
    # One after the other, because each has an index of its own.
    newer = same.filter(state=State.PENDING).first() or same.filter(state=State.DECLINED).first()
    return newer or found


def can_be_declined(found: Invitation) -> bool:
    """Whether it is open. Whether it has expired doesn't matter."""
    return Invitation.objects.open().filter(pk=found.pk).exists()


@transaction.atomic
def decline(opt_out: str) -> Invitation:
    """Decline the invitation, also one that has expired. Its link stops working.

    If it was replaced by a newer one for the same address, that one is declined. Declining twice changes nothing.
    Raises DomainError("dead_link") if the token is invalid, or the invitation was accepted or revoked.
    """
    # Twice, because a newer invitation may replace it in between.
    for _attempt in range(2):
        found = current_invitation(opt_out)
        if found is not None and found.state == State.DECLINED:
            return found
        # Only one of accepting, declining and revoking succeeds, because each repeats the condition.
        if found is not None and Invitation.objects.open().filter(pk=found.pk).close(State.DECLINED):
            record(found.organization_id, Action.DECLINED, about_invitation(found), by=None)
            return found
    raise _dead_link()


def report_abuse(opt_out: str) -> Reported:
    """Stop all invitations to the address, of every organization. Raises DomainError("dead_link")."""
    found = find_reported(opt_out)
    if found is None:
        raise _dead_link()
    block_address(email_key(found.email), reported=found.invitation)
    return found


def _dead_link() -> DomainError:
    return DomainError("dead_link", _("This invitation is no longer valid."))
