"""Inviting one person, and the invitee's answer."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.contrib.auth import password_validation
from django.template.loader import render_to_string

from accounts.models import User
from accounts.organizations.forms import GrantForm, PlainForm
from accounts.users.passwords import PASSWORD_HINT
from invites.checking import Row as CheckedRow
from invites.checking import check_cells
from invites.invitations.acceptance import NewAccount
from invites.invitations.typos import domain_of, intended_address
from invites.models import Invitation

# As long as a person may type; the check has the real limits, and words for them.
LONGEST = 10_000

FIELD_OF = {"Email": "email", "First name": "first_name", "Last name": "last_name", "Description": "description"}


class CellsMixin:
    """Holds the fields of a person to the very rules of a row in a file."""

    cleaned_data: dict[str, Any]
    errors: Any
    fields: dict[str, forms.Field]

    def check_person(self, *, email: str | None = None, description: str | None = None) -> CheckedRow:
        """Puts what is wrong under its field, and gives back the person. What is given is no field of the form."""
        typed = {name: str(self.cleaned_data.get(name) or "") for name in FIELD_OF.values()}
        row = check_cells(
            typed["email"] if email is None else email,
            typed["first_name"],
            typed["last_name"],
            typed["description"] if description is None else description,
            row=1,
            line=1,
        )
        for problem in row.problems:
            name = FIELD_OF.get(problem.column or "", "")
            if name in self.fields and name not in self.errors:
                self.add_error(name, f"{problem.message}. {problem.hint}".strip())  # type: ignore[attr-defined]
        return row


class InviteForm(CellsMixin, GrantForm):
    """One person, with roles and sites of their own.

    Once it was looked at, `meant` is the address that was probably meant, unless the field `as_typed` says that
    whoever sends it has seen that question and wants the address as it is.
    """

    meant: str | None = None

    email = forms.CharField(
        max_length=LONGEST,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter an address such as name@company.com."},
    )
    first_name = forms.CharField(max_length=LONGEST, error_messages={"required": "Enter a first name."})
    last_name = forms.CharField(max_length=LONGEST, error_messages={"required": "Enter a last name."})
    description = forms.CharField(max_length=LONGEST, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first_name", "last_name", "description"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout("email", _names(), "description", "roles", "sites")
        return helper

    def clean(self) -> dict[str, Any]:
        super().clean()
        person = self.check_person()
        typed = self.cleaned_data.get("email")
        if typed and typed != self.data.get("as_typed") and (meant := intended_address(person.email)):
            self.meant = meant
            context = {"meant": meant, "domain": domain_of(meant), "typed": typed}
            self["email"].help_text = render_to_string("invitations/_typo.html", context)
        return self.cleaned_data


class NewAccountForm(CellsMixin, PlainForm):
    """The names as invited, to be corrected, and a password of one's own."""

    first_name = forms.CharField(max_length=LONGEST, error_messages={"required": "Enter your first name."})
    last_name = forms.CharField(max_length=LONGEST, error_messages={"required": "Enter your last name."})
    password = forms.CharField(
        max_length=LONGEST,
        strip=False,
        help_text=PASSWORD_HINT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-password": ""}),
        error_messages={"required": "Choose a password."},
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
        helper.layout = Layout(_names(), "password")
        return helper

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.check_person(email=self.invitation.email, description="")
        if password := self.cleaned_data.get("password"):
            names = {name: self.cleaned_data.get(name) or "" for name in ("first_name", "last_name")}
            try:
                password_validation.validate_password(password, User(email=self.invitation.email, **names))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return self.cleaned_data

    def account(self) -> NewAccount:
        """What was chosen, once the form is valid."""
        return NewAccount(**{name: self.cleaned_data[name] for name in ("first_name", "last_name", "password")})


class OwnPasswordForm(PlainForm):
    """For an invitee who has an account: its password."""

    password = forms.CharField(
        max_length=LONGEST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "data-password": ""}),
        error_messages={"required": "Enter the password of your account."},
    )


def _names() -> Row:
    """Side by side, on a phone as well."""
    return Row(Column("first_name", css_class="col-6"), Column("last_name", css_class="col-6"))
