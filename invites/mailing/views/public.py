"""Pages to which emails lead: confirm a reply-to address, and the link of a test."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.organizations.access import public
from invites.mailing.email_settings import confirm_reply_to, find_reply_to_request


@public("The token in the URL proves that the reader gets email at the address.")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def reply_to(request: HttpRequest, token: str) -> HttpResponse:
    """Asks to confirm the address. Only the button does it, because email scanners open links."""
    is_confirmed = request.method == "POST"
    found = confirm_reply_to(token) if is_confirmed else find_reply_to_request(token)
    context = {"found": found, "is_confirmed": is_confirmed}
    # SECURE_REFERRER_POLICY hides the URL from other sites. With "no-referrer", browsers would also hide from this site
    # where the form comes from, and it would be refused.
    return render(request, "mailing/reply_to.html", context, status=200 if found else 404)


@public("Says only that it is a test.")
@require_safe
def trial(request: HttpRequest) -> HttpResponse:
    """Where the link of a test email leads."""
    return render(request, "mailing/trial.html")
