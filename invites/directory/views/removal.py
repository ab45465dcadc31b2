"""The dialogs that remove a member, and with which members leave on their own."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from accounts.organizations.access import MemberRequest, member, requires
from accounts.organizations.members import remove_membership
from accounts.organizations.views.dialogs import about
from accounts.permissions import Permission
from invites.directory.views.users import member_to_change, reload_whole_page
from invites.invitations.authorization import count_working_invitations
from invites.invitations.views.responses import error_response, success_response


@requires(Permission.MANAGE_USERS, Permission.VIEW_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then remove a member. For oneself, the same as `leave`."""
    found = member_to_change(request, pk)
    if found == request.membership:
        return _leave(request)
    user = found.get_full_name()
    if request.method != "POST":
        context = {
            "lead": found.user.email,
            "question": about(_("Remove {user}?"), user=user),
            "button": _("Remove"),
            "busy": _("Removing…"),
            "is_danger": True,
            "invitations": count_working_invitations(found),
        }
        return render(request, "directory/member_remove.html", context)
    try:
        remove_membership(request.membership, found)
    except DomainError as broken:
        return error_response(request, broken, title=_("{user} wasn’t removed").format(user=user))
    return success_response(
        request,
        _("{user} was removed from {organization}.").format(user=user, organization=request.organization.name),
        gone=reverse("directory:member", args=(organization, pk)),
    )


@member
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: MemberRequest, organization: str) -> HttpResponse:
    """Ask, then end one's own membership. Needs no permission."""
    return _leave(request)


def _leave(request: MemberRequest) -> HttpResponse:
    here = request.organization.name
    if request.method != "POST":
        context = {
            "question": about(_("Leave {organization}?"), organization=here),
            "button": _("Leave"),
            "busy": _("Leaving…"),
            "is_danger": True,
            "invitations": count_working_invitations(request.membership),
        }
        return render(request, "directory/leave.html", context)
    try:
        remove_membership(request.membership, request.membership)
    except DomainError as broken:
        title = _("You haven’t left {organization}").format(organization=here)
        return error_response(request, broken, title=title)
    return reload_whole_page(request, reverse("users:home"))
