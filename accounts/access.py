"""Who may open which view: declared beside the view, enforced for every request in one place.

A view says what it asks for with one of the decorators here. `guarded` refuses to build a URL
configuration that holds a view without such a declaration, so one cannot be served by oversight;
`AccessMiddleware` enforces what was declared before the view runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from accounts.models import Membership, Organization, User
from accounts.permissions import Permission

SEEN_EVERY = timedelta(minutes=2)

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What a view asks for. With `member` set the URL carries an `organization` slug."""

    signed_in: bool = False
    member: bool = False
    permission: Permission | None = None
    reason: str = ""


class MemberRequest(HttpRequest):
    """A request that has passed a `member` or `requires` declaration."""

    user: User
    organization: Organization
    membership: Membership


def public(reason: str) -> Callable[[View], View]:
    """Anybody may open the view; `reason` says why that is safe."""
    return _declare(Access(reason=reason))


def signed_in(view: View) -> View:
    """Any signed-in user may open the view."""
    return _declare(Access(signed_in=True))(view)


def member(view: View) -> View:
    """Any member of the organization in the URL may open the view."""
    return _declare(Access(signed_in=True, member=True))(view)


def requires(permission: Permission) -> Callable[[View], View]:
    """Members of the organization in the URL may open the view if their roles grant `permission`."""
    return _declare(Access(signed_in=True, member=True, permission=permission))


def _declare(access: Access) -> Callable[[View], View]:
    def declare(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return declare


def guarded(
    patterns: Sequence[URLPattern | URLResolver], *, third_party: Sequence[str] = ()
) -> list[URLPattern | URLResolver]:
    """The patterns themselves, after a look at every view below them.

    `third_party` names the packages whose views bring their own checks. Raises ImproperlyConfigured
    for any other view that declares nothing.
    """
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            guarded(pattern.url_patterns, third_party=third_party)
        elif access_of(pattern.callback) is None and not _is_of(pattern.callback, third_party):
            raise ImproperlyConfigured(f"The view at {pattern.pattern!r} declares no access: see accounts/access.py.")
    return list(patterns)


def access_of(view: Callable[..., Any]) -> Access | None:
    """What the view, or the class it was made from, declares."""
    declared = getattr(view, "access", None) or getattr(getattr(view, "view_class", None), "access", None)
    return declared if isinstance(declared, Access) else None


def _is_of(view: Callable[..., Any], packages: Sequence[str]) -> bool:
    module = getattr(view, "view_class", view).__module__
    return any(module == package or module.startswith(f"{package}.") for package in packages)


class AccessMiddleware:
    """Enforces the declarations: nobody is sent to sign in, an outsider finds nothing, a member
    without the right is refused. Sets `request.organization` and `request.membership`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: Any, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        access = access_of(view)
        if access is None or not access.signed_in:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if access.member:
            membership = find_membership(request.user, kwargs["organization"])
            if membership is None:
                raise Http404
            if access.permission and not membership.may(access.permission):
                raise PermissionDenied
            request.membership = membership
            request.organization = membership.organization
        return None


def find_membership(user: User, slug: str) -> Membership | None:
    """The user's membership in the organization of that slug, with its roles; marks it as seen now."""
    membership = (
        Membership.objects.filter(user=user, organization__slug=slug)
        .select_related("organization", "user")
        .prefetch_related("roles")
        .first()
    )
    now = timezone.now()
    if membership and (membership.last_seen_at is None or membership.last_seen_at < now - SEEN_EVERY):
        Membership.objects.filter(pk=membership.pk).update(last_seen_at=now)
        membership.last_seen_at = now
    return membership
