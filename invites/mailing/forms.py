"""The form of *Settings > Invitation email*, and what is typed in the forms that have a preview."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.labels import LONGEST_SENDER_NAME, MessageField, clean_sender_name
from accounts.models import Membership, Organization
from accounts.numbers import number_in
from accounts.organizations.forms import GrantForm, PlainForm
from accounts.organizations.grants import grantable_sites
from accounts.texts import StrOrPromise
from invites.checking import ANY_DOMAIN, Cells, check_cells
from invites.invitations.forms.send_time import LATER, SendTimeForm
from invites.invitations.reminders import most_reminder_days, reminder_days_text
from invites.mailing.content import EmailContent, EmailSettings, Inviter, Writing, names_of
from invites.mailing.preview import LONGEST_SHOWN, Person

REPLY_TO_EXAMPLE = _("Enter an address such as help@company.com.")
# What the form suggests.
USUAL_AFTER, USUAL_BEFORE = 3, 2
# Nobody has it.
EXAMPLE_PERSON = Person("Chiara", "chiara.rossi@example.com")


class SenderNameField(forms.CharField):
    """See `clean_sender_name`."""

    def clean(self, value: object) -> str:
        return clean_sender_name(super().clean(value))


class ReminderSwitch(forms.BooleanField):
    """Switches one reminder on. Its label is a part of a sentence, so it has a whole name for screen readers."""

    def __init__(self, *, described: StrOrPromise, **kwargs: Any) -> None:
        widget = forms.CheckboxInput({"class": "form-check-input", "aria-label": described})
        super().__init__(required=False, widget=widget, **kwargs)


class ReminderDays(forms.CharField):
    """The number of days for a reminder, which is only looked at if it is switched on."""

    def __init__(self, *, described: StrOrPromise, **kwargs: Any) -> None:
        widget = forms.NumberInput({"class": "form-control rc-number", "min": 1, "aria-label": described})
        super().__init__(required=False, widget=widget, **kwargs)


def number_of_days(typed: str) -> int | None:
    """The days for a reminder; None if they aren't possible."""
    days = number_in(typed) or 0
    return days if 1 <= days <= most_reminder_days() else None


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
    remind_after = ReminderSwitch(label=_("After"), described=_("Send a reminder some days after the invitation"))
    reminder_days_after = ReminderDays(label=_("days without a response"), described=_("Days without a response"))
    remind_before = ReminderSwitch(label="", described=_("Send a reminder some days before the link expires"))
    reminder_days_before = ReminderDays(
        label=_("days before the link expires"), described=_("Days before the link expires")
    )

    def __init__(self, *args: Any, organization: Organization, requested: str = "", **kwargs: Any) -> None:
        """`requested` is a reply-to address that isn't confirmed yet."""
        kwargs["initial"] = {
            "sender_name": organization.email_sender_name or _short_enough(organization.name),
            "reply_to": requested or organization.email_reply_to,
            "message": organization.email_message,
            "language": organization.language,
            "remind_after": organization.reminder_days_after is not None,
            "reminder_days_after": organization.reminder_days_after or USUAL_AFTER,
            "remind_before": organization.reminder_days_before is not None,
            "reminder_days_before": organization.reminder_days_before or USUAL_BEFORE,
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

    def clean_reminder_days_after(self) -> int | None:
        return self._days("after")

    def clean_reminder_days_before(self) -> int | None:
        return self._days("before")

    def _days(self, kind: str) -> int | None:
        """None if it is switched off, whatever was typed. The switch is cleaned first."""
        if not self.cleaned_data.get(f"remind_{kind}"):
            return None
        days = number_of_days(self.cleaned_data[f"reminder_days_{kind}"])
        if days is None:
            raise forms.ValidationError(reminder_days_text(), code="invalid")
        return days

    def chosen(self) -> EmailSettings:
        """The settings, once the form is valid."""
        switches = ("remind_after", "remind_before")
        return EmailSettings(**{name: value for name, value in self.cleaned_data.items() if name not in switches})


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


def typed_reminders(data: QueryDict) -> tuple[int | None, int | None]:
    """The days that are typed for both reminders; None for one that is switched off or not possible."""
    return _typed_days(data, "after"), _typed_days(data, "before")


def _typed_days(data: QueryDict, kind: str) -> int | None:
    return number_of_days(data.get(f"reminder_days_{kind}", "").strip()) if data.get(f"remind_{kind}") else None


def wants_reminder(data: QueryDict) -> bool:
    """Whether the preview and the test show the reminder, and not the invitation."""
    return data.get("shown") == "reminder"


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


def typed_send_time(by: Membership, data: QueryDict) -> datetime | None:
    """The time that is typed in the same form; None to send it now, or if that time isn't possible."""
    if data.get("send") != LATER:
        return None
    form = SendTimeForm(data, organization=by.organization, chosen=None)
    form.full_clean()
    return form.send_at


def _typed(data: QueryDict, name: str) -> str:
    return data.get(name, "")[:LONGEST_SHOWN].replace("\r\n", "\n").strip()
