"""Responses after an action, for a dialog and without JavaScript."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment, path_of_page
from accounts.models import Membership
from accounts.organizations.access import MemberRequest
from accounts.permissions import Permission
from invites.invitations.visibility import sees_everybody


def back_url(viewer: Membership) -> str:
    """The page to go back to: the users, or the imports for a member who can't see users."""
    if sees_everybody(viewer):
        page = "directory:users"
    elif viewer.has_permission(Permission.INVITE_USERS):
        page = "imports:batches"
    else:
        page = "organizations:member_home"
    return reverse(page, args=[viewer.organization.slug])


def people_url(viewer: Membership) -> str:
    """The page with the people whom the member sees: all users, or those that they invited one by one."""
    if sees_everybody(viewer) or not viewer.has_permission(Permission.INVITE_USERS):
        return back_url(viewer)
    return reverse("directory:sent", args=[viewer.organization.slug])


def success_response(
    request: MemberRequest, message: str, *, warning: bool = False, page: str = "", gone: str = ""
) -> HttpResponse:
    """Show the message: close the dialog and reload what is behind it, or without JavaScript open a page.

    `page` is that page, if it isn't the list. `gone` is the page of whom the action has removed: if the dialog was
    opened there, the list is opened.
    """
    (messages.warning if warning else messages.success)(request, message)
    if not asks_for_fragment(request):
        return redirect(page or people_url(request.membership))
    if gone and path_of_page(request) == gone:
        return HttpResponseClientRedirect(people_url(request.membership))
    response = HttpResponse(status=204)
    for event in ("dialog:close", "people:changed", "batch:ended", "shell:changed"):
        trigger_client_event(response, event)
    return response


def banner_closed_response(request: MemberRequest) -> HttpResponse:
    """After a banner was closed: reload all of them. The one with the button may have been replaced meanwhile."""
    if asks_for_fragment(request):
        return trigger_client_event(HttpResponse(status=204), "shell:changed", {"target": "body"})
    return redirect(back_url(request.membership))


def error_response(request: MemberRequest, broken: DomainError, *, title: str, status: int = 422) -> HttpResponse:
    """Show why nothing was done, in the dialog or as a page."""
    context = {"title": title, "broken": broken, "back_url": back_url(request.membership)}
    return render(request, "invitations/refused.html", context, status=status)


def outdated_response(request: MemberRequest, broken: DomainError) -> HttpResponse:
    """Say what has happened since the page was loaded: its link or form is for something that has ended.

    What is behind the dialog is reloaded.
    """
    status = 409 if request.method == "POST" else 200
    response = error_response(request, broken, title=_("Something has changed in the meantime"), status=status)
    if asks_for_fragment(request):
        for event in ("people:changed", "batch:ended", "shell:changed"):
            trigger_client_event(response, event)
    return response
