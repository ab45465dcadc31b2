"""Rate limits of sign-in, per client address and per account. They don't depend on the Host header."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import wraps

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from limits import RateLimitItem

from accounts.users import rate_limits

View = Callable[..., HttpResponseBase]
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# An IPv6 client usually has a whole network of this size.
IPV6_PREFIX = 64


def client_of(request: HttpRequest) -> str:
    """The client's IPv4 address or IPv6 network. With TRUST_PROXY, from the last entry of X-Forwarded-For."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))


def user_of(request: HttpRequest) -> str:
    """The user who is signed in, or otherwise the client."""
    return f"user {request.user.pk}" if request.user.is_authenticated else client_of(request)


def too_many_attempts(request: HttpRequest, limit: RateLimitItem) -> HttpResponse:
    """The page that says when to try again."""
    seconds = limit.get_expiry()
    page = render(request, "429.html", {"is_over_in_a_minute": seconds <= 60}, status=429)
    page["Retry-After"] = str(seconds)
    return page


def limited(
    limit: RateLimitItem,
    view: View,
    *,
    by: Callable[[HttpRequest], str] = client_of,
    refuse: Callable[[HttpRequest, RateLimitItem], HttpResponse] = too_many_attempts,
) -> View:
    """The view with a rate limit on forms. Above the limit it returns the response of `refuse`, with status 429."""

    @wraps(view)
    def limited_view(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method not in SAFE_METHODS and not rate_limits.hit(limit, by(request)):
            return refuse(request, limit)
        return view(request, *args, **kwargs)

    return limited_view


class SignInAttempt:
    """One attempt to sign in. It is counted before the password is checked, so that concurrent attempts count."""

    def __init__(self, request: HttpRequest, email: str) -> None:
        self._client, self._account = client_of(request), email.lower()
        # A client above its limit can't lock any more accounts.
        self.is_allowed = rate_limits.hit(rate_limits.FAILED_SIGN_INS_OF_CLIENT, self._client) and rate_limits.hit(
            rate_limits.FAILED_SIGN_INS_OF_ACCOUNT, self._account
        )

    def has_succeeded(self) -> None:
        """Don't count this attempt. Earlier failures still count: another account can't reset them."""
        rate_limits.give_back(rate_limits.FAILED_SIGN_INS_OF_CLIENT, self._client)
        rate_limits.give_back(rate_limits.FAILED_SIGN_INS_OF_ACCOUNT, self._account)


def unlock(email: str) -> None:
    """End the lock of an account after its owner used a reset link, so that nobody can lock them out."""
    rate_limits.clear(rate_limits.FAILED_SIGN_INS_OF_ACCOUNT, email.lower())
