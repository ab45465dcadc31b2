"""Change, deactivate and remove members. A member who has access that you don't have can't be changed by you."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.activity.actions import Action
from accounts.activity.log import OWN_ACCOUNT, Change, Subject, about_member, record
from accounts.errors import AccessDenied, DomainError
from accounts.models import Membership, Organization, User
from accounts.organizations.access_changes import action_for, change_between, granted
from accounts.organizations.grants import AccessSelection, GrantableAccess, lock_selection
from accounts.organizations.suspension import check_not_suspended
from accounts.permissions import USER_ADMINISTRATION, Permission
from accounts.wording import listed

HAS_MORE = gettext_lazy("You can’t edit {user} because they have access you don’t have: {access}.")


@dataclass(frozen=True)
class MemberDetails:
    """What an organization calls a member. The names may differ from those of the account."""

    first_name: str
    last_name: str
    description: str


@transaction.atomic
def change_membership(
    by: Membership,
    membership: Membership,
    selection: AccessSelection,
    *,
    details: MemberDetails | None = None,
    confirmed: bool = False,
) -> Membership:
    """Replace the roles and sites of `membership`, and with `details` the names and the description.

    Returns the changed membership.

    Raises AccessDenied when `by` may not manage users, or when the member or the selection has more than `by` does.
    Raises DomainError: "gone", "no_role", "last_manager", and "gives_up" when `by` would lose their own permission to
    invite or to manage users and has not `confirmed` it.
    """
    lock_selection(selection)
    by, membership = _fresh(by, membership)
    _check_may_manage(by)
    check_can_manage_member(by, membership)
    GrantableAccess(by).check_can_grant(selection)
    if not selection.roles:
        raise DomainError("no_role", _("Choose at least one role."))
    subject = OWN_ACCOUNT if by == membership else about_member(membership)
    if details is not None:
        _change_details(by, membership, details, subject)
    before = AccessSelection.held_by(membership)
    membership.roles.set(selection.roles)
    membership.sites.set(selection.sites)
    membership.all_sites = selection.all_sites
    membership.save(update_fields=["all_sites"])
    changed = Membership.objects.get(pk=membership.pk)
    check_somebody_manages(by.organization)
    if by == changed and not confirmed:
        _check_keeps_user_administration(by, changed)
    change = change_between(before, selection)
    if action := action_for(change):
        record(by.organization_id, action, subject, by=by, change=change)
    return changed


def _change_details(by: Membership, membership: Membership, details: MemberDetails, subject: Subject) -> None:
    """Save and record those that differ."""
    after = {name: value for name, value in asdict(details).items() if value != getattr(membership, name)}
    if not after:
        return
    before = {name: getattr(membership, name) for name in after}
    for name, value in after.items():
        setattr(membership, name, value)
    membership.save(update_fields=[*after, "person_key"])
    record(by.organization_id, Action.USER_CHANGED, subject, by=by, change=Change(before=before, after=after))


@transaction.atomic
def remove_membership(by: Membership, membership: Membership) -> None:
    """Delete the membership. The user keeps their account and their other organizations.

    Members may remove themselves. Raises as `change_membership` does.
    """
    by, membership = _fresh(by, membership)
    if by != membership:
        _check_may_manage(by)
        check_can_manage_member(by, membership)
    had = granted(AccessSelection.held_by(membership))
    membership.delete()
    check_somebody_manages(by.organization)
    is_own = by.user_id == membership.user_id
    action, subject = (Action.LEFT, OWN_ACCOUNT) if is_own else (Action.USER_REMOVED, about_member(membership))
    record(by.organization_id, action, subject, by=by, change=Change(removed=had.added, before=had.after))


@transaction.atomic
def deactivate_membership(by: Membership, membership: Membership) -> None:
    """End the member's access to the organization. They keep their roles, sites and history, and their account.

    Does nothing if they are deactivated already. Nobody can deactivate themselves: DomainError("yourself"). Raises as
    `change_membership` does.
    """
    by, membership = _fresh(by, membership)
    _check_may_manage(by)
    if by == membership:
        raise DomainError(
            "yourself", _("You can’t deactivate yourself. Ask another admin to do it, or leave the organization.")
        )
    check_can_manage_member(by, membership)
    if membership.deactivated_at is not None:
        return
    membership.deactivated_at = timezone.now()
    membership.save(update_fields=["deactivated_at"])
    check_somebody_manages(by.organization)
    record(by.organization_id, Action.USER_DEACTIVATED, about_member(membership), by=by)


@transaction.atomic
def reactivate_membership(by: Membership, membership: Membership) -> None:
    """Give a deactivated member their access back, with the roles and sites that they kept.

    Does nothing if they are active. Raises as `change_membership` does: `by` could grant all that the member gets back.
    """
    by, membership = _fresh(by, membership)
    _check_may_manage(by)
    check_can_manage_member(by, membership)
    if membership.deactivated_at is None:
        return
    membership.deactivated_at = None
    membership.save(update_fields=["deactivated_at"])
    change = granted(AccessSelection.held_by(membership))
    record(by.organization_id, Action.USER_REACTIVATED, about_member(membership), by=by, change=change)


def check_somebody_manages(organization: Organization) -> None:
    """Raises DomainError("last_manager") if no active member with all sites can invite and manage users anymore.

    They need all sites, because nobody else can grant all sites. Call this after the change and in its transaction,
    which the exception rolls back. The caller has locked the organization, so two managers who remove each other at
    the same time can't both succeed.
    """
    if not _user_managers(organization).exists():
        raise DomainError(
            "last_manager",
            _(
                "This is the only person with access to all sites who can invite and manage users. "
                "Give someone else that access first."
            ),
        )


def manages_alone(membership: Membership) -> bool:
    """Whether the organization would have nobody left to invite and manage users without this member."""
    managers = _user_managers(membership.organization)
    return managers.filter(pk=membership.pk).exists() and not managers.exclude(pk=membership.pk).exists()


def check_may_deactivate(user: User) -> None:
    """Raises DomainError("last_manager") if an organization would lose its last manager: see `check_somebody_manages`.

    Call this before the change and in its transaction. It locks all organizations of the user.
    """
    ids = user.memberships.values("organization")
    for organization in Organization.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"):
        managers = _user_managers(organization)
        if managers.filter(user=user).exists() and not managers.exclude(user=user).exists():
            message = _(
                "{user} is the only person with access to all sites who can invite and manage users of {organization}. "
                "Someone else needs that access first."
            )
            raise DomainError("last_manager", message.format(user=user, organization=organization.name))


def _user_managers(organization: Organization) -> QuerySet[Membership]:
    """The active members with all sites whose roles allow them to see, to invite and to manage users."""
    members = organization.memberships.active().filter(all_sites=True)
    roles = list(organization.roles.all())
    for permission in USER_ADMINISTRATION:
        allowing = [role.pk for role in roles if permission in role.allowed]
        members = members.filter(pk__in=Membership.objects.filter(roles__in=allowing).values("pk"))
    return members


def _fresh(by: Membership, membership: Membership) -> tuple[Membership, Membership]:
    """Both memberships as they are now, locked together with the organization.

    The lock serializes changes in an organization. Otherwise two managers could remove each other at the same time.
    """
    Organization.objects.select_for_update(no_key=True).get(pk=by.organization_id)
    found = Membership.objects.select_for_update(of=("self",), no_key=True).filter(organization_id=by.organization_id)
    found = found.select_related("organization", "user").order_by("pk")
    members = {each.pk: each for each in found.filter(pk__in=(by.pk, membership.pk))}
    if by.pk not in members or not members[by.pk].is_active:
        raise AccessDenied("not_allowed", _("You are no longer a member of this organization."))
    check_not_suspended(members[by.pk].organization)
    if membership.pk not in members:
        raise DomainError("gone", _("This person is no longer a member."))
    return members[by.pk], members[membership.pk]


def _check_keeps_user_administration(before: Membership, after: Membership) -> None:
    lost = USER_ADMINISTRATION & before.permissions() - after.permissions()
    if lost:
        labels = listed([each.label for each in Permission if each in lost])
        message = _("You would lose these permissions: {permissions}. Only someone else can give them back to you.")
        raise DomainError("gives_up", message.format(permissions=labels))


def _check_may_manage(by: Membership) -> None:
    if not by.has_permission(Permission.MANAGE_USERS):
        raise AccessDenied("not_allowed", _("You don’t have permission to manage users."))


def check_can_manage_member(by: Membership, membership: Membership) -> None:
    """Raises AccessDenied unless `by` could grant all that the member has."""
    GrantableAccess(by).check_can_manage(AccessSelection.held_by(membership), HAS_MORE, user=membership.get_full_name())


def why_not_change_member(by: Membership, membership: Membership) -> str:
    """The message of `check_can_manage_member`; empty if `by` can change the member."""
    return GrantableAccess(by).why_not_manage(
        AccessSelection.held_by(membership), HAS_MORE, user=membership.get_full_name()
    )
