"""Request and use a link to reset the password."""

from __future__ import annotations

from typing import Any

from allauth.account.views import INTERNAL_RESET_SESSION_KEY, PasswordResetFromKeyView, PasswordResetView
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from accounts.tasks import enqueue_emails
from accounts.users import rate_limits
from accounts.users.account_email import request_reset
from accounts.users.sign_in import LostPasswordForm, NewPasswordForm
from accounts.users.sign_in_limits import client_of, too_many_attempts, unlock

ANONYMOUS_SESSION_SECONDS = 3600


class LostPasswordView(PasswordResetView):  # type: ignore[misc]
    """A worker sends the email. The response is the same for every address, and never waits for a mail server."""

    def get_form_class(self) -> type[LostPasswordForm]:
        return LostPasswordForm

    def form_valid(self, form: LostPasswordForm) -> HttpResponseBase:
        asked = request_reset(form.cleaned_data["email"])
        if asked is not None:
            enqueue_emails(asked.user_id)
        return redirect(self.get_success_url())


class NewPasswordView(PasswordResetFromKeyView):  # type: ignore[misc]
    """The form behind the link. Setting a password also ends a lock of the account.

    allauth stores the key of a valid link in the session, and redirects to a URL without it. No other page creates a
    session for anonymous users.
    """

    def dispatch(self, request: HttpRequest, uidb36: str, key: str, **kwargs: Any) -> HttpResponseBase:
        limit = rate_limits.RESET_LINKS_OF_CLIENT
        if key != self.reset_url_key and not rate_limits.hit(limit, client_of(request)):
            return too_many_attempts(request, limit)
        response: HttpResponseBase = super().dispatch(request, uidb36, key, **kwargs)
        is_kept_now = request.session.modified and INTERNAL_RESET_SESSION_KEY in request.session
        if is_kept_now and not request.user.is_authenticated:
            request.session.set_expiry(ANONYMOUS_SESSION_SECONDS)
        return response

    def form_valid(self, form: NewPasswordForm) -> HttpResponseBase:
        unlock(self.reset_user.email)
        response: HttpResponseBase = super().form_valid(form)
        return response


lost_password = LostPasswordView.as_view()
new_password = NewPasswordView.as_view()
