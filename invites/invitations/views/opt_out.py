"""The pages behind the links at the foot of an invitation email: decline it, or report abuse.

As with the link that accepts, the link stores its token in a signed cookie and redirects, so that no page can leak it
by its URL. Opening a page changes nothing, because email scanners open links first: each page has a button.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError
from accounts.organizations.access import public
from accounts.organizations.selectors import name_in
from invites.invitations.declining import (
    Reported,
    can_be_declined,
    current_invitation,
    decline,
    find_reported,
    report_abuse,
)
from invites.invitations.tokens import fingerprint, invitation_id_in
from invites.invitations.views.opened_link import is_form_of, open_page, secret_in
from invites.models import Invitation

COOKIE = "opt_out"
OPENED_ANOTHER = gettext_lazy("You opened another invitation in the meantime. Check that this is the one you mean.")


@dataclass(frozen=True)
class Question:
    """A page with a button: its template, what the button does, and the template of the answer."""

    page: str
    act: Callable[[str], Invitation | Reported]
    answer: str


DECLINE = Question("decline", decline, "declined")
REPORT = Question("report", report_abuse, "reported")


@public("The token in the URL gives access to the invitation.")
@require_safe
@never_cache
def opt_out_link(request: HttpRequest, token: str, page: str) -> HttpResponse:
    """The URL in the email. Every token leads to the same page, which then checks it."""
    return open_page(page, COOKIE, token if invitation_id_in(token) else "")


@public("Shows what the token in the cookie opens, and nothing without one.")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def decline_page(request: HttpRequest) -> HttpResponse:
    """Ask, then decline the invitation."""
    opt_out = secret_in(request, COOKIE)
    found = current_invitation(opt_out)
    if found is not None and found.state == Invitation.State.DECLINED:
        return _show(request, "declined", found)
    if found is None or not can_be_declined(found):
        return render(request, "invitations/opt_out_dead.html", status=404)
    return _asked(request, opt_out, found, DECLINE)


@public("Shows what the token in the cookie opens, and nothing without one.")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report_page(request: HttpRequest) -> HttpResponse:
    """Ask, then stop all invitations to the address. That is possible in every state of the invitation."""
    opt_out = secret_in(request, COOKIE)
    found = find_reported(opt_out)
    if found is None:
        return render(request, "invitations/opt_out_dead.html", status=404)
    return _asked(request, opt_out, found, REPORT)


def _asked(request: HttpRequest, opt_out: str, found: Invitation | Reported, question: Question) -> HttpResponse:
    """The question, or what was done once its button was pressed."""
    if request.method != "POST":
        return _show(request, question.page, found, shown_for=fingerprint(opt_out))
    if not is_form_of(request, opt_out):
        messages.warning(request, OPENED_ANOTHER)
        return _show(request, question.page, found, shown_for=fingerprint(opt_out), status=409)
    try:
        return _show(request, question.answer, question.act(opt_out))
    except DomainError as broken:
        if broken.code != "dead_link":
            raise
        return render(request, "invitations/opt_out_dead.html", status=404)


def _show(
    request: HttpRequest, page: str, found: Invitation | Reported, *, status: int = 200, **context: object
) -> HttpResponse:
    invitation = found.invitation if isinstance(found, Reported) else found
    inviter = name_in(invitation.organization, invitation.inviter) if invitation.inviter else ""
    shown = {"invitation": invitation, "email": found.email, "inviter": inviter}
    return render(request, f"invitations/{page}.html", shown | context, status=status)
