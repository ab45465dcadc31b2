"""The page after signing in."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.organizations.access import MemberRequest, signed_in
from accounts.organizations.selectors import deactivated_in, memberships_of
from accounts.permissions import Permission
from accounts.wording import listed


@signed_in
@require_safe
def home(request: MemberRequest) -> HttpResponse:
    """Redirect to the users of the organization used last where the user may see them, or else to its home."""
    mine = list(memberships_of(request.user))
    for membership in mine:
        if membership.has_permission(Permission.VIEW_USERS):
            return redirect("directory:users", membership.organization.slug)
    if mine:
        return redirect("organizations:member_home", mine[0].organization.slug)
    return render(request, "users/no_organization.html", {"deactivated_in": listed(deactivated_in(request.user))})
