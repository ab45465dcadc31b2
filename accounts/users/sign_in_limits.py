"""Limits of sign-in, counted for each client address and each account, never by the Host header."""

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
# An IPv6 client has at least this whole network to itself.
IPV6_PREFIX = 64


def client_of(request: HttpRequest) -> str:
    """The client's IP address, which is the last one of X-Forwarded-For with TRUST_PROXY; of IPv6 its network."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))


def user_of(request: HttpRequest) -> str:
    """Who is signed in, or for nobody the client."""
    return f"user {request.user.pk}" if request.user.is_authenticated else client_of(request)


def limited(limit: RateLimitItem, view: View, *, by: Callable[[HttpRequest], str] = client_of) -> View:
    """The view, which answers 429 to a form that was sent too often."""

    @wraps(view)
    def limited_view(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method not in SAFE_METHODS and not rate_limits.hit(limit, by(request)):
            return too_many_attempts(request, limit)
        return view(request, *args, **kwargs)

    return limited_view


def too_many_attempts(request: HttpRequest, limit: RateLimitItem) -> HttpResponse:
    """The page that says when to try again."""
    seconds = limit.get_expiry()
    page = render(request, "429.html", {"wait": "a minute" if seconds <= 60 else "an hour"}, status=429)
    page["Retry-After"] = str(seconds)
    return page


class SignInAttempt:
    """One attempt to sign in, counted before the password is looked at: many at once can't get past a limit."""

    def __init__(self, request: HttpRequest, email: str) -> None:
        self._client, self._account = client_of(request), email.lower()
        # A client that is over its limit locks no further account.
        self.is_allowed = rate_limits.hit(rate_limits.FAILED_SIGN_INS_OF_CLIENT, self._client) and rate_limits.hit(
            rate_limits.FAILED_SIGN_INS_OF_ACCOUNT, self._account
        )

    def has_succeeded(self) -> None:
        """Only failures count. Those before it still do, so that nobody resets a count with an account of their own."""
        rate_limits.give_back(rate_limits.FAILED_SIGN_INS_OF_CLIENT, self._client)
        rate_limits.give_back(rate_limits.FAILED_SIGN_INS_OF_ACCOUNT, self._account)


def unlock(email: str) -> None:
    """End the lock of an account whose owner has shown that the mailbox is theirs: nobody else can lock them out."""
    rate_limits.clear(rate_limits.FAILED_SIGN_INS_OF_ACCOUNT, email.lower())
