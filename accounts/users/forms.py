"""The form of the account page."""

from __future__ import annotations

from typing import Any

from accounts.labels import LabelField
from accounts.models import User
from accounts.organizations.forms import PlainForm


class PersonForm(PlainForm):
    """The user's name."""

    first_name = LabelField(max_length=150, error_messages={"required": "Enter your first name."})
    last_name = LabelField(max_length=150, error_messages={"required": "Enter your last name."})

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = {"first_name": user.first_name, "last_name": user.last_name}
        super().__init__(*args, **kwargs)
        self.fields["first_name"].widget.attrs["autocomplete"] = "given-name"
        self.fields["last_name"].widget.attrs["autocomplete"] = "family-name"
