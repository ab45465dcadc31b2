"""The indicator and the banners once, for pages that are told of news or get no events."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.organizations.access import MemberRequest, member, requires
from accounts.permissions import Permission
from invites.imports.presentation.banners import are_moving, banners_for


@requires(Permission.INVITE_USERS)
@require_safe
def indicator(request: MemberRequest, organization: str) -> HttpResponse:
    """The indicator once; the context processor fills it in."""
    return render(request, "shell/indicator.html")


@member
@require_safe
def banners(request: MemberRequest, organization: str) -> HttpResponse:
    """The banners and messages once, for a page that is told of news; `?but=ID` is the batch that it is about.

    With `?at=end` they come when what they tell of has ended: until then the answer is that nothing has changed.
    """
    about = request.GET.get("but", "")
    but = int(about) if about.isdecimal() and len(about) < 19 else 0
    may_see = request.membership.has_permission(Permission.INVITE_USERS)
    if request.GET.get("at") == "end" and may_see and are_moving(request.membership, but=but):
        return HttpResponse(status=204)
    context: dict[str, Any] = {"part": True}
    if but and may_see:
        context["banners"] = banners_for(request.membership, but=but)
    return render(request, "shell/_banners.html", context)
