"""The dialogs that deactivate and reactivate a member."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from accounts.errors import DomainError
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.members import deactivate_membership, reactivate_membership
from accounts.organizations.views.dialogs import about
from accounts.permissions import Permission
from invites.directory.views.users import member_to_change
from invites.invitations.authorization import count_working_invitations
from invites.invitations.views.responses import error_response, success_response
from invites.invitations.wording import grant_sentence


@requires(Permission.MANAGE_USERS, Permission.VIEW_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def member_deactivate(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then deactivate a member."""
    member = member_to_change(request, pk)
    if request.method != "POST":
        context = {
            "lead": member.user.email,
            "question": about(_("Deactivate {user}?"), user=member.get_full_name()),
            "button": _("Deactivate"),
            "busy": _("Deactivating…"),
            "is_danger": True,
            "invitations": count_working_invitations(member),
        }
        return render(request, "directory/member_deactivate.html", context)
    user = member.get_full_name()
    try:
        deactivate_membership(request.membership, member)
    except DomainError as broken:
        return error_response(request, broken, title=_("{user} wasn’t deactivated").format(user=user))
    return success_response(request, _("{user} was deactivated. Their roles and sites are kept.").format(user=user))


@requires(Permission.MANAGE_USERS, Permission.VIEW_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def member_reactivate(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Show what a deactivated member gets back, then reactivate them."""
    member = member_to_change(request, pk)
    if request.method != "POST":
        context = {
            "lead": member.user.email,
            "question": about(_("Reactivate {user}?"), user=member.get_full_name()),
            "button": _("Reactivate"),
            "busy": _("Reactivating…"),
            "access": grant_sentence(member),
        }
        return render(request, "directory/member_reactivate.html", context)
    user = member.get_full_name()
    try:
        reactivate_membership(request.membership, member)
    except DomainError as broken:
        return error_response(request, broken, title=_("{user} wasn’t reactivated").format(user=user))
    response = success_response(request, _("{user} was reactivated.").format(user=user))
    # For the page of an import that skipped them.
    return trigger_client_event(response, "batch:ended") if response.status_code == 204 else response
