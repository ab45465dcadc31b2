"""Write down a set of roles and sites, and look at it again when it is about to take effect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet

from accounts.errors import AccessDenied, DomainError
from accounts.models import Membership, Organization, User
from accounts.organizations.grants import AccessSelection, GrantableAccess, check_grant, lock_selection, membership_now
from accounts.permissions import Permission
from invites.models import AccessGrant, Batch


def check_may_invite(by: Membership) -> None:
    """Raises AccessDenied when this member may not invite anybody."""
    if not by.has_permission(Permission.INVITE_USERS):
        raise AccessDenied("not_allowed", f"You may not invite users to {by.organization.name}.")


def check_can_manage(by: Membership, grant: AccessGrant, *, to: str) -> Membership:
    """If you can't grant it, you can't touch it: `by` must be able to give all of the grant now.

    Every action on an import or an invitation begins here, in the transaction that has locked it. Returns `by` as it is
    now. `to` is the end of the sentence for somebody who can't: "change this import". Raises AccessDenied.
    """
    now = membership_now(by)
    check_may_invite(now)
    if grant.organization_id != now.organization_id:
        raise AccessDenied("not_allowed", "This belongs to another organization.")
    GrantableAccess(now).check_can_manage(choice_of(grant), to=to)
    return now


def check_can_change(by: Membership, batch: Batch) -> Membership:
    """The same for an import: to edit, correct, check, invite, stop, undo or download it."""
    return check_can_manage(by, batch.grant, to="change this import")


def lock_to_change(by: Membership, batch: Batch) -> Membership:
    """Lock the batch until the end of the transaction, see it as it is now, and check that `by` may change it.

    Rows that only name the batch can be stored meanwhile.
    """
    batch.refresh_from_db(from_queryset=Batch.objects.select_for_update(no_key=True))
    return check_can_change(by, batch)


def manageable_grants(by: Membership, grants: QuerySet[AccessGrant]) -> list[int]:
    """The ids of those of the grants that `by` could give now, for changing thousands of invitations at once."""
    grantable = GrantableAccess(membership_now(by))
    return [grant.pk for grant in grants.prefetch_related("roles", "sites") if grantable.can_grant(choice_of(grant))]


def why_not_change(by: Membership, batch: Batch) -> str:
    """What a page says to somebody who can't change this import; empty for somebody who can."""
    return GrantableAccess(by).why_not_manage(choice_of(batch.grant), to="change this import")


def create_grant(by: Membership, choice: AccessSelection) -> AccessGrant:
    """The chosen roles and sites, for the invitations to share.

    Raises AccessDenied beyond the permissions of `by`, and DomainError("gone") for what was deleted meanwhile.
    Holds roles and sites: whoever deletes one of them waits, and finds it on offer.
    """
    check_grant(membership_now(by), choice)
    lock_selection(choice)
    grant = AccessGrant.objects.create(organization=by.organization, all_sites=choice.all_sites)
    grant.roles.set(choice.roles)
    if not choice.all_sites:
        grant.sites.set(choice.sites)
    return grant


def choice_of(grant: AccessGrant) -> AccessSelection:
    """The grant as a choice again."""
    return AccessSelection.of(grant.roles.all(), grant.sites.all(), all_sites=grant.all_sites)


def check_still_allowed(inviter: User | None, organization: Organization, grant: AccessGrant) -> None:
    """Raises DomainError when the inviter could not give this grant today: permissions are lost between an
    upload and its work, and between an invitation and its acceptance."""
    membership = Membership.objects.filter(user=inviter, organization=organization).first() if inviter else None
    if membership is None or not membership.user.is_active or not membership.has_permission(Permission.INVITE_USERS):
        raise DomainError("inviter_left", "The person who started this may no longer invite users.")
    try:
        check_grant(membership, choice_of(grant))
    except AccessDenied as denied:
        message = "The person who started this may no longer give these roles and sites."
        raise DomainError(denied.code, message) from denied


class GrantKey(NamedTuple):
    """What many invitations share: what they give, and who answers for them."""

    grant_id: int
    inviter_id: int | None


def find_unauthorized(offers: Iterable[GrantKey]) -> dict[GrantKey, str]:
    """Those of the offers that their inviters could not make today, each with the reason."""
    reasons = {}
    for offer in set(offers):
        grant = AccessGrant.objects.select_related("organization").get(pk=offer.grant_id)
        inviter = User.objects.filter(pk=offer.inviter_id).first() if offer.inviter_id else None
        try:
            check_still_allowed(inviter, grant.organization, grant)
        except DomainError as broken:
            reasons[offer] = broken.message
    return reasons
