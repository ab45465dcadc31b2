"""The fields of a person, which are checked like the cells of a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import Column as LayoutColumn
from crispy_forms.layout import Layout, Row
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from invites.checking import (
    COLUMNS,
    EMAIL,
    AllowedDomains,
    Cells,
    Column,
    check_cells,
)
from invites.checking import Row as CheckedRow
from invites.models import Invitation
from invites.problems import explain

# How much people can type. The check has the real limits and explains them.
LONGEST = 10_000
NAMES = ("first_name", "last_name")
REQUIRED = {
    "email": _("Enter an address such as name@company.com."),
    "first_name": _("Enter a first name."),
    "last_name": _("Enter a last name."),
}


class CellsMixin:
    """Checks the fields of a person like the cells of a file."""

    cleaned_data: dict[str, Any]
    errors: Any
    fields: dict[str, forms.Field]

    def cells(self) -> Cells:
        """What was typed. Columns without a field are empty."""
        return Cells(*[str(self.cleaned_data.get(column.key) or "") for column in COLUMNS])

    def check(self, cells: Cells, allowed: AllowedDomains) -> CheckedRow:
        """Check the cells, and add an error to the field of each that is wrong."""
        row = check_cells(cells, row=1, line=1, allowed=allowed)
        for problem in row.problems:
            name = problem.column
            is_asked = name in self.fields and (self.fields[name].required or getattr(cells, name))
            if is_asked and name not in self.errors:
                self.add_error(name, explain(problem))  # type: ignore[attr-defined]
        return row


class DetailsMixin(CellsMixin):
    """Asks for the names and the description of a person."""

    def add_cells(self, columns: Iterable[Column]) -> None:
        self.fields |= {column.key: _field_of(column) for column in columns}

    @staticmethod
    def layout(*first: str) -> Layout:
        others = [column.key for column in COLUMNS if column.key not in ("email", *NAMES)]
        return Layout(*first, names_in_a_row(), *others, "roles", "sites")


def initial_cells(person: Invitation | Membership) -> dict[str, str]:
    """What the fields of a person show at first."""
    return {column.key: getattr(person, column.key) for column in COLUMNS}


def _field_of(column: Column) -> forms.CharField:
    is_email = column is EMAIL
    attributes = {"autocomplete": "off"}
    return forms.CharField(
        label=_(column.title),
        max_length=LONGEST,
        required=column.is_required,
        widget=forms.EmailInput({**attributes, "spellcheck": "false"}) if is_email else forms.TextInput(attributes),
        error_messages={"required": REQUIRED.get(column.key, _("Fill in this field."))},
    )


def names_in_a_row() -> Row:
    """The fields of both names side by side, on a phone as well."""
    return Row(*[LayoutColumn(name, css_class="col-6") for name in NAMES])
