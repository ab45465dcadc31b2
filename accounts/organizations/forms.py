"""The forms of organizations, and the fields for roles and sites that other forms share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.labels import LabelField
from accounts.models import Membership, Organization, Role, Site
from accounts.organizations.grants import AccessSelection, grantable_roles, grantable_sites, powers_in
from accounts.organizations.roles import RoleDraft
from accounts.permissions import Permission
from accounts.texts import StrOrPromise
from accounts.time_zones import time_zone_choices

if TYPE_CHECKING:
    RoleChoiceField = forms.ModelMultipleChoiceField[Role]
else:  # Django's field is generic for the type checker only.
    RoleChoiceField = forms.ModelMultipleChoiceField

ALL_SITES: Final = "all"


class LinesWidget(forms.CheckboxSelectMultiple):
    """Checkboxes as a bordered list. Each option has a one-line `description`.

    `powers` are what the option lets people do, separated by spaces. dialog.css shows what is said about the checked
    ones.
    """

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.descriptions: Mapping[str, StrOrPromise] = {}
        self.powers: Mapping[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if powers := self.powers.get(str(value)):
            option["attrs"]["data-powers"] = powers
        return {**option, "description": self.descriptions.get(str(value), "")}


# Shown by static/js/sites.js, which puts in the values.
_SITES_TEXTS = {
    "data-text-placeholder": _("Choose sites"),
    "data-text-remove": _("Remove {site}"),
    "data-text-added": _("{site} added"),
    "data-text-removed": _("{site} removed"),
    "data-text-no-match": _("No site matches “{search}”"),
}


class SitesWidget(forms.SelectMultiple):
    """A searchable multi-select (`data-sites`). Each option has its country in `data-country`."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-sites": "", "aria-label": _("Sites"), **_SITES_TEXTS, **(attrs or {})})
        self.countries: Mapping[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if country := self.countries.get(str(value)):
            option["attrs"]["data-country"] = country
        return option


# Shown by static/js/time_zone.js.
_TIME_ZONE_TEXTS = {
    "data-time-zone": "",
    "data-text-suggestion": _("Your browser’s time zone is {zone}."),
    "data-text-use": _("Use it"),
    "data-text-used": _("{zone} is chosen. Save the settings to use it."),
}


class TimeZoneWidget(forms.Select):
    """The list of all time zones. time_zone.js suggests the one of the browser for UTC."""

    template_name = "organizations/_time_zones.html"


class RolesField(RoleChoiceField):
    """At least one of the roles that the form offers."""

    def __init__(self, **kwargs: Any) -> None:
        messages = {
            "required": _("Choose at least one role."),
            "invalid_choice": _("Choose roles from the list."),
            "invalid_pk_value": _("Choose roles from the list."),
            "list": _("Choose roles from the list."),
        }
        kwargs.setdefault("label", _("Roles"))
        super().__init__(Role.objects.none(), widget=LinesWidget(), error_messages=messages, **kwargs)

    def clean(self, value: Any) -> Any:
        # Compared as text: some numbers that a form may contain are too large for a database.
        offered = {str(pk) for pk in self.queryset.values_list("pk", flat=True)} if self.queryset is not None else set()
        if isinstance(value, (list, tuple)) and not offered.issuperset(map(str, value)):
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().clean(value)


class SitesField(forms.MultipleChoiceField):
    """Sites by id, or `all`."""

    def __init__(self, **kwargs: Any) -> None:
        messages = {
            "required": _("Choose at least one site, or All sites."),
            "invalid_choice": _("Choose sites from the list."),
            "invalid_list": _("Choose sites from the list."),
        }
        kwargs.setdefault("label", _("Sites"))
        super().__init__(widget=SitesWidget(), error_messages=messages, **kwargs)


class PlainForm(forms.Form):
    """A form inside the `<form>` of its template, with error messages of its own for missing values."""

    use_required_attribute = False

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        return helper


class GrantForm(PlainForm):
    """Roles and sites, limited to those that `membership` may grant. Any other value is invalid.

    Call `selection()` once the form is valid.
    """

    roles = RolesField()
    sites = SitesField()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.membership = membership
        # Bulk actions have forms with only one of them.
        if "roles" in self.fields:
            self._offer_roles()
        if "sites" in self.fields:
            self._offer_sites()

    def selection(self) -> AccessSelection:
        """The chosen roles and sites. All sites together with single ones is all sites."""
        chosen = self.cleaned_data.get("sites", [])
        return AccessSelection.of(
            self.cleaned_data.get("roles", []),
            [self._sites[value] for value in chosen if value != ALL_SITES],
            all_sites=ALL_SITES in chosen,
        )

    @staticmethod
    def initial_for(selection: AccessSelection) -> dict[str, Any]:
        """The `initial` for a form that shows the selection."""
        sites = [ALL_SITES] if selection.all_sites else [str(site.pk) for site in selection.sites]
        return {"roles": [role.pk for role in selection.roles], "sites": sites}

    def _offer_roles(self) -> None:
        field = self.fields["roles"]
        assert isinstance(field, RolesField)
        assert isinstance(field.widget, LinesWidget)
        roles = grantable_roles(self.membership)
        field.queryset = roles
        field.widget.descriptions = {str(role.pk): role.description for role in roles}
        field.widget.powers = {str(role.pk): " ".join(powers_in(role.allowed)) for role in roles}

    def _offer_sites(self) -> None:
        field = self.fields["sites"]
        assert isinstance(field, SitesField)
        assert isinstance(field.widget, SitesWidget)
        self._sites = {str(site.pk): site for site in grantable_sites(self.membership)}
        everything = [(ALL_SITES, _("All sites"))] if self.membership.all_sites else []
        field.choices = [*everything, *((value, site.name) for value, site in self._sites.items())]
        field.widget.countries = {value: site.country for value, site in self._sites.items()}
        # An organization without sites can invite, too.
        ours = Site.objects.filter(organization_id=self.membership.organization_id)
        field.required = bool(self._sites) or ours.exists()
        if not everything:
            field.error_messages["required"] = (
                _("Choose at least one site.")
                if self._sites
                else _("You can’t grant access to any site. Ask an admin for access first.")
            )


class RoleForm(PlainForm):
    """A role: its name, its description, and permissions of those that the editor has."""

    name = LabelField(
        label=_("Name"), max_length=80, error_messages={"required": _("Enter a name such as Field worker.")}
    )
    description = LabelField(label=_("Description"), max_length=200, required=False)
    permissions = forms.MultipleChoiceField(
        label=_("Permissions"),
        widget=LinesWidget(),
        error_messages={
            "required": _("Choose at least one permission."),
            "invalid_choice": _("Choose permissions from the list."),
            "invalid_list": _("Choose permissions from the list."),
        },
    )

    def __init__(
        self,
        *args: Any,
        membership: Membership,
        role: Role | None = None,
        permissions_stay: str = "",
        **kwargs: Any,
    ) -> None:
        """`permissions_stay` says why this editor can't change the permissions; empty if they can."""
        if role is not None:
            kwargs["initial"] = {
                "name": role.name,
                "description": role.description,
                "permissions": sorted(role.allowed),
                **(kwargs.get("initial") or {}),
            }
        super().__init__(*args, **kwargs)
        field = self.fields["permissions"]
        assert isinstance(field, forms.MultipleChoiceField)
        assert isinstance(field.widget, LinesWidget)
        held = [each for each in Permission if membership.has_permission(each)]
        field.choices = [(each.value, each.label) for each in held]
        field.widget.descriptions = {each.value: each.meaning for each in held}
        if permissions_stay:
            field.disabled = True
            field.help_text = permissions_stay
        if role is not None and role.is_default:
            self.fields["name"].disabled = True
            self.fields["name"].help_text = _("Every organization has this role, so you can’t rename it.")

    def draft(self) -> RoleDraft:
        """The role, once the form is valid."""
        data = self.cleaned_data
        return RoleDraft(data["name"], data["description"], frozenset(data["permissions"]))


class SiteForm(PlainForm):
    """A site: its name and its country, which is optional."""

    name = LabelField(
        label=_("Name"), max_length=120, error_messages={"required": _("Enter a name such as Lyon depot.")}
    )
    country = LabelField(label=_("Country"), max_length=80, required=False)

    def __init__(self, *args: Any, site: Site | None = None, **kwargs: Any) -> None:
        if site is not None:
            kwargs["initial"] = {"name": site.name, "country": site.country}
        super().__init__(*args, **kwargs)


class OrganizationForm(PlainForm):
    """The name and the time zone of an organization."""

    name = LabelField(
        label=_("Name"),
        max_length=150,
        help_text=_("Shown in invitations and in the sidebar."),
        error_messages={"required": _("Enter the organization’s name.")},
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Used for times on pages and in emails, and for scheduled invitations."),
        widget=TimeZoneWidget(_TIME_ZONE_TEXTS),
        error_messages={
            "required": _("Choose a time zone from the list."),
            "invalid_choice": _("Choose a time zone from the list."),
        },
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": organization.name, "time_zone": organization.time_zone}
        super().__init__(*args, **kwargs)
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = time_zone_choices()
