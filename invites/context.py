"""What the shell shows of batches on every page: the news, and what runs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.context import Seen, seen_in
from accounts.models import Membership
from accounts.permissions import Permission
from invites.queries.banners import Banners, banners_for, running_for
from invites.queries.progress import followed
from invites.views.progress import INDICATED, indicated


def shell(request: HttpRequest) -> dict[str, Any]:
    """`banners` and `running_batches` of the member whose page this is, looked up when a template asks.

    On one's own account they are those of the organization used last, as the rest of the shell is.
    """
    seen = seen_in(request)
    return {
        "banners": SimpleLazyObject(lambda: _banners(seen)),
        "running_batches": SimpleLazyObject(lambda: _running(seen)),
    }


def _banners(seen: Seen) -> Banners | None:
    inviter = _inviter(seen)
    return banners_for(inviter) if inviter else None


def _running(seen: Seen) -> list[dict[str, Any]]:
    inviter = _inviter(seen)
    return indicated(followed(running_for(inviter))[:INDICATED]) if inviter else []


def _inviter(seen: Seen) -> Membership | None:
    return seen.membership if seen.membership and seen.membership.may(Permission.INVITE_USERS) else None
