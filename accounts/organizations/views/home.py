"""The home of an organization: the page of a member who manages nothing."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.organizations.access import MemberRequest, member
from accounts.permissions import Permission, permission_summary


@member
@require_safe
def member_home(request: MemberRequest, organization: str) -> HttpResponse:
    """Redirects to the users if the member may see them. Otherwise shows their own roles and sites."""
    if request.membership.has_permission(Permission.VIEW_USERS):
        return redirect("directory:users", request.organization.slug)
    context = {
        "roles": [
            {"role": role, "allows": permission_summary(role.allowed)} for role in request.membership.roles.all()
        ],
        "sites": [] if request.membership.all_sites else request.membership.sites.order_by("name"),
    }
    return render(request, "organizations/member_home.html", context)
