"""The form for the email domains of an organization."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from accounts.organizations.forms import PlainForm
from accounts.wording import grouped
from invites.checking import (
    normalize_domain,
    visible,
)
from invites.invitations.forms.person import LONGEST

MOST_DOMAINS = 100


class AllowedDomainsForm(PlainForm):
    """The email domains of an organization, and what happens to other addresses."""

    domains = forms.CharField(
        label=_("Email domains"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea({"rows": "4", "spellcheck": "false", "autocapitalize": "off"}),
        help_text=_(
            "One per line, such as company.com. Subdomains aren’t included. Leave this empty to allow every address."
        ),
    )
    other_domains = forms.ChoiceField(
        label=_("People with other addresses"),
        choices=Organization.OtherDomains.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what happens to other addresses."),
            "invalid_choice": _("Choose what happens to other addresses."),
        },
    )

    def clean_domains(self) -> list[str]:
        """The domains in their normal form, each once."""
        found = []
        for text in re.split(r"[\s,;]+", self.cleaned_data["domains"]):
            domain = normalize_domain(text) if text else ""
            if domain is None:
                message = gettext("“{text}” isn’t a domain. Enter domains such as company.com.")
                raise forms.ValidationError(message.format(text=visible(text, limit=60)))
            if domain:
                found.append(domain)
        if len(found) > MOST_DOMAINS:
            message = gettext("You entered {count} domains. Enter {limit} or fewer.")
            raise forms.ValidationError(message.format(count=grouped(len(found)), limit=grouped(MOST_DOMAINS)))
        return list(dict.fromkeys(found))
