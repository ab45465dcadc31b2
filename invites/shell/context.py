"""Context processor: banners and running work, which every page shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.context import ShellContext, shell_context_of
from accounts.models import Membership
from accounts.permissions import Permission
from invites.directory.bulk.presentation import ActionView, actions_to_show, running_actions
from invites.directory.expiry_notice import ExpiryBanner
from invites.directory.expiry_notice import banner_for as expiry_banner_for
from invites.imports.presentation.banners import Banners, MayHaveBanner, banners_for, running_for
from invites.imports.selectors.progress import with_progress
from invites.invitations.expiry import MayExist
from invites.invitations.requests import MOST_COUNTED, count_requests
from invites.invitations.views.responses import back_url
from invites.models import Batch
from invites.shell.facts import ShellFacts, shell_facts
from invites.shell.indicator import INDICATED, indicated, indicated_actions


def shell(request: HttpRequest) -> dict[str, Any]:
    """Banners, running work and the link back, for the member who views the page. Evaluated lazily.

    On pages of the user's own account, they are those of the organization that the user visited last.
    """
    seen = shell_context_of(request)
    return {
        "banners": SimpleLazyObject(lambda: _banners(seen)),
        "bulk_actions": SimpleLazyObject(lambda: _bulk_actions(seen)),
        "expiry_banner": SimpleLazyObject(lambda: _expiry(seen)),
        "invitation_requests": SimpleLazyObject(lambda: _requests(seen)),
        "most_requests": MOST_COUNTED,
        "running_batches": SimpleLazyObject(lambda: _running(seen)),
        "back_url": SimpleLazyObject(lambda: back_url(seen.membership) if seen.membership else ""),
    }


def _banners(seen: ShellContext) -> Banners | None:
    inviter = _inviter(seen)
    if inviter is None:
        return None
    facts = _facts(seen)
    if not (facts.has_banners or facts.has_late):
        return Banners([], 0)
    return banners_for(inviter, there=MayHaveBanner(stopped=facts.has_stopped, late=facts.has_late))


def _running(seen: ShellContext) -> list[dict[str, Any]]:
    inviter = _inviter(seen)
    batches: Iterable[Batch] = ()
    if inviter and _facts(seen).is_importing:
        # Others may have started it, and to build the query for the progress takes long.
        ids = list(running_for(inviter).values_list("pk", flat=True)[:INDICATED])
        batches = with_progress(running_for(inviter).filter(pk__in=ids)) if ids else ()
    manager = _manager(seen)
    actions = running_actions(manager)[:INDICATED] if manager and _facts(seen).has_actions else []
    return [*indicated(batches), *indicated_actions(actions)]


def _requests(seen: ShellContext) -> int:
    """How many people asked for a new invitation that this member can send, up to one more than `MOST_COUNTED`."""
    inviter = _inviter(seen)
    return count_requests(inviter) if inviter and _facts(seen).has_requests else 0


def _expiry(seen: ShellContext) -> ExpiryBanner | None:
    inviter = _inviter(seen)
    if inviter is None:
        return None
    facts = _facts(seen)
    if not (facts.has_soon or facts.has_expired):
        return None
    may_exist = MayExist(undone=facts.is_undoing, soon=facts.has_soon, expired=facts.has_expired)
    return expiry_banner_for(inviter, may_exist=may_exist, was_closed=facts.closed_expiry)


def _bulk_actions(seen: ShellContext) -> list[ActionView]:
    manager = _manager(seen)
    return actions_to_show(manager) if manager and _facts(seen).has_actions else []


def _facts(seen: ShellContext) -> ShellFacts:
    """Asked once for each page."""
    found: ShellFacts | None = getattr(seen, "facts", None)
    if found is None:
        assert seen.membership
        found = seen.facts = shell_facts(seen.membership)  # type: ignore[attr-defined]
    return found


def _manager(seen: ShellContext) -> Membership | None:
    """The member, if they may start bulk actions."""
    may_manage = seen.membership is not None and seen.membership.has_permission(Permission.MANAGE_USERS)
    return seen.membership if may_manage else _inviter(seen)


def _inviter(seen: ShellContext) -> Membership | None:
    return seen.membership if seen.membership and seen.membership.has_permission(Permission.INVITE_USERS) else None
