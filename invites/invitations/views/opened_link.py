"""What opening a link in an email leaves in the browser: the secret of its token, in a signed cookie.

The page never has the token in its URL. Another site can make the browser open another link, which replaces the cookie,
so each form names the link that it was shown for in a hidden field.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from invites.invitations.tokens import fingerprint

SHOWN_FOR = "shown_for"
_LASTS = timedelta(hours=1)


def open_page(page: str, cookie: str, secret: str) -> HttpResponse:
    """Store the secret, and go to the page."""
    response = redirect(page)
    response.set_signed_cookie(
        cookie,
        secret,
        salt=cookie,
        max_age=_LASTS,
        path=reverse("acceptance:invitation"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    response["Referrer-Policy"] = "no-referrer"
    return response


def secret_in(request: HttpRequest, cookie: str) -> str:
    """The secret; empty if the cookie is missing, expired, or has no valid signature."""
    return str(request.get_signed_cookie(cookie, default="", salt=cookie, max_age=_LASTS))


def is_form_of(request: HttpRequest, secret: str) -> bool:
    """Whether the submitted form was shown for the link with this secret."""
    return constant_time_compare(request.POST.get(SHOWN_FOR, ""), fingerprint(secret))
