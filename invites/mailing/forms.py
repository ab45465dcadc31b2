"""The form of *Settings > Invitation email*, and what is typed in the forms that have a preview."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.labels import LONGEST_SENDER_NAME, MessageField, clean_sender_name
from accounts.models import Membership, Organization
from accounts.organizations.forms import GrantForm, PlainForm
from accounts.organizations.grants import grantable_sites
from invites.checking import ANY_DOMAIN, Cells, check_cells
from invites.mailing.content import EmailContent, EmailSettings, Inviter, Writing, names_of
from invites.mailing.preview import LONGEST_SHOWN, Person

REPLY_TO_EXAMPLE = _("Enter an address such as help@company.com.")
# Nobody has it.
EXAMPLE_PERSON = Person("Chiara", "chiara.rossi@example.com")


class SenderNameField(forms.CharField):
    """See `clean_sender_name`."""

    def clean(self, value: object) -> str:
        return clean_sender_name(super().clean(value))


class EmailSettingsForm(PlainForm):
    """How the organization appears in its invitation emails."""

    sender_name = SenderNameField(label=_("Sender name"), required=False)
    reply_to = forms.CharField(
        label=_("Reply-to address"),
        required=False,
        help_text=_("If empty, replies go to the person who sent the invitation."),
        widget=forms.EmailInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    message = MessageField(label=_("Message for everyone"), help_text=_("Plain text, no links."))
    language = forms.ChoiceField(
        label=_("Language"),
        help_text=_("For people who haven’t chosen one. Your message isn’t translated."),
        error_messages={"invalid_choice": _("Choose a language from the list.")},
    )

    def __init__(self, *args: Any, organization: Organization, requested: str = "", **kwargs: Any) -> None:
        """`requested` is a reply-to address that isn't confirmed yet."""
        kwargs["initial"] = {
            "sender_name": organization.email_sender_name or _short_enough(organization.name),
            "reply_to": requested or organization.email_reply_to,
            "message": organization.email_message,
            "language": organization.language,
        }
        super().__init__(*args, **kwargs)
        self.fields["sender_name"].widget.attrs["placeholder"] = organization.name
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = list(settings.LANGUAGES)

    def clean_reply_to(self) -> str:
        typed: str = self.cleaned_data["reply_to"]
        if not typed:
            return ""
        person = check_cells(Cells(typed, "A", "A", ""), row=1, line=1, allowed=ANY_DOMAIN)
        if any(problem.column == "email" for problem in person.problems):
            raise forms.ValidationError(REPLY_TO_EXAMPLE, code="invalid")
        return person.values.email

    def chosen(self) -> EmailSettings:
        """The settings, once the form is valid."""
        return EmailSettings(**self.cleaned_data)


def _short_enough(name: str) -> str:
    """The name, or nothing if it is too long for the field. An empty field means the name of the organization."""
    return name if len(name) <= LONGEST_SENDER_NAME else ""


class MessageForm(forms.Form):
    """The message of an invitation or an import, without the rest of its form."""

    message = MessageField()


def typed_settings(data: QueryDict) -> EmailSettings:
    """What is typed in that form, valid or not, for the preview."""
    return EmailSettings(
        sender_name=_typed(data, "sender_name"),
        reply_to=_typed(data, "reply_to"),
        message=_typed(data, "message"),
        language=_typed(data, "language"),
    )


def example_content(by: Membership, chosen: EmailSettings) -> EmailContent:
    """The email with these settings, for somebody with little access that `by` can see."""
    sites = grantable_sites(by)
    role = by.organization.roles.exclude(is_org_admin=True).order_by("-is_default", "-position", "pk").first()
    return EmailContent(
        organization=by.organization.name,
        settings=chosen,
        inviter=Inviter.of(by),
        roles=names_of([role] if role else []),
        sites=names_of(sites[:3]),
        all_sites=not sites.exists(),
        zone=by.organization.zone,
    )


def typed_invitation(by: Membership, data: QueryDict) -> tuple[EmailContent, Person]:
    """The email of what is typed in the form of a person or of an import. An import shows the example person."""
    form = GrantForm(data, membership=by)
    form.full_clean()
    # Either of them may still be missing.
    form.cleaned_data = {"roles": (), "sites": (), **form.cleaned_data}
    selection = form.selection()
    content = EmailContent(
        organization=by.organization.name,
        settings=EmailSettings.of(by.organization),
        inviter=Inviter.of(by),
        roles=names_of(selection.roles),
        sites=names_of(selection.sites),
        all_sites=selection.all_sites,
        personal=Writing(_typed(data, "message"), by.get_full_name()),
        zone=by.organization.zone,
    )
    if "email" not in data:
        return content, EXAMPLE_PERSON
    return content, Person(_typed(data, "first_name"), _typed(data, "email"))


def _typed(data: QueryDict, name: str) -> str:
    return data.get(name, "")[:LONGEST_SHOWN].replace("\r\n", "\n").strip()
