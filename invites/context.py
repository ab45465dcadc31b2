"""What the shell shows of batches on every page: the news, and what runs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Membership
from accounts.permissions import Permission
from invites.queries.banners import banners_for, running_for
from invites.views.progress import indicated


def shell(request: HttpRequest) -> dict[str, Any]:
    """`banners` and `running_batches` of the member whose page this is, looked up when a template asks."""
    membership: Membership | None = getattr(request, "membership", None)
    if membership is None or not membership.may(Permission.INVITE_USERS):
        return {}
    return {
        "banners": SimpleLazyObject(lambda: banners_for(membership)),
        "running_batches": SimpleLazyObject(lambda: indicated(running_for(membership))),
    }
