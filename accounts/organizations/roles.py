"""Create, change and delete roles. Nobody adds or removes a permission that they don't have.

Nobody changes the permissions of members whose access they can't grant either: see `role_access`.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import Change, about_role, record
from accounts.errors import AccessDenied, DomainError
from accounts.models import Membership, Organization, Role
from accounts.organizations.grants import AccessSelection, GrantableAccess, allowed_now
from accounts.organizations.in_use import why_in_use
from accounts.organizations.members import check_somebody_manages
from accounts.organizations.organizations import sort_permissions
from accounts.organizations.role_access import check_may_change_permissions
from accounts.organizations.signals import reasons_to_keep
from accounts.organizations.suspension import check_not_suspended
from accounts.permissions import Permission


@dataclass(frozen=True)
class RoleDraft:
    """The content of the role form."""

    name: str
    description: str
    permissions: frozenset[str]


def is_fixed(role: Role) -> bool:
    """Org Admin can't be changed, so that there is always a role that allows everything."""
    return role.is_org_admin


def may_edit(grantable: GrantableAccess, role: Role) -> bool:
    """Whether the editor can change the role: it isn't fixed, and they could grant all of it."""
    return not is_fixed(role) and grantable.can_grant(AccessSelection(roles=(role,)))


def check_can_change(by: Membership, role: Role) -> None:
    """Raises AccessDenied if the role has a permission that `by` doesn't have."""
    why_not = _("You can’t edit {access} because it has permissions you don’t have.")
    GrantableAccess(by).check_can_manage(AccessSelection(roles=(role,)), why_not)


@transaction.atomic
def save_role(by: Membership, draft: RoleDraft, role: Role | None = None) -> Role:
    """Create a role, or change `role`. A default role keeps its name.

    To change permissions, `by` must be able to grant all access of the members with the role.
    Raises AccessDenied, and DomainError: "fixed_role", "name_taken", "last_manager".
    """
    if role is not None:
        role = _locked(by, role, no_key=True)
    # The role is locked first, as in code that grants it. Another order could deadlock.
    organization = Organization.objects.select_for_update(no_key=True).get(pk=by.organization_id)
    # The permissions of `by` may have changed during the wait for the locks.
    by = allowed_now(by, Permission.MANAGE_ROLES)
    check_not_suspended(by.organization)
    if role is None:
        role = Role(organization=organization)
    else:
        _check_editable(by, role)
        if draft.permissions != role.allowed:
            check_may_change_permissions(by, role)
    if not by.permissions() >= draft.permissions:
        raise AccessDenied("beyond_permissions", _("A role can’t include a permission that you don’t have yourself."))
    before = None if role.pk is None else RoleDraft(role.name, role.description, role.allowed)
    role.name = role.name if role.is_default else draft.name
    role.description = draft.description
    role.permissions = sort_permissions(draft.permissions)
    try:
        with transaction.atomic():
            role.save()
    except IntegrityError as error:
        message = _("There is already a role named “{name}”. Choose another name.").format(name=draft.name)
        raise DomainError("name_taken", message) from error
    check_somebody_manages(organization)
    _record_saved(by, role, before)
    return role


def _record_saved(by: Membership, role: Role, before: RoleDraft | None) -> None:
    """Record a new role, or what is different from `before`."""
    had = before or RoleDraft("", "", frozenset())
    values = {"name": (had.name, role.name), "description": (had.description, role.description)}
    changed = {name: pair for name, pair in values.items() if before and pair[0] != pair[1]}
    change = Change(
        added={"permissions": sort_permissions(role.allowed - had.permissions)},
        removed={"permissions": sort_permissions(had.permissions - role.allowed)},
        before={name: old for name, (old, _new) in changed.items()},
        after={name: new for name, (_old, new) in changed.items()},
        values={"members": role.memberships.count()} if before else {},
    )
    if before is None:
        record(by.organization_id, Action.ROLE_ADDED, about_role(role), by=by, change=change)
    elif changed or had.permissions != role.allowed:
        record(by.organization_id, Action.ROLE_CHANGED, about_role(role), by=by, change=change)


@transaction.atomic
def delete_role(by: Membership, role: Role) -> None:
    """Delete a role that nobody has and that no open invitation grants.

    Raises AccessDenied, and DomainError: "default_role", "in_use".
    """
    role = _locked(by, role)
    by = allowed_now(by, Permission.MANAGE_ROLES)
    check_not_suspended(by.organization)
    if role.is_default:
        message = _("Every organization has the role {name}, so you can’t delete it.").format(name=role.name)
        raise DomainError("default_role", message)
    _check_editable(by, role)
    check_may_change_permissions(by, role)
    if in_use := why_in_use(role):
        raise DomainError("in_use", in_use)
    for reason in reasons_to_keep(role):
        raise DomainError("in_use", reason)
    record(by.organization_id, Action.ROLE_DELETED, about_role(role), by=by)
    role.delete()


def _locked(by: Membership, role: Role, *, no_key: bool = False) -> Role:
    """Lock and refresh the role. Transactions that grant it wait for the lock.

    With `no_key`, transactions that only store a foreign key to the role don't.
    """
    roles = Role.objects.select_for_update(no_key=no_key).filter(organization_id=by.organization_id)
    found = roles.filter(pk=role.pk).first()
    if found is None:
        raise DomainError("gone", _("This role has been deleted."))
    return found


def _check_editable(by: Membership, role: Role) -> None:
    if is_fixed(role):
        message = _("{name} always has every permission, so you can’t change it.").format(name=role.name)
        raise DomainError("fixed_role", message)
    check_can_change(by, role)
