"""Accept an invitation: its link leads to a membership, once.

Callers pass the hash of the token, so that the token itself is never stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import NOTHING_MORE, OWN_ACCOUNT, record
from accounts.activity.source import current_source
from accounts.errors import DomainError
from accounts.lookups import only_one
from accounts.models import Membership, Organization, User
from invites.checking import ANY_DOMAIN, Cells, check_cells
from invites.invitations.activity import granted_by
from invites.invitations.authorization import check_still_allowed
from invites.models import Invitation, InvitationQuerySet
from invites.problems import explain


@dataclass(frozen=True)
class NewAccount:
    """What an invitee without an account entered on the page of the invitation."""

    first_name: str
    last_name: str
    password: str


def find_open_invitation(token_hash: str) -> Invitation:
    """The invitation of the link.

    Raises DomainError("dead_link") if the link is unknown, was used or revoked, or has expired, if the inviter could
    not send the invitation today, and while the organization is suspended. The code is the same for all, so nobody can
    tell them apart.
    """
    invitation = only_one(_with_open_link(token_hash).select_related("organization", "inviter", "grant"))
    if invitation is None:
        raise _dead_link()
    _check_inviter(invitation)
    return invitation


def note_opened(token_hash: str) -> None:
    """Remember when, and with which browser, the link was opened first."""
    unopened = Invitation.objects.open().with_link().filter(token_hash=token_hash, opened_at=None)
    unopened.update(opened_at=timezone.now(), opened_with=current_source().user_agent)


def find_account(invitation: Invitation) -> User | None:
    """The account with the invited address, if there is one."""
    return only_one(User.objects.filter(email=invitation.email_key))


def accept_with_existing_account(user: User, token_hash: str) -> Membership:
    """Accept the invitation for a user who has signed in.

    Raises DomainError: "dead_link", "other_mailbox" if the invitation went to another address, and "deactivated" for a
    deactivated member, whom only an admin can reactivate.
    """
    with transaction.atomic():
        invitation = _mark_accepted(token_hash)
        if user.email != invitation.email_key:
            raise DomainError("other_mailbox", _("This invitation is for another email address."))
        return _become_member(user, invitation)


def accept_with_new_account(token_hash: str, account: NewAccount) -> Membership:
    """Create the account and the membership.

    Raises DomainError: "dead_link", "has_account" if the address has an account by now, "bad_cell" for an invalid name.
    """
    # Hashing is slow on purpose, so it happens before the transaction.
    hashed = make_password(account.password)
    try:
        with transaction.atomic():
            invitation = _mark_accepted(token_hash)
            cells = Cells(invitation.email, account.first_name, account.last_name)
            # Who was invited may join, even if the organization has changed its domains since.
            names = check_cells(cells, row=1, line=1, allowed=ANY_DOMAIN)
            if names.problems:
                raise DomainError("bad_cell", explain(names.problems[0]))
            if find_account(invitation) is not None:
                raise _has_account()
            user = User.objects.create(
                email=invitation.email_key,
                first_name=names.values.first_name,
                last_name=names.values.last_name,
                password=hashed,
            )
            invitation.first_name, invitation.last_name = user.first_name, user.last_name
            # The link came from the mailbox, so the address is verified.
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
            return _become_member(user, invitation)
    except IntegrityError as error:
        raise _has_account() from error


def _mark_accepted(token_hash: str) -> Invitation:
    """Mark the invitation as accepted. Only one of several concurrent requests succeeds."""
    if not _with_open_link(token_hash).close(Invitation.State.ACCEPTED):
        raise _dead_link()
    invitation = Invitation.objects.select_related("organization", "inviter", "grant").get(token_hash=token_hash)
    _check_inviter(invitation)
    return invitation


def _with_open_link(token_hash: str) -> InvitationQuerySet:
    """Also none while the organization is suspended."""
    active = Organization.objects.active()
    return Invitation.objects.open().unexpired().with_link().filter(token_hash=token_hash, organization__in=active)


def _become_member(user: User, invitation: Invitation) -> Membership:
    membership, is_new = Membership.objects.get_or_create(
        user=user,
        organization=invitation.organization,
        defaults={
            "all_sites": invitation.grant.all_sites,
            "first_name": invitation.first_name,
            "last_name": invitation.last_name,
            "description": invitation.description,
            # Home is the organization used last, which is now this one.
            "last_seen_at": timezone.now(),
        },
    )
    if membership.deactivated_at is not None:
        raise DomainError("deactivated", deactivated_text(membership.organization))
    if is_new:
        # Existing members keep their roles and sites.
        membership.roles.add(*invitation.grant.roles.all())
        membership.sites.add(*invitation.grant.sites.all())
    Invitation.objects.filter(pk=invitation.pk).update(accepted_by=user)
    given = granted_by(invitation.grant) if is_new else NOTHING_MORE
    record(invitation.organization_id, Action.ACCEPTED, OWN_ACCOUNT, by=user, change=given)
    return membership


def deactivated_text(organization: Organization) -> str:
    """What a deactivated member reads behind the link of an invitation."""
    message = _("You’re deactivated in {organization}. If you still need access, ask an admin there to reactivate you.")
    return message.format(organization=organization.name)


def find_accepted_membership(user: User, token_hash: str) -> Membership | None:
    """The membership that the user got by accepting this invitation, if it still exists."""
    accepted = Invitation.objects.filter(token_hash=token_hash, state=Invitation.State.ACCEPTED, accepted_by=user)
    memberships = user.memberships.filter(
        organization__deletion_started_at=None, organization__in=accepted.values("organization")
    )
    return only_one(memberships.select_related("organization"))


def _check_inviter(invitation: Invitation) -> None:
    """Raises DomainError("dead_link") if the inviter has left, or has lost the permissions to invite."""
    try:
        check_still_allowed(invitation.inviter_id, invitation.organization, invitation.grant)
    except DomainError as broken:
        raise _dead_link() from broken


def _dead_link() -> DomainError:
    return DomainError("dead_link", _("This invitation is no longer valid."))


def _has_account() -> DomainError:
    return DomainError("has_account", _("An account with this address already exists. Sign in with its password."))
