"""Access to views: declared beside each view, and enforced in one place.

A view declares who may open it with one of the decorators here. `guarded` refuses a URL configuration that has a view
without such a declaration. `AccessMiddleware` enforces the declaration before the view runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction
from django.db.models import Exists, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from accounts.activity.actions import Action
from accounts.activity.log import OWN_ACCOUNT, record
from accounts.errors import AccessDenied
from accounts.models import Membership, Organization, User
from accounts.organizations.selectors import memberships_of
from accounts.organizations.suspension import suspended_text
from accounts.permissions import Permission

# The key in the session for the ids of the organizations that the user has entered since signing in.
ENTERED = "entered_organizations"
SEEN_EVERY = timedelta(minutes=2)
# Methods that change nothing.
READING = ("GET", "HEAD", "OPTIONS")

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What a view requires. With `member`, its URL has an `organization` slug."""

    signed_in: bool = False
    member: bool = False
    permissions: tuple[Permission, ...] = ()
    any_of: tuple[Permission, ...] = ()
    changes_nothing: bool = False
    reason: str = ""

    def allows(self, membership: Membership) -> bool:
        """Whether the roles of the member grant what is required."""
        held = membership.has_permission
        return all(map(held, self.permissions)) and (not self.any_of or any(map(held, self.any_of)))


class MemberRequest(HttpRequest):
    """A request that passed a `member` or `requires` declaration."""

    user: User
    organization: Organization
    membership: Membership
    memberships: list[Membership]


def public(reason: str) -> Callable[[View], View]:
    """Anybody may open the view; `reason` says why that is safe."""
    return _declare(Access(reason=reason))


def signed_in(view: View) -> View:
    """Any signed-in user may open the view."""
    return _declare(Access(signed_in=True))(view)


def member(view: View) -> View:
    """Any member of the organization in the URL may open the view."""
    return _declare(Access(signed_in=True, member=True))(view)


def requires(*permissions: Permission) -> Callable[[View], View]:
    """Members of the organization in the URL may open the view if their roles grant all of the permissions."""
    return _declare(Access(signed_in=True, member=True, permissions=permissions))


def requires_any(*permissions: Permission) -> Callable[[View], View]:
    """The same if their roles grant one of the permissions."""
    return _declare(Access(signed_in=True, member=True, any_of=permissions))


def changes_nothing(view: View) -> View:
    """The view changes nothing, whatever the method, so it also works in a suspended organization."""
    access = access_of(view)
    if access is None:
        raise ImproperlyConfigured("Declare first who may open the view.")
    return _declare(replace(access, changes_nothing=True))(view)


def _declare(access: Access) -> Callable[[View], View]:
    def declare(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return declare


def third_party(resolver: URLResolver, *, reason: str) -> URLResolver:
    """An include of third-party views that have their own checks; `reason` says which."""
    resolver.access = Access(reason=reason)  # type: ignore[attr-defined]
    return resolver


def guarded(patterns: Sequence[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """The patterns themselves, after every view below them was checked.

    Raises ImproperlyConfigured for a view without a declaration, unless it is below a `third_party` include, and for a
    view for members whose URL has no organization.
    """
    for found in views_of(patterns):
        if found.trusted:
            continue
        if found.access is None:
            raise ImproperlyConfigured(
                f"The view at {found.route!r} declares no access: see accounts/organizations/access.py."
            )
        if found.access.member and not found.names_organization:
            raise ImproperlyConfigured(f"The view at {found.route!r} is for members, but of which organization?")
    return list(patterns)


@dataclass(frozen=True)
class FoundView:
    """A view of a URL configuration.

    `name` is its URL name with its namespaces, such as "imports:batch". `trusted`: it is below a `third_party` include.
    """

    route: str
    name: str
    access: Access | None
    trusted: bool
    names_organization: bool


def views_of(
    patterns: Sequence[URLPattern | URLResolver],
    *,
    route: str = "",
    namespace: str = "",
    trusted: bool = False,
    names_organization: bool = False,
) -> Iterator[FoundView]:
    """Every view below the patterns, with its declaration. The other arguments describe the includes above."""
    for pattern in patterns:
        here = route + str(pattern.pattern)
        # By its text: the converters of all patterns "" are one dict, to which Django adds those of the includes above.
        named = names_organization or "organization>" in str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inside = trusted or isinstance(getattr(pattern, "access", None), Access)
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from views_of(
                pattern.url_patterns, route=here, namespace=inner, trusted=inside, names_organization=named
            )
        else:
            yield FoundView(here, f"{namespace}{pattern.name or ''}", access_of(pattern.callback), trusted, named)


def access_of(view: Callable[..., Any]) -> Access | None:
    """The declaration of the view, or of its class."""
    declared = getattr(view, "access", None) or getattr(getattr(view, "view_class", None), "access", None)
    return declared if isinstance(declared, Access) else None


class AccessMiddleware:
    """Enforces the declarations, and sets `request.organization`, `request.membership` and `request.memberships`.

    Anonymous users are redirected to the sign-in page, outsiders get 404, and members without the permission get 403.
    Pages of an organization show times in its time zone.
    A suspended organization is read-only: requests that could change something in it get 403, too.
    Also adds a Vary header: a page and its htmx fragments have the same URL.
    """

    # Async views stay async, because the middleware itself waits for nothing.
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self):
            return self._answer_later(request)
        return _finished(self.get_response(request))

    async def _answer_later(self, request: HttpRequest) -> HttpResponseBase:
        return _finished(await self.get_response(request))

    def process_view(
        self, request: Any, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """None where the view may run. Runs for every method, HEAD and OPTIONS too."""
        access = access_of(view)
        if access is None or not access.signed_in:
            return None
        # An inactive user counts as anonymous, because the authentication backend doesn't return them.
        if not request.user.is_authenticated:
            return send_to_sign_in(request)
        if access.member:
            # A superuser who isn't a member is an outsider, too. Operators use the admin site.
            # All of them with one query, because the sidebar lists their organizations, by name.
            request.memberships = list(memberships_of(request.user).order_by())
            membership = find_membership(request.memberships, kwargs["organization"])
            if membership is None:
                raise Http404
            # Set before access is denied, because the page for that shows the organization.
            request.membership = membership
            request.organization = membership.organization
            timezone.activate(request.organization.zone)
            _record_entering(request)
            if not access.allows(membership):
                raise PermissionDenied
            if membership.organization.is_suspended and not (access.changes_nothing or request.method in READING):
                return _refuse(request, suspended_text(membership.organization))
        return None

    def process_exception(self, request: Any, error: Exception) -> HttpResponseBase | None:
        """Answer `AccessDenied` from any service with 403 and the reason, whatever view called the service."""
        return _refuse(request, error.message) if isinstance(error, AccessDenied) else None


def _refuse(request: Any, reason: str) -> HttpResponse:
    if getattr(request, "htmx", False):
        # messages.js shows the sentence in the dialog or as a banner.
        return HttpResponse(reason, status=403, content_type="text/plain; charset=utf-8")
    return render(request, "organizations/refused.html", {"reason": reason}, status=403)


def _record_entering(request: MemberRequest) -> None:
    """Record the sign-in, once for each session, in every organization that the user enters."""
    entered = request.session.get(ENTERED, [])
    here = request.organization.pk
    if here in entered:
        return
    # Two requests of a new session may run at once. The key itself is a secret.
    session = hashlib.sha256((request.session.session_key or "").encode()).hexdigest()
    with transaction.atomic():
        key = f"signed-in {here} {session}"
        record(here, Action.SIGNED_IN, OWN_ACCOUNT, by=request.membership, idempotency_key=key)
    request.session[ENTERED] = [*entered, here]


def _finished(response: HttpResponseBase) -> HttpResponseBase:
    # The thread answers other requests, too. A stream goes on in the context of its own request.
    if not response.streaming:
        timezone.deactivate()
    patch_vary_headers(response, ["HX-Request"])
    return response


def send_to_sign_in(request: Any) -> HttpResponseBase:
    """Redirect to the sign-in page, which leads back to the current page.

    htmx is told to leave the page. Otherwise it would show the sign-in form in the dialog, and lead back to a
    fragment. A POST is lost, so the sign-in page doesn't lead back to its URL.
    """
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(_sign_in_url(_current_page(request)))
    return redirect(_sign_in_url(request.get_full_path() if request.method in ("GET", "HEAD") else None))


def _current_page(request: Any) -> str | None:
    """The page that htmx reports; None for one of another origin, and for an invalid URL."""
    try:
        page: str | None = request.htmx.current_url_abs_path
    except ValueError:
        return None
    return page


def _sign_in_url(page: str | None) -> str:
    url = resolve_url(settings.LOGIN_URL)
    # Signing in leads home without it.
    return url if page in (None, resolve_url(settings.LOGIN_REDIRECT_URL)) else f"{url}?{urlencode({'next': page})}"


def signed_in_by(request: MemberRequest) -> Q:
    """A condition on memberships: the session of this request is still valid.

    For streams, which outlive the access check of their request. A session ends when it expires, when the user signs
    out, and when the password changes, because each session has a hash of the password.
    """
    session = Session.objects.filter(pk=request.session.session_key, expire_date__gt=timezone.now())
    return Q(Exists(session), user__password=request.user.password)


def find_membership(memberships: Iterable[Membership], slug: str) -> Membership | None:
    """The membership in the organization, out of those of a user. None for outsiders and deactivated members.

    Updates when the member was last seen.
    """
    membership = next((each for each in memberships if each.organization.slug == slug), None)
    now = timezone.now()
    if membership and (membership.last_seen_at is None or membership.last_seen_at < now - SEEN_EVERY):
        Membership.objects.filter(pk=membership.pk).update(last_seen_at=now)
        membership.last_seen_at = now
    return membership
