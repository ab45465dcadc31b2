"""Invites one person, with roles and sites of their own."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import Membership, Organization
from accounts.organizations.grants import AccessSelection
from invites.checking import Cells, check_cells
from invites.invitations.authorization import check_can_manage, check_may_invite, create_grant
from invites.invitations.quotas import check_recipient_quota, consume_invitation_quota
from invites.invitations.tokens import derive_token, hash_token, new_seed
from invites.invitations.visibility import sees_everybody
from invites.models import Invitation, InvitationQuerySet


def invite_person(by: Membership, *, selection: AccessSelection, **cells: str) -> Invitation:
    """A pending invitation, whose mail is due at once: the caller enqueues the task that sends it.

    The cells are checked as those of a file. An earlier invitation of the address that expired, that could not be
    delivered, or whose import is being undone, is replaced if `by` could have given it. Raises AccessDenied, and
    DomainError: "bad_cell", "already_member", "already_invited", "over_quota".
    """
    check_may_invite(by)
    person = check_cells(Cells(**cells), row=1, line=1)
    if person.problems:
        raise DomainError("bad_cell", f"{person.problems[0].message}.")
    organization, email = by.organization, person.values.email
    now = timezone.now()
    try:
        with transaction.atomic():
            # First, as everybody does who gives roles and sites: in another order two would wait for each other.
            grant = create_grant(by, selection)
            _make_room(by, person.email_key)
            _check_not_invited(by, person.email_key, email)
            # After that: whoever accepts the last invitation is a member when it is not pending any more.
            _check_not_member(organization, person.email_key, email)
            check_recipient_quota(organization, person.email_key, email)
            seed = new_seed()
            invitation = Invitation.objects.create(
                organization=organization,
                grant=grant,
                inviter=by.user,
                email_key=person.email_key,
                **person.values._asdict(),
                token_seed=seed,
                token_hash=hash_token(derive_token(seed)),
                created_at=now,
                expires_at=expiry_from(now),
                mail_due_at=now,
            )
            # Last, as a batch does it: in another order the two would wait for each other.
            consume_invitation_quota(organization, by.user, 1)
            return invitation
    except IntegrityError as error:
        # Two admins invited the same person in the same moment; the constraint let one of them through.
        raise _already_invited(by, email) from error


def expiry_from(now: datetime) -> datetime:
    """Until when an invitation that is sent now can be accepted."""
    return now + timedelta(days=settings.INVITATION_DAYS)


def change_invitation(by: Membership, invitation: Invitation, selection: AccessSelection) -> None:
    """Gives a pending invitation other roles and sites; from now on `by` answers for it.

    The link in the email keeps working. Raises DomainError("not_pending"), and AccessDenied when `by` can't grant what
    the invitation gives now or what was chosen.
    """
    check_may_invite(by)
    with transaction.atomic():
        grant = create_grant(by, selection)
        held = pending_of(by.organization, invitation).select_for_update(no_key=True).first()
        if held is None:
            raise not_pending(invitation)
        # Looked at while it is held: somebody may have changed it since it was shown.
        check_can_manage(by, held.grant, to="change this invitation")
        held.grant, held.inviter = grant, by.user
        held.save(update_fields=["grant", "inviter"])


def pending_of(organization: Organization, invitation: Invitation) -> InvitationQuerySet:
    """The invitation as a query that finds it only while it is pending, for conditional updates."""
    return organization.invitations.open().filter(pk=invitation.pk)


def not_pending(invitation: Invitation) -> DomainError:
    """What is said when somebody accepted or revoked the invitation in the meantime."""
    return DomainError("not_pending", f"The invitation of {invitation.email} is no longer pending.")


def _check_not_member(organization: Organization, email_key: str, email: str) -> None:
    if organization.memberships.filter(user__email=email_key).exists():
        raise DomainError("already_member", f"{email} is a member of {organization.name} already.")


def _make_room(by: Membership, email_key: str) -> None:
    """Replace an invitation that is of no use any more, if `by` could have given it."""
    replaceable = by.organization.invitations.replaceable(undelivered=True).for_address(email_key)
    for held in replaceable.select_for_update(no_key=True):
        check_can_manage(by, held.grant, to="replace the earlier invitation of this address")
    replaceable.close(Invitation.State.REPLACED)


def _check_not_invited(by: Membership, email_key: str, email: str) -> None:
    if by.organization.invitations.open().for_address(email_key).exists():
        raise _already_invited(by, email)


def _already_invited(by: Membership, email: str) -> DomainError:
    """Anybody who invites people has to know who is invited already. Only some of them may see the list."""
    how = " To send it again, choose Resend in the list." if sees_everybody(by) else ""
    return DomainError("already_invited", f"{email} has an invitation to {by.organization.name} already.{how}")
