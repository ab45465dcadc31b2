"""How a page answers after something was done, with a dialog open or without JavaScript."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import trigger_client_event

from accounts.access import MemberRequest
from accounts.context import asks_for_fragment
from accounts.errors import RuleBroken
from accounts.models import Membership
from accounts.permissions import Permission
from invites.queries.bulk_actions import beyond_text, resend_title, revoke_title, skipped_text
from invites.queries.visible import sees_everybody
from invites.services.pending import Resent, Revoked


def back_url(viewer: Membership) -> str:
    """Where the way back leads: the users, or for somebody who may not see them their own imports."""
    page = "batches" if viewer.may(Permission.INVITE_USERS) and not sees_everybody(viewer) else "member_home"
    return reverse("users" if sees_everybody(viewer) else page, args=[viewer.organization.slug])


def done(request: MemberRequest, message: str, *, warning: bool = False) -> HttpResponse:
    """Says so on the list of people: the dialog closes and the list comes anew, or the page is opened."""
    (messages.warning if warning else messages.success)(request, message)
    if not asks_for_fragment(request):
        return redirect(back_url(request.membership))
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
