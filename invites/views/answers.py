"""How a page answers after something was done, with a dialog open or without JavaScript."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import trigger_client_event

from accounts.access import MemberRequest
from accounts.context import asks_for_fragment
from accounts.errors import RuleBroken
from invites.queries.bulk_actions import beyond_text, resend_title, revoke_title, skipped_text
from invites.services.pending import Resent, Revoked


def done(request: MemberRequest, message: str, *, warning: bool = False) -> HttpResponse:
    """Says so on the list of people: the dialog closes and the list comes anew, or the page is opened."""
    (messages.warning if warning else messages.success)(request, message)
    if not asks_for_fragment(request):
        return redirect("users", request.organization.slug)
    response = HttpResponse(status=204)
    for event in ("dialog:close", "people:changed", "shell:changed"):
        trigger_client_event(response, event)
    return response


def refused(request: MemberRequest, broken: RuleBroken, *, title: str) -> HttpResponse:
    """Nothing was done, and why: in the dialog, or as a page."""
    return render(request, "invites/refused.html", {"title": title, "broken": broken, "nav": "users"}, status=422)


def revoked_text(revoked: Revoked) -> str:
    """How many were revoked, and why not all."""
    return f"{revoke_title(revoked.count)} {beyond_text(revoked.left)}".strip()


def resent_text(resent: Resent) -> str:
    """How many are resent, and why not all."""
    return f"{resend_title(resent.sent)} {skipped_text(resent.left)}".strip()
