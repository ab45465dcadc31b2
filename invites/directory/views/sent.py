"""The page *Invitations*: for members who can invite users, but don't see them."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.grants import GrantableAccess
from accounts.permissions import Permission
from invites.directory.users import PER_PAGE, person_of
from invites.directory.views.rows import rows_of
from invites.invitations.visibility import sees_everybody, sent_one_by_one


@requires(Permission.INVITE_USERS)
@require_safe
def sent_invitations(request: MemberRequest, organization: str) -> HttpResponse:
    """Whom the member invited one by one, newest first. Members who see users find them in *Users*."""
    viewer = request.membership
    if sees_everybody(viewer):
        return redirect("directory:users", organization)
    sent = sent_one_by_one(viewer).select_related("grant").prefetch_related("grant__roles", "grant__sites")
    page = Paginator(sent, PER_PAGE).get_page(request.GET.get("page"))
    people = [person_of(each) for each in page]
    lines = rows_of(viewer, GrantableAccess(viewer), people, site_count=request.organization.sites.count())
    return render(request, "directory/sent.html", {"page": page, "lines": list(lines)})
