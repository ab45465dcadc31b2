"""The form of the account page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.labels import LabelField
from accounts.models import User
from accounts.organizations.forms import PlainForm
from accounts.organizations.selectors import memberships_with_permission
from accounts.permissions import Permission


class PersonForm(PlainForm):
    """The user's name, and their language if the product has more than one."""

    first_name = LabelField(
        label=_("First name"), max_length=150, error_messages={"required": _("Enter your first name.")}
    )
    last_name = LabelField(
        label=_("Last name"), max_length=150, error_messages={"required": _("Enter your last name.")}
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        help_text=_("Also used for emails to you."),
        error_messages={"invalid_choice": _("Choose a language from the list.")},
    )

    wants_expiry_emails = forms.BooleanField(
        label=_("Email me once a day when invitations that I sent expire soon or have expired"), required=False
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(user, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [("", _("Same as your browser")), *settings.LANGUAGES]
        if not memberships_with_permission(Permission.INVITE_USERS).filter(user=user).exists():
            del self.fields["wants_expiry_emails"]
        if len(settings.LANGUAGES) == 1:
            del self.fields["language"]
        self.fields["first_name"].widget.attrs["autocomplete"] = "given-name"
        self.fields["last_name"].widget.attrs["autocomplete"] = "family-name"
