"""Bulk actions: their progress and their result in a banner and in a dialog."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.htmx import asks_for_fragment
from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from invites import tasks
from invites.directory.bulk_actions import cancel_bulk_action, close_banner, start_bulk_action, why_not_cancel
from invites.directory.presentation import ActionView, actions_to_show, view_of
from invites.invitations.views.responses import back_url
from invites.invitations.visibility import visible_actions
from invites.models import BulkAction

TEMPLATES = {"dialog": "directory/bulk_action_dialog.html", "banner": "directory/_bulk_action_progress.html"}


def start(request: MemberRequest, kind: BulkAction.Kind, ids: Iterable[int], *, then: str) -> HttpResponse:
    """Start an action for workers. Closes the dialog, and a banner shows the progress; or opens the page `then`."""
    action = start_bulk_action(request.membership, kind, list(ids))
    tasks.enqueue_on_commit(tasks.process_bulk_action, action.pk)
    if not asks_for_fragment(request):
        return redirect(then)
    response = HttpResponse(status=204)
    for event in ("dialog:close", "shell:changed"):
        trigger_client_event(response, event)
    return response


@requires(Permission.INVITE_USERS)
@require_safe
def bulk_action(request: MemberRequest, organization: str, pk: int, place: str) -> HttpResponse:
    """The progress: as a dialog, as a page, or the part of the banner that changes."""
    action = get_object_or_404(visible_actions(request.membership), pk=pk)
    context = action_context(request, view_of(action), is_page=_is_page(request))
    if not asks_for_fragment(request):
        context["bulk_actions"] = actions_to_show(request.membership, but=pk)
    return render(request, TEMPLATES[place], context)


@requires(Permission.INVITE_USERS)
@require_POST
def bulk_action_stop(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Stop an action."""
    action = get_object_or_404(visible_actions(request.membership), pk=pk)
    cancel_bulk_action(request.membership, action)
    if not asks_for_fragment(request):
        return redirect("directory:bulk_action", organization, pk)
    action.refresh_from_db()
    response = render(request, TEMPLATES["dialog"], action_context(request, view_of(action), is_page=_is_page(request)))
    for event in ("shell:changed", "people:changed"):
        trigger_client_event(response, event)
    return response


@requires(Permission.INVITE_USERS)
@require_POST
def bulk_action_close_banner(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Close the banner of the user's own action. `?read=` is the state that it showed."""
    action = get_object_or_404(visible_actions(request.membership), pk=pk, started_by=request.user)
    close_banner(action, read=request.GET.get("read", ""))
    if asks_for_fragment(request):
        return trigger_client_event(HttpResponse(status=204), "shell:changed")
    return redirect(back_url(request.membership))


def _is_page(request: MemberRequest) -> bool:
    """Whether the response is shown on a page of its own, or is a fragment of that page."""
    return not asks_for_fragment(request) or request.GET.get("on") == "page"


def action_context(request: MemberRequest, view: ActionView, *, is_page: bool) -> dict[str, Any]:
    return {
        "view": view,
        "action": view.action,
        "organization": view.action.organization,
        "is_page": is_page,
        "why_not_stop": why_not_cancel(request.membership, view.action) if view.progress else "",
        "back_url": back_url(request.membership),
    }
