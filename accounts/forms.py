"""Forms of this app, and the roles and sites part that the forms for inviting share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from crispy_forms.helper import FormHelper
from django import forms

from accounts.models import Membership, Role, Site
from accounts.services.grants import GrantChoice, grantable_roles, grantable_sites, may_grant_all_sites

if TYPE_CHECKING:
    RoleChoiceField = forms.ModelMultipleChoiceField[Role]
else:  # Django's field is generic for the type checker only.
    RoleChoiceField = forms.ModelMultipleChoiceField

ALL_SITES: Final = "all"


class LinesWidget(forms.CheckboxSelectMultiple):
    """Checkboxes as a bordered list of lines: each option carries its one-line `description`."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.descriptions: Mapping[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        return {**option, "description": self.descriptions.get(str(value), "")}


class SitesWidget(forms.SelectMultiple):
    """A searchable multi-select (`data-sites`); options carry their country as `data-country`."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-sites": "", "aria-label": "Sites", **(attrs or {})})
        self.countries: Mapping[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if country := self.countries.get(str(value)):
            option["attrs"]["data-country"] = country
        return option


class RolesField(RoleChoiceField):
    """At least one of the roles that its form may offer."""

    def __init__(self, **kwargs: Any) -> None:
        messages = {
            "required": "Choose at least one role.",
            "invalid_choice": "Choose roles from the list.",
            "invalid_pk_value": "Choose roles from the list.",
            "list": "Choose roles from the list.",
        }
        super().__init__(Role.objects.none(), widget=LinesWidget(), error_messages=messages, **kwargs)


class SitesField(forms.MultipleChoiceField):
    """Sites by id, or `all`."""

    def __init__(self, **kwargs: Any) -> None:
        messages = {
            "required": "Choose at least one site, or All sites.",
            "invalid_choice": "Choose sites from the list.",
            "invalid_list": "Choose sites from the list.",
        }
        super().__init__(widget=SitesWidget(), error_messages=messages, **kwargs)


class PlainForm(forms.Form):
    """A form inside a `<form>` that its template opens. What is missing is said in our own words."""

    use_required_attribute = False

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        return helper


class GrantForm(PlainForm):
    """Roles and sites to give, limited to what `membership` may give.

    A value that was edited into the form, of this organization or another, is refused like any
    other that is not in the lists. `grant()` is there once the form is valid.
    """

    roles = RolesField()
    sites = SitesField()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.membership = membership
        self._offer_roles()
        self._offer_sites()

    def grant(self) -> GrantChoice:
        """What was chosen. All sites together with some of them is all sites."""
        chosen = self.cleaned_data["sites"]
        return GrantChoice.of(
            self.cleaned_data["roles"],
            [self._sites[value] for value in chosen if value != ALL_SITES],
            all_sites=ALL_SITES in chosen,
        )

    @staticmethod
    def initial_for(choice: GrantChoice) -> dict[str, Any]:
        """The `initial` that shows a choice made earlier."""
        sites = [ALL_SITES] if choice.all_sites else [str(site.pk) for site in choice.sites]
        return {"roles": [role.pk for role in choice.roles], "sites": sites}

    def _offer_roles(self) -> None:
        field = self.fields["roles"]
        assert isinstance(field, RolesField)
        assert isinstance(field.widget, LinesWidget)
        roles = grantable_roles(self.membership)
        field.queryset = roles
        field.widget.descriptions = {str(role.pk): role.description for role in roles}

    def _offer_sites(self) -> None:
        field = self.fields["sites"]
        assert isinstance(field, SitesField)
        assert isinstance(field.widget, SitesWidget)
        self._sites = {str(site.pk): site for site in grantable_sites(self.membership)}
        everything = [(ALL_SITES, "All sites")] if may_grant_all_sites(self.membership) else []
        field.choices = [*everything, *((value, site.name) for value, site in self._sites.items())]
        field.widget.countries = {value: site.country for value, site in self._sites.items()}
        # An organization that has no sites yet can invite all the same.
        field.required = Site.objects.filter(organization_id=self.membership.organization_id).exists()
        if not everything:
            missing = "Choose at least one site." if self._sites else "You have no site that you could give."
            field.error_messages["required"] = missing
