"""Roles of an organization: the list, and the dialogs that add, change and delete one."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.models import Role
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.forms import RoleForm
from accounts.organizations.grants import GrantableAccess
from accounts.organizations.in_use import why_in_use
from accounts.organizations.role_access import check_may_change_permissions, why_not_permissions
from accounts.organizations.roles import check_can_change, delete_role, is_fixed, may_edit, save_role
from accounts.organizations.selectors import roles_of
from accounts.organizations.views.dialogs import about, ask_to_delete, done, posted, show
from accounts.permissions import Permission, permission_summary

LIST, CHANGED = "organizations:roles", "roles:changed"


@requires(Permission.MANAGE_ROLES)
@require_safe
def role_list(request: MemberRequest, organization: str) -> HttpResponse:
    """Every role with its permissions and the number of its members."""
    grantable, found = GrantableAccess(request.membership), roles_of(request.organization)
    kept = why_not_permissions(request.membership, request.organization.roles.all())
    roles = [
        {
            "role": role,
            "allows": permission_summary(role.allowed),
            "may_edit": may_edit(grantable, role),
            "may_delete": may_edit(grantable, role) and not role.is_default and role.pk not in kept,
        }
        for role in found
    ]
    template = "organizations/roles_list.html" if asks_for_fragment(request) else "organizations/roles.html"
    return render(request, template, {"roles": roles})


@requires(Permission.MANAGE_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def role_new(request: MemberRequest, organization: str) -> HttpResponse:
    """Add a role."""
    return _edit(request, None)


@requires(Permission.MANAGE_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def role_edit(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Change a role for everybody who has it."""
    return _edit(request, get_object_or_404(roles_of(request.organization), pk=pk))


def _edit(request: MemberRequest, role: Role | None) -> HttpResponse:
    locked = role is not None and not may_edit(GrantableAccess(request.membership), role)
    if request.method == "POST" and role is not None and not is_fixed(role):
        check_can_change(request.membership, role)
        # Browsers don't send disabled fields. If they are sent, the page is older than the current members of the role.
        if request.POST.getlist("permissions") and set(request.POST.getlist("permissions")) != role.allowed:
            check_may_change_permissions(request.membership, role)
    kept = _why_not_permissions(request, role)
    form = RoleForm(posted(request), membership=request.membership, role=role, permissions_stay=kept)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_role(request.membership, form.draft(), role)
        except DomainError as broken:
            form.add_error("name" if broken.code == "name_taken" else None, broken.message)
        else:
            said = _("The role {name} was added.") if role is None else _("The role {name} was changed.")
            return done(request, said.format(name=saved.name), event=CHANGED, page=LIST)
    context: dict[str, Any] = {"role": role, "locked": locked, "permissions_stay": kept}
    if role is not None and locked:
        context |= {"fixed": is_fixed(role), "held": [each for each in Permission if each.value in role.allowed]}
    return show(request, "organizations/role_form.html", form, **context)


def _why_not_permissions(request: MemberRequest, role: Role | None) -> str:
    """Why the editor can't change the permissions of this role, although they have them; empty if they can."""
    if role is None:
        return ""
    return why_not_permissions(request.membership, request.organization.roles.filter(pk=role.pk)).get(role.pk, "")


@requires(Permission.MANAGE_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def role_delete(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, and delete a role that nobody has."""
    role = get_object_or_404(roles_of(request.organization), pk=pk)
    if not role.is_default:
        check_can_change(request.membership, role)
        check_may_change_permissions(request.membership, role)
    return ask_to_delete(
        request,
        partial(delete_role, request.membership, role),
        in_use=why_in_use(role),
        deleted=_("The role {name} was deleted.").format(name=role.name),
        event=CHANGED,
        page=LIST,
        question=about(_("Delete {name}?"), name=role.name),
        consequence=_("Nobody has this role. Deleting it can’t be undone."),
        stay=_("Keep role"),
        button=_("Delete role"),
        kind="role",
        pk=pk,
    )
