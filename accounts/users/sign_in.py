"""Adapts allauth: no sign-up, our own rate limits, and a single password field."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
)
from allauth.account.views import INTERNAL_RESET_SESSION_KEY
from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts.activity.source import current_source
from accounts.models import User
from accounts.tasks import enqueue, enqueue_emails, record_failed_sign_in
from accounts.users.account_changes import record_password_change
from accounts.users.account_email import allow_resets_again
from accounts.users.addresses import AddressField
from accounts.users.passwords import PASSWORD_HINT
from accounts.users.sign_in_limits import SignInAttempt

ADDRESS_MESSAGES = {
    "required": _("Enter your email address."),
    "invalid": _("Enter an address such as name@company.com."),
}


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The hooks of allauth that differ from the defaults."""

    error_messages = {  # noqa: RUF012  # Its class has the same attribute.
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("Incorrect email address or password. Try again, or use “Forgot your password?”."),
        "too_many_login_attempts": _(
            "Too many attempts. Wait five minutes, or use “Forgot your password?” to sign in by email."
        ),
        "enter_current_password": _("This isn’t your current password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come only from invitations."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The user with this address and password. Counts failures, because allauth's own limits are off."""
        attempt = SignInAttempt(request, str(credentials.get("email", "")))
        if not attempt.is_allowed:
            raise self.validation_error("too_many_login_attempts")
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            attempt.has_succeeded()
        else:
            # By a worker, so that the response takes the same time whether the account exists or not.
            enqueue(record_failed_sign_in, str(credentials.get("email", "")).lower(), current_source().as_json())
        return user

    def login(self, request: HttpRequest, user: User) -> None:
        """Give the session its usual lifetime, and remove the key of a reset link from it."""
        super().login(request, user)
        request.session.pop(INTERNAL_RESET_SESSION_KEY, None)
        request.session.set_expiry(None)

    def set_password(self, user: User, password: str) -> None:
        """Called by every page that sets a password. The owner is notified by email."""
        super().set_password(user, password)
        record_password_change(user)
        allow_resets_again(user.email)
        enqueue_emails(user.pk)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("users:account")

    def is_safe_url(self, url: str | None) -> bool:
        """Allow only paths of this site. `//elsewhere` is not one."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)


class SignInForm(LoginForm):  # type: ignore[misc]
    """Has labels instead of placeholders. The page has the link for a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = _address_field(self.fields["login"])
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        self.fields["password"].error_messages["required"] = _("Enter your password.")
        _use_our_messages(self)

    def clean(self) -> dict[str, Any] | None:
        """Show errors below the password, which has to be typed again anyway."""
        try:
            cleaned: dict[str, Any] | None = super().clean()
        except ValidationError as refused:
            self.add_error("password", refused)
            return None
        return cleaned

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Create no session for a deactivated account, even if the password is correct."""
        response: HttpResponse = super().login(request, redirect_url=redirect_url)
        if not self.user.is_active:
            request.session.flush()
        return response


class LostPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    """Asks for the address of the account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = _address_field(self.fields["email"])
        _use_our_messages(self)

    def clean_email(self) -> str:
        """Don't look the account up here: the response time would reveal whether it exists."""
        return str(self.cleaned_data["email"])


class OnePasswordMixin:
    """One field with a *Show* button, instead of two fields."""

    password2 = None
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        password = self.fields["password1"]
        password.label = _("New password")
        password.help_text = PASSWORD_HINT
        password.error_messages["required"] = _("Enter a new password.")
        _use_our_messages(self)


class NewPasswordForm(OnePasswordMixin, ResetPasswordKeyForm):  # type: ignore[misc]
    """For the page of a reset link."""


class FirstPasswordForm(OnePasswordMixin, SetPasswordForm):  # type: ignore[misc]
    """For users without a password."""


class OtherPasswordForm(OnePasswordMixin, ChangePasswordForm):  # type: ignore[misc]
    """For users who know their current password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")
        self.fields["oldpassword"].help_text = ""
        self.fields["oldpassword"].error_messages["required"] = _("Enter your current password.")


def _address_field(instead_of: forms.Field) -> AddressField:
    return AddressField(label=_("Email"), widget=instead_of.widget, error_messages=ADDRESS_MESSAGES)


def _use_our_messages(form: Any) -> None:
    form.use_required_attribute = False
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
