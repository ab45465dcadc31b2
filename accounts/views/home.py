"""Where one lands: the way in after signing in, and the page of somebody who manages nothing."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, member, signed_in
from accounts.permissions import Permission
from accounts.queries import in_words, my_memberships


@signed_in
@require_safe
def home(request: MemberRequest) -> HttpResponse:
    """To the users of the organization used last where one may see them, else to one's own page there."""
    mine = list(my_memberships(request.user))
    for membership in mine:
        if membership.may(Permission.VIEW_USERS):
            return redirect("users", membership.organization.slug)
    if mine:
        return redirect("member_home", mine[0].organization.slug)
    return render(request, "accounts/no_organization.html")


@member
@require_safe
def member_home(request: MemberRequest, organization: str) -> HttpResponse:
    """The way into an organization: its users where one may see them, else what one is there oneself."""
    if request.membership.may(Permission.VIEW_USERS):
        return redirect("users", request.organization.slug)
    context = {
        "roles": [{"role": role, "allows": in_words(role.allowed)} for role in request.membership.roles.all()],
        "sites": [] if request.membership.all_sites else request.membership.sites.order_by("name"),
        "nav": "home",
    }
    return render(request, "accounts/member_home.html", context)
