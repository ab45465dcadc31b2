"""Template context of the shell: the organization, the membership, and the permissions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.htmx import asks_for_fragment
from accounts.models import Membership, Organization, User
from accounts.organizations.selectors import memberships_of
from accounts.permissions import Permission

# The current item of the navigation, by the part of the path after the organization.
SECTIONS = {
    "": "home",
    "users": "users",
    "invite": "users",
    "invitations": "users",
    "import": "users",
    "batches": "batches",
    "roles": "roles",
    "sites": "sites",
    "activity": "activity",
    "settings": "settings",
}


def shell(request: HttpRequest) -> dict[str, Any]:
    """`organization`, `membership`, `my_organizations`, `may`, `dialog_base`, `debug_inbox`, `section`.

    On a page outside the organizations, such as the account page, it is the organization used last, so that the sidebar
    stays. Values that need a query are lazy.
    """
    context = shell_context_of(request)
    return {
        "organization": SimpleLazyObject(lambda: context.organization),
        "membership": SimpleLazyObject(lambda: context.membership),
        "my_organizations": SimpleLazyObject(lambda: context.organizations),
        "may": SimpleLazyObject(lambda: context.may),
        "dialog_base": "dialog_fragment.html" if asks_for_fragment(request) else "dialog_page.html",
        "debug_inbox": settings.INBOX_OPEN,
        "section": section_of(request.path_info),
    }


def section_of(path: str) -> str:
    """The item of the navigation for a path such as "/o/acme/users/"; empty outside an organization."""
    parts = path.split("/")
    return SECTIONS.get(parts[3], "") if len(parts) > 3 and parts[1] == "o" else ""


def shell_context_of(request: HttpRequest) -> ShellContext:
    """The context of the request, created once per request."""
    context: ShellContext | None = getattr(request, "shell_context", None)
    if context is None:
        context = request.shell_context = ShellContext(request)  # type: ignore[attr-defined]
    return context


class ShellContext:
    """Looks values up lazily, and only once."""

    def __init__(self, request: HttpRequest) -> None:
        # An error page can be rendered before the authentication middleware has run.
        user = getattr(request, "user", None)
        self._user: User | None = user if user is not None and user.is_authenticated else None
        self._request = request
        # Set for pages of an organization.
        self._memberships: list[Membership] | None = getattr(request, "memberships", None)

    @property
    def membership(self) -> Membership | None:
        here: Membership | None = getattr(self._request, "membership", None)
        return here or next(iter(self._mine()), None)

    @property
    def organization(self) -> Organization | None:
        return self.membership.organization if self.membership else None

    @property
    def organizations(self) -> list[Organization]:
        return sorted((each.organization for each in self._mine()), key=lambda each: each.name.casefold())

    @property
    def may(self) -> dict[str, bool]:
        membership = self.membership
        return {each.name.lower(): membership is not None and membership.has_permission(each) for each in Permission}

    def _mine(self) -> list[Membership]:
        if self._memberships is None:
            self._memberships = list(memberships_of(self._user)) if self._user else []
        return self._memberships
