"""The forms for accepting an invitation."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.organizations.forms import PlainForm
from accounts.users.passwords import PASSWORD_HINT
from invites.checking import (
    ANY_DOMAIN,
)
from invites.invitations.acceptance import NewAccount
from invites.invitations.forms.person import LONGEST, NAMES, CellsMixin, names_in_a_row
from invites.models import Invitation


class NewAccountForm(CellsMixin, PlainForm):
    """Asks an invitee for a password, and to confirm or correct their name."""

    first_name = forms.CharField(
        label=_("First name"), max_length=LONGEST, error_messages={"required": _("Enter your first name.")}
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=LONGEST, error_messages={"required": _("Enter your last name.")}
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=LONGEST,
        strip=False,
        help_text=PASSWORD_HINT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-password": ""}),
        error_messages={"required": _("Choose a password.")},
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        self.initial.update(first_name=invitation.first_name, last_name=invitation.last_name)
        self.fields["first_name"].widget.attrs["autocomplete"] = "given-name"
        self.fields["last_name"].widget.attrs["autocomplete"] = "family-name"

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout(names_in_a_row(), "password")
        return helper

    def clean(self) -> dict[str, Any]:
        super().clean()
        # Who was invited may join, even if the organization has changed its domains since.
        self.check(self.cells()._replace(email=self.invitation.email), ANY_DOMAIN)
        if password := self.cleaned_data.get("password"):
            names = {name: self.cleaned_data.get(name) or "" for name in NAMES}
            try:
                password_validation.validate_password(password, User(email=self.invitation.email, **names))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return self.cleaned_data

    def account(self) -> NewAccount:
        """The account to create, once the form is valid."""
        return NewAccount(**{name: self.cleaned_data[name] for name in ("first_name", "last_name", "password")})


class OwnPasswordForm(PlainForm):
    """Asks an invitee who has an account for its password."""

    password = forms.CharField(
        label=_("Password"),
        max_length=LONGEST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "data-password": ""}),
        error_messages={"required": _("Enter your password.")},
    )
