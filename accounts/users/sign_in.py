"""How allauth behaves here: closed to sign-up, limits of our own, one password field."""

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

from accounts.models import User
from accounts.tasks import enqueue_emails
from accounts.users.account_email import allow_resets_again
from accounts.users.addresses import AddressField
from accounts.users.passwords import PASSWORD_HINT
from accounts.users.sign_in_limits import SignInAttempt

ADDRESS_MESSAGES = {
    "required": "Enter your email address.",
    "invalid": "Enter an address such as name@company.com.",
}


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The hooks of allauth that differ from its defaults."""

    error_messages = {  # noqa: RUF012  # Its class has the same attribute.
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The address or the password is not right. Look at both, or choose a new password.",
        "too_many_login_attempts": (
            "Too many attempts. Wait five minutes, or use “Forgot your password?” to get in by email."
        ),
        "enter_current_password": "This is not your current password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come from invitations only."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The user with this address and password. Failures are counted here: allauth's own limits are off."""
        attempt = SignInAttempt(request, str(credentials.get("email", "")))
        if not attempt.is_allowed:
            raise self.validation_error("too_many_login_attempts")
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            attempt.has_succeeded()
        return user

    def login(self, request: HttpRequest, user: User) -> None:
        """Signs in with a session of the usual length, and without what it was kept for before."""
        super().login(request, user)
        request.session.pop(INTERNAL_RESET_SESSION_KEY, None)
        request.session.set_expiry(None)

    def set_password(self, user: User, password: str) -> None:
        """Every page that sets a password comes here. The owner is told by email."""
        super().set_password(user, password)
        allow_resets_again(user.email)
        enqueue_emails(user.pk)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("users:account")

    def is_safe_url(self, url: str | None) -> bool:
        """Only paths of this site: no link of ours needs more, and `//elsewhere` is no path."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)


class SignInForm(LoginForm):  # type: ignore[misc]
    """Labels instead of placeholders; how to get a new password is said by the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = _address_field(self.fields["login"])
        self.fields["password"].help_text = ""
        self.fields["password"].error_messages["required"] = "Enter your password."
        _say_it_our_way(self)

    def clean(self) -> dict[str, Any] | None:
        """A refusal stands under the password: that is what has to be typed again in any case."""
        try:
            cleaned: dict[str, Any] | None = super().clean()
        except ValidationError as refused:
            self.add_error("password", refused)
            return None
        return cleaned

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Somebody whose account is closed gets no session, although the password was right."""
        response: HttpResponse = super().login(request, redirect_url=redirect_url)
        if not self.user.is_active:
            request.session.flush()
        return response


class LostPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    """Whose password is to be replaced."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = _address_field(self.fields["email"])
        _say_it_our_way(self)

    def clean_email(self) -> str:
        """Whether it has an account is not asked here: a form that takes longer for some would tell."""
        return str(self.cleaned_data["email"])


class OnePasswordMixin:
    """One field with *Show* beside it instead of typing it twice."""

    password2 = None
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        password = self.fields["password1"]
        password.label = "New password"
        password.help_text = PASSWORD_HINT
        password.error_messages["required"] = "Enter a new password."
        _say_it_our_way(self)


class NewPasswordForm(OnePasswordMixin, ResetPasswordKeyForm):  # type: ignore[misc]
    """After the link of a reset mail."""


class FirstPasswordForm(OnePasswordMixin, SetPasswordForm):  # type: ignore[misc]
    """For somebody who has none yet."""


class OtherPasswordForm(OnePasswordMixin, ChangePasswordForm):  # type: ignore[misc]
    """For somebody who knows the one they have."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Current password"
        self.fields["oldpassword"].help_text = ""
        self.fields["oldpassword"].error_messages["required"] = "Enter your current password."


def _address_field(instead_of: forms.Field) -> AddressField:
    return AddressField(label="Email", widget=instead_of.widget, error_messages=ADDRESS_MESSAGES)


def _say_it_our_way(form: Any) -> None:
    form.use_required_attribute = False
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
