"""The forms of bulk actions: which roles or sites, and what to do with them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.organizations.forms import ALL_SITES, GrantForm
from invites.directory.bulk.change import BulkChange, Kind, Mode


class AccessForm(GrantForm):
    """Add, remove or replace. Only roles and sites that the admin may grant are offered."""

    kind: Kind
    mode = forms.ChoiceField(
        label=_("What to do"),
        choices=[(Mode.ADD, _("Add")), (Mode.REMOVE, _("Remove")), (Mode.REPLACE, _("Replace"))],
        initial=Mode.ADD,
        widget=forms.RadioSelect(),
        error_messages={"invalid_choice": _("Choose what to do."), "required": _("Choose what to do.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # dialog.css shows the one for the chosen mode.
        notes = ((Mode.ADD, _("to add")), (Mode.REMOVE, _("to remove")), (Mode.REPLACE, _("to keep")))
        self.fields[str(self.kind)].note = format_html_join(  # type: ignore[attr-defined]
            "", '<span class="rc-for-{}">{}</span>', ((mode.value, text) for mode, text in notes)
        )

    def change(self) -> BulkChange:
        """The change, once the form is valid."""
        return BulkChange(self.kind, Mode(self.cleaned_data["mode"]), self.selection())


class RolesForm(AccessForm):
    """Which roles."""

    kind = Kind.ROLES
    sites = None  # type: ignore[assignment]
    field_order = ("mode", "roles")


class SitesForm(AccessForm):
    """Which sites."""

    kind = Kind.SITES
    roles = None  # type: ignore[assignment]
    field_order = ("mode", "sites")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("mode") == Mode.REMOVE and ALL_SITES in cleaned.get("sites", []):
            self.add_error("sites", _("Choose the sites to remove. “All sites” can only be added or replaced."))
        elif not cleaned.get("sites") and "sites" not in self.errors:
            self.add_error("sites", _("Choose at least one site."))
        return cleaned


FORMS: dict[Kind, type[AccessForm]] = {Kind.ROLES: RolesForm, Kind.SITES: SitesForm}
