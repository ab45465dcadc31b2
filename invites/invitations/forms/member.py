"""The form for changing a member."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper

from accounts.models import Membership
from accounts.organizations.forms import GrantForm
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import MemberDetails
from invites.checking import (
    ANY_DOMAIN,
    COLUMNS,
    EMAIL,
)
from invites.invitations.forms.person import NAMES, DetailsMixin, initial_cells


class MemberForm(DetailsMixin, GrantForm):
    """Changes a member. The address belongs to the account, so that it isn't asked for.

    Names that are missing may stay missing: operators can create accounts without names.
    """

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        held = self.initial_for(AccessSelection.held_by(member))
        super().__init__(*args, initial={**held, **initial_cells(member)}, **kwargs)
        self.add_cells(column for column in COLUMNS if column is not EMAIL)
        for name in NAMES:
            self.fields[name].required = bool(self.initial[name])

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = self.layout()
        return helper

    def clean(self) -> dict[str, Any]:
        super().clean()
        values = self.check(self.cells()._replace(email="name@example.com"), ANY_DOMAIN).values
        self.cleaned_data |= {name: value for name, value in values._asdict().items() if name in self.fields}
        return self.cleaned_data

    def details(self) -> MemberDetails:
        """The names and the description, once the form is valid."""
        return MemberDetails(**{name: self.cleaned_data[name] for name in (*NAMES, "description")})
