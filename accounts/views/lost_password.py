"""Asking for a link that leads to a new password, and following it."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from allauth.account.views import PasswordResetFromKeyView, PasswordResetView
from django.http import HttpResponseBase

from accounts.sign_in import LostPasswordForm, NewPasswordForm
from accounts.sign_in_limits import unlock

logger = logging.getLogger(__name__)


class LostPasswordView(PasswordResetView):  # type: ignore[misc]
    """Sends the link at once; where the mail server does not take it, the page says so."""

    def get_form_class(self) -> type[LostPasswordForm]:
        return LostPasswordForm

    def form_valid(self, form: LostPasswordForm) -> HttpResponseBase:
        try:
            answer: HttpResponseBase = super().form_valid(form)
        except (OSError, SMTPException):
            logger.exception("A link to a new password could not be sent.")
            form.add_error(None, "The email could not be sent just now. Try again in a few minutes.")
            return self.form_invalid(form)  # type: ignore[no-any-return]
        return answer


lost_password = LostPasswordView.as_view()


class NewPasswordView(PasswordResetFromKeyView):  # type: ignore[misc]
    """The form behind the link, which also ends a lock of the account."""

    def form_valid(self, form: NewPasswordForm) -> HttpResponseBase:
        unlock(self.reset_user.email)
        response: HttpResponseBase = super().form_valid(form)
        return response


new_password = NewPasswordView.as_view()
