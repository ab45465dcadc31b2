"""The indicator and the banners as fragments, for pages without an event stream or after its end."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.numbers import id_in
from accounts.organizations.access import MemberRequest, member, requires_any
from accounts.permissions import Permission
from invites.directory.views.bulk_actions import EITHER
from invites.imports.presentation.banners import are_moving, banners_for


@requires_any(*EITHER)
@require_safe
def indicator(request: MemberRequest, organization: str) -> HttpResponse:
    """The indicator, whose content comes from the context processor."""
    return render(request, "shell/indicator.html")


@member
@require_safe
def banners(request: MemberRequest, organization: str) -> HttpResponse:
    """The banners and messages. `?but=ID` is the import that the page is about, whose banner isn't shown.

    With `?at=end`, the response is a 204 as long as the work that a banner is about still runs.
    """
    but = id_in(request.GET.get("but"))
    may_see = request.membership.has_permission(Permission.INVITE_USERS)
    if request.GET.get("at") == "end" and may_see and are_moving(request.membership, but=but):
        return HttpResponse(status=204)
    context: dict[str, Any] = {"part": True}
    if but and may_see:
        context["banners"] = banners_for(request.membership, but=but)
    return render(request, "shell/_banners.html", context)
