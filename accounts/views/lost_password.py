"""Asking for a link that leads to a new password, and following it."""

from __future__ import annotations

from allauth.account.views import PasswordResetFromKeyView, PasswordResetView
from django.http import HttpResponseBase
from django.shortcuts import redirect

from accounts.services.account_email import request_reset
from accounts.sign_in import LostPasswordForm, NewPasswordForm
from accounts.sign_in_limits import unlock
from accounts.tasks import enqueue_emails


class LostPasswordView(PasswordResetView):  # type: ignore[misc]
    """Leaves the email to a worker. The answer is the same for every address, and never waits for a mail server."""

    def get_form_class(self) -> type[LostPasswordForm]:
        return LostPasswordForm

    def form_valid(self, form: LostPasswordForm) -> HttpResponseBase:
        asked = request_reset(form.cleaned_data["email"])
        if asked is not None:
            enqueue_emails(asked.user_id)
        return redirect(self.get_success_url())


class NewPasswordView(PasswordResetFromKeyView):  # type: ignore[misc]
    """The form behind the link, which also ends a lock of the account."""

    def form_valid(self, form: NewPasswordForm) -> HttpResponseBase:
        unlock(self.reset_user.email)
        response: HttpResponseBase = super().form_valid(form)
        return response


lost_password = LostPasswordView.as_view()
new_password = NewPasswordView.as_view()
