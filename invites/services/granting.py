"""Write down a set of roles and sites, and look at it again when it is about to take effect."""

from __future__ import annotations

from accounts.errors import RuleBroken
from accounts.models import Membership, Organization, User
from accounts.permissions import Permission
from accounts.services.grants import GrantChoice, check_grant, hold_choice
from invites.models import Grant


def check_may_invite(by: Membership) -> None:
    """Raises RuleBroken "not_allowed" when this member may not invite anybody."""
    if not by.may(Permission.INVITE_USERS):
        raise RuleBroken("not_allowed", f"You may not invite users to {by.organization.name}.")


def create_grant(by: Membership, choice: GrantChoice) -> Grant:
    """The chosen roles and sites, for the invitations to share.

    Raises RuleBroken: "beyond_rights" beyond the rights of `by`, "gone" for what was deleted meanwhile.
    Holds roles and sites: whoever deletes one of them waits, and finds it on offer.
    """
    check_grant(by, choice)
    hold_choice(choice)
    grant = Grant.objects.create(organization=by.organization, all_sites=choice.all_sites)
    grant.roles.set(choice.roles)
    if not choice.all_sites:
        grant.sites.set(choice.sites)
    return grant


def choice_of(grant: Grant) -> GrantChoice:
    """The grant as a choice again."""
    return GrantChoice.of(grant.roles.all(), grant.sites.all(), all_sites=grant.all_sites)


def check_still_allowed(inviter: User | None, organization: Organization, grant: Grant) -> None:
    """Raises RuleBroken when the inviter could not give this grant today: rights are lost between an
    upload and its work, and between an invitation and its acceptance."""
    membership = Membership.objects.filter(user=inviter, organization=organization).first() if inviter else None
    if membership is None or not membership.user.is_active or not membership.may(Permission.INVITE_USERS):
        raise RuleBroken("inviter_left", "The person who started this may no longer invite users.")
    try:
        check_grant(membership, choice_of(grant))
    except RuleBroken as broken:
        message = "The person who started this may no longer give these roles and sites."
        raise RuleBroken(broken.code, message) from broken
