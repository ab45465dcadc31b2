"""The pages for invitees: the link in the email, and the invitation.

The link stores the hash of its token in a signed cookie and redirects, so that no page can leak the token by its URL.
That happens for every token, valid or not, and creates no session. Opening the link doesn't use it up, because email
scanners open it first. The first time is remembered for the history of the person.

A form that was shown for another link changes nothing.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth import logout
from django.forms import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from accounts.models import Membership, User
from accounts.organizations.access import public
from accounts.organizations.selectors import name_in
from invites.invitations.acceptance import (
    accept_with_existing_account,
    accept_with_new_account,
    deactivated_text,
    find_accepted_membership,
    find_account,
    find_open_invitation,
    note_opened,
)
from invites.invitations.forms.accept import NewAccountForm, OwnPasswordForm
from invites.invitations.requests import ask_for_invitation
from invites.invitations.tokens import fingerprint, hash_token
from invites.invitations.views.opened_link import SHOWN_FOR, is_form_of, open_page, secret_in
from invites.invitations.wording import role_names, site_list
from invites.models import Invitation

COOKIE = "invitation"
OPENED_ANOTHER = gettext_lazy(
    "You opened another invitation in the meantime. Check that this is the one you want to accept."
)


@public("The token in the URL gives access to the invitation.")
@require_safe
@never_cache
def invitation_link(request: HttpRequest, token: str) -> HttpResponse:
    """The URL in the email. Every token leads to the same page, which then checks it."""
    return open_page("acceptance:invitation", COOKIE, hash_token(token))


@public("Shows what the token in the cookie opens, and nothing without one.")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """The invitation, with a form for a new account, a form to sign in, or just a button."""
    link = secret_in(request, COOKIE)
    try:
        found = find_open_invitation(link)
        if request.method == "GET" and not _is_prefetch(request):
            note_opened(link)
        return _answer(request, link, found)
    except DomainError as broken:
        if broken.code == "dead_link":
            mine = (
                request.method != "POST"
                and isinstance(request.user, User)
                and find_accepted_membership(request.user, link)
            )
            return _is_in(request, mine) if mine else _dead_link(request)
        if broken.code == "deactivated":
            return _is_deactivated(request, broken.message)
        raise


@public("Answers the same for every link.")
@require_POST
@never_cache
def invitation_ask(request: HttpRequest) -> HttpResponse:
    """Ask the admins for a new invitation. The answer doesn't say whether the link belongs to one."""
    ask_for_invitation(secret_in(request, COOKIE))
    return render(request, "invitations/asked.html")


@public("Signs out, and keeps the invitation for the next user who signs in.")
@require_POST
@never_cache
def invitation_switch(request: HttpRequest) -> HttpResponse:
    """Sign out of an account with another address, and go back to the invitation."""
    logout(request)
    return redirect("acceptance:invitation")


def _is_prefetch(request: HttpRequest) -> bool:
    """Whether a browser loads the page before anybody has asked for it."""
    return any("prefetch" in request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))


def _answer(request: HttpRequest, link: str, found: Invitation) -> HttpResponse:
    sent = _sent_for(request, link)
    if isinstance(request.user, User):
        if request.user.email != found.email_key:
            return _show(request, found, "invitations/accept_other.html", status=200 if sent is None else 403)
        if sent is not None:
            return _welcome(request, accept_with_existing_account(request.user, link))
        return _show(request, found, "invitations/accept_member.html")
    if find_account(found) is not None:
        return _sign_in(request, link, found, sent)
    return _new_account(request, link, found, sent)


def _sent_for(request: HttpRequest, link: str) -> QueryDict | None:
    """The submitted form; None if there is none, or if it was shown for another link."""
    if request.method == "POST" and is_form_of(request, link):
        return request.POST
    return None


def _new_account(request: HttpRequest, link: str, found: Invitation, sent: QueryDict | None) -> HttpResponse:
    form = NewAccountForm(sent, invitation=found)
    if form.is_valid():
        try:
            membership = accept_with_new_account(link, form.account())
        except DomainError as broken:
            if broken.code == "dead_link":
                raise
            form.add_error(None, broken.message)
        else:
            get_adapter(request).login(request, membership.user)
            return _welcome(request, membership)
    return _show(request, found, "invitations/accept.html", form=form)


def _sign_in(request: HttpRequest, link: str, found: Invitation, sent: QueryDict | None) -> HttpResponse:
    """Sign in to the account with the invited address, and to no other one."""
    form = OwnPasswordForm(sent)
    if form.is_valid():
        try:
            # Through allauth, which counts failures and may require a second factor.
            user = get_adapter(request).authenticate(
                request, email=found.email_key, password=form.cleaned_data["password"]
            )
        except ValidationError as error:
            form.add_error("password", error)
        else:
            if user is None or user.email != found.email_key:
                form.add_error("password", _("That password isn’t correct."))
            else:
                response: HttpResponse = perform_login(
                    request, user, email_verification="none", redirect_url="/invitation/"
                )
                if request.user == user:
                    return _welcome(request, accept_with_existing_account(user, link))
                return response
    return _show(request, found, "invitations/accept_sign_in.html", form=form)


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    # Signing in has already cycled the key. This does it for users who were signed in before.
    request.session.cycle_key()
    organization = membership.organization
    messages.success(
        request, format_html(_("You’ve joined <bdi>{organization}</bdi>."), organization=organization.name)
    )
    # Not home, which may lead to another organization.
    response = redirect("organizations:member_home", organization.slug)
    response.delete_cookie(COOKIE, path=reverse("acceptance:invitation"), samesite="Lax")
    return response


def _show(request: HttpRequest, found: Invitation, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    form = context.get("form")
    if form is not None and form.errors:
        status = 422
    if request.method == "POST" and _sent_for(request, found.token_hash) is None:
        messages.warning(request, OPENED_ANOTHER)
        status = 409
    offer = {
        "inviter": name_in(found.organization, found.inviter) if found.inviter else "",
        "roles": role_names(found.grant),
        "sites": site_list(found.grant),
    }
    shown_for = {"name": SHOWN_FOR, "value": fingerprint(found.token_hash)}
    return render(request, template, {"invitation": found, "shown_for": shown_for, **offer, **context}, status=status)


def _is_in(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Only for the user who accepted it. Nobody else learns that it was accepted."""
    if membership.deactivated_at is not None:
        return _is_deactivated(request, deactivated_text(membership.organization))
    return render(request, "invitations/accept_is_in.html", {"membership": membership})


def _is_deactivated(request: HttpRequest, message: str) -> HttpResponse:
    """Only for the deactivated member, who is signed in."""
    return render(request, "invitations/accept_deactivated.html", {"message": message}, status=403)


def _dead_link(request: HttpRequest) -> HttpResponse:
    """The same page for every link that doesn't work, without any names."""
    return render(request, "invitations/accept_dead.html", status=404)
