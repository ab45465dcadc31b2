"""Store the roles and sites that invitations grant, and check who may manage and accept them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import AccessDenied, DomainError
from accounts.lookups import only_one
from accounts.models import Membership, Organization
from accounts.organizations.grants import AccessSelection, GrantableAccess, lock_selection, membership_now
from accounts.organizations.suspension import check_not_suspended
from accounts.permissions import Permission
from accounts.texts import StrOrPromise
from invites.models import AccessGrant, Batch, FailureReason, Invitation

CANNOT_CHANGE_IMPORT = gettext_lazy("You can’t change this import because it grants access you don’t have: {access}.")
CANNOT_EDIT = gettext_lazy("You can’t edit this invitation because it grants access you don’t have: {access}.")
CANNOT_RESEND = gettext_lazy("You can’t resend this invitation because it grants access you don’t have: {access}.")
CANNOT_REVOKE = gettext_lazy("You can’t revoke this invitation because it grants access you don’t have: {access}.")
CANNOT_REPLACE = gettext_lazy(
    "You can’t replace the earlier invitation for this address because it grants access you don’t have: {access}."
)


def check_may_invite(by: Membership) -> None:
    """Raises AccessDenied if the member may not invite users, and while the organization is suspended."""
    check_not_suspended(Organization.objects.get(pk=by.organization_id))
    _check_permission(by)


def _check_permission(by: Membership) -> None:
    if not by.has_permission(Permission.INVITE_USERS):
        raise AccessDenied(
            "not_allowed",
            _("You don’t have permission to invite users to {organization}.").format(organization=by.organization.name),
        )


def check_can_manage(
    by: Membership, grant: AccessGrant, why_not: StrOrPromise, *, even_suspended: bool = False
) -> Membership:
    """Raises AccessDenied unless `by` could grant all of it now: if you can't grant it, you can't change it.

    Every action on an import or an invitation calls this, in the transaction that has locked it. Returns `by` as it is
    now. `why_not` is the sentence for a member who can't, with `{access}` for what they can't grant.
    With `even_suspended`, it doesn't matter whether the organization is suspended: for downloads, and for work that a
    worker has begun.
    """
    now = membership_now(by)
    if not even_suspended:
        check_not_suspended(now.organization)
    _check_permission(now)
    if grant.organization_id != now.organization_id:
        raise AccessDenied("not_allowed", _("This belongs to another organization."))
    selection = selection_of(grant)
    GrantableAccess(now, roles=selection.roles).check_can_manage(selection, why_not)
    return now


def check_can_change(by: Membership, batch: Batch, *, even_suspended: bool = False) -> Membership:
    """The same for an import, before it is edited, corrected, checked, invited, stopped, undone or downloaded."""
    return check_can_manage(by, batch.grant, CANNOT_CHANGE_IMPORT, even_suspended=even_suspended)


def lock_to_change(by: Membership, batch: Batch) -> Membership:
    """Lock the batch, refresh it, and check that `by` may change it.

    The lock doesn't block transactions that only store a foreign key to the batch.
    """
    batch.refresh_from_db(from_queryset=Batch.objects.select_for_update(no_key=True))
    return check_can_change(by, batch)


def manageable_grants(by: Membership, grants: QuerySet[AccessGrant]) -> list[int]:
    """The ids of the grants that `by` could grant now. For actions on thousands of invitations."""
    grantable = GrantableAccess(membership_now(by))
    return [grant.pk for grant in grants.prefetch_related("roles", "sites") if grantable.can_grant(selection_of(grant))]


def why_not_change(by: Membership, batch: Batch) -> str:
    """Why `by` can't change this import, as a sentence; empty if they can."""
    selection = selection_of(batch.grant)
    return GrantableAccess(by, roles=selection.roles).why_not_manage(selection, CANNOT_CHANGE_IMPORT)


def lock_grantable(by: Membership, selection: AccessSelection) -> None:
    """Check that `by` could grant the selection now, and lock its roles and sites. Raises as `create_grant` does."""
    GrantableAccess(membership_now(by)).check_can_grant(selection)
    lock_selection(selection)


def create_grant(by: Membership, selection: AccessSelection) -> AccessGrant:
    """Store the selection, for invitations to share.

    Raises AccessDenied beyond the permissions of `by`, and DomainError("gone") for what was deleted meanwhile.
    Locks the roles and sites: a transaction that deletes one of them waits, and then finds it in use.
    """
    lock_grantable(by, selection)
    grant = AccessGrant.objects.create(organization=by.organization, all_sites=selection.all_sites)
    grant.roles.add(*selection.roles)
    grant.sites.add(*selection.sites)
    return grant


def lock_offered(grant: AccessGrant, why_not: StrOrPromise) -> AccessSelection:
    """Lock and return what a closed invitation or an ended import granted, before it is offered again.

    Only open invitations and unfinished imports protect roles and sites. Raises DomainError("gone"), with the message
    `why_not`, if all of its roles or all of its sites were deleted since.
    """
    lock_selection(selection_of(grant))
    selection = selection_of(grant)
    if not selection.roles or not (selection.sites or selection.all_sites):
        raise DomainError("gone", str(why_not))
    return selection


def selection_of(grant: AccessGrant) -> AccessSelection:
    """The selection that the grant stores."""
    return AccessSelection.of(grant.roles.all(), grant.sites.all(), all_sites=grant.all_sites)


def user_powers_of(grant: AccessGrant) -> tuple[str, ...]:
    """Those of `USER_POWERS` that its roles hold."""
    return AccessSelection.of(grant.roles.all()).user_powers


def check_still_allowed(inviter_id: int | None, organization: Organization, grant: AccessGrant) -> None:
    """Raises DomainError, with a code of `FailureReason`, if the inviter can no longer grant this.

    Permissions can be lost between an upload and its processing, and between an invitation and its acceptance.
    """
    members = Membership.objects.active().filter(organization=organization)
    membership = only_one(members.filter(user=inviter_id)) if inviter_id else None
    if membership is None or not membership.has_permission(Permission.INVITE_USERS):
        raise DomainError(FailureReason.INVITER_LEFT, str(FailureReason.INVITER_LEFT.label))
    selection = selection_of(grant)
    try:
        GrantableAccess(membership, roles=selection.roles).check_can_grant(selection)
    except AccessDenied as denied:
        raise DomainError(FailureReason.ACCESS_LOST, str(FailureReason.ACCESS_LOST.label)) from denied


def count_working_invitations(member: Membership) -> int:
    """How many links stop working when the member is deactivated or removed: those of invitations that they sent."""
    if member.deactivated_at is not None:
        return 0
    sent = Invitation.objects.open().filter(organization=member.organization_id, inviter=member.user_id)
    return sent.filter(expires_at__gt=timezone.now()).count()


class GrantKey(NamedTuple):
    """What many invitations share: their grant and their inviter."""

    grant_id: int
    inviter_id: int | None


def find_unauthorized(keys: Iterable[GrantKey]) -> dict[GrantKey, str]:
    """The keys whose inviter can no longer grant that, each with the code of a `FailureReason`."""
    reasons = {}
    for key in set(keys):
        grant = AccessGrant.objects.select_related("organization").get(pk=key.grant_id)
        try:
            check_still_allowed(key.inviter_id, grant.organization, grant)
        except DomainError as broken:
            reasons[key] = broken.code
    return reasons
