"""The forms for inviting one person, and for accepting an invitation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column as LayoutColumn
from crispy_forms.layout import Layout, Row
from django import forms
from django.contrib.auth import password_validation
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from accounts.labels import MessageField
from accounts.models import Membership, Organization, User
from accounts.organizations.forms import GrantForm, PlainForm
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import MemberDetails
from accounts.users.passwords import PASSWORD_HINT
from accounts.wording import grouped
from invites.checking import (
    ANY_DOMAIN,
    COLUMNS,
    EMAIL,
    AllowedDomains,
    Cells,
    Column,
    check_cells,
    normalize_domain,
    visible,
)
from invites.checking import Row as CheckedRow
from invites.invitations.acceptance import NewAccount
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.authorization import selection_of
from invites.invitations.send_time import LONGEST_AHEAD, send_time_from, zone_text
from invites.invitations.typos import domain_of, intended_address
from invites.models import Invitation
from invites.problems import explain

# How much people can type. The check has the real limits and explains them.
LONGEST = 10_000
MOST_DOMAINS = 100
PERSONAL_MESSAGE = _("Added to the email, above the button. Plain text, no links.")
NAMES = ("first_name", "last_name")
REQUIRED = {
    "email": _("Enter an address such as name@company.com."),
    "first_name": _("Enter a first name."),
    "last_name": _("Enter a last name."),
}


NOW, LATER = "now", "later"
SUGGESTED = time(9)


class DateOfSending(forms.DateField):
    """The date; None if it isn't needed, because it is hidden."""

    is_needed = True

    def clean(self, value: Any) -> Any:
        return super().clean(value) if self.is_needed else None


class TimeOfSending(forms.TimeField):
    """The same for the time of day."""

    is_needed = True

    def clean(self, value: Any) -> Any:
        return super().clean(value) if self.is_needed else None


class SendTimeMixin:
    """Asks for a date and a time in the time zone of an organization, shown by templates/invitations/_send_time.html.

    After `clean`, `send_at` is the moment; None to send it now.
    """

    cleaned_data: dict[str, Any]
    data: Any
    fields: dict[str, forms.Field]
    initial: Any
    is_bound: bool
    organization: Organization
    send_at: datetime | None = None

    def add_send_time(self, organization: Organization, *, may_be_now: bool, chosen: datetime | None = None) -> None:
        """Add the fields. At first, they show `chosen`, or now and for later tomorrow morning."""
        self.organization = organization
        if may_be_now:
            self.fields["send"] = forms.ChoiceField(
                label=_("When to send"),
                choices=[(NOW, _("Send now")), (LATER, _("Send later"))],
                widget=forms.RadioSelect,
                required=False,
            )
        today = timezone.now().astimezone(organization.zone)
        limits = {"min": today.date().isoformat(), "max": (today + LONGEST_AHEAD).date().isoformat()}
        day = DateOfSending(
            label=_("Date"),
            widget=forms.DateInput({"type": "date", **limits}, format="%Y-%m-%d"),
            error_messages={"required": _("Choose a date."), "invalid": _("Enter a date such as 2026-12-01.")},
        )
        at = TimeOfSending(
            label=_("Time"),
            widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
            error_messages={"required": _("Choose a time."), "invalid": _("Enter a time such as 09:00.")},
        )
        self.fields |= {"send_date": day, "send_time": at}
        day.is_needed = at.is_needed = self.is_later
        shown = (
            chosen.astimezone(organization.zone)
            if chosen
            else datetime.combine(today.date() + timedelta(days=1), SUGGESTED)
        )
        self.initial |= {"send": LATER if chosen else NOW, "send_date": shown.date(), "send_time": shown.time()}

    @property
    def is_later(self) -> bool:
        """Whether a time is chosen."""
        if "send" not in self.fields:
            return "send_date" in self.fields
        chosen = self.data if self.is_bound else self.initial
        return bool(chosen.get("send") == LATER)

    @property
    def zone_text(self) -> str:
        """The time zone of the fields, with its offset today."""
        return zone_text(self.organization, timezone.now())

    def clean_send_time_fields(self) -> None:
        """Find `send_at`, or add errors. Called by `clean`."""
        day, at = self.cleaned_data.get("send_date"), self.cleaned_data.get("send_time")
        if day is None or at is None:
            return
        try:
            self.send_at = send_time_from(self.organization, day, at)
        except DomainError as broken:
            self.add_error("send_date" if broken.code == "too_far" else "send_time", broken.message)  # type: ignore[attr-defined]


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
        return Layout(*first, _names(), *others, "roles", "sites")


class InviteForm(SendTimeMixin, DetailsMixin, GrantForm):
    """Asks for one person, with roles and sites of their own.

    After `clean`, `asks` says whether the admin has to confirm the address, because it looks like a typo or isn't at a
    domain of the organization. The hidden field `as_typed` confirms it: the admin has seen the question. In the same
    way, the hidden field `declined` confirms an address that declined an earlier invitation.
    """

    message = MessageField(label=_("Personal message"), help_text=PERSONAL_MESSAGE)

    asks: bool = False
    button = _("Send invitation")

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, membership=membership, **kwargs)
        self._allowed = allowed_domains(membership.organization)
        self.add_cells(COLUMNS)
        # The last one.
        self.fields["message"] = self.fields.pop("message")
        self.add_send_time(membership.organization, may_be_now=True)

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = self.layout("email")
        if "message" in self.fields:
            helper.layout.append("message")
        return helper

    def keeps_address(self, typed: str) -> bool:
        """Whether this is the address that the person has already, so that nobody has to ask about it."""
        return False

    def clean(self) -> dict[str, Any]:
        super().clean()
        typed = self.cleaned_data.get("email") or ""
        is_kept = self.keeps_address(typed)
        email = self.check(self.cells(), ANY_DOMAIN if is_kept else self._allowed).values.email
        if typed and email and not is_kept and typed != self.data.get("as_typed"):
            self._ask_about(email, typed)
        self.clean_send_time_fields()
        return self.cleaned_data

    @property
    def despite_decline(self) -> bool:
        """Whether the admin has read that this address declined."""
        email = self.cleaned_data.get("email")
        return bool(email) and email == self.data.get("declined")

    def ask_despite_decline(self, sentence: str) -> None:
        """Say below the address that it declined, and let the admin confirm it by sending the form again."""
        typed = self.cleaned_data["email"]
        context = {"sentence": sentence, "typed": typed, "as_typed": typed == self.data.get("as_typed")}
        self["email"].help_text = render_to_string("invitations/_declined.html", context)

    def _ask_about(self, email: str, typed: str) -> None:
        meant = intended_address(email) or ""
        self.asks = bool(meant or self._allowed.doubt(email))
        if self.asks:
            context = {"meant": meant, "domain": domain_of(meant or email), "typed": typed, "button": self.button}
            self["email"].help_text = render_to_string("invitations/_doubt.html", context)


class SendTimeForm(SendTimeMixin, PlainForm):
    """Changes the time of what is scheduled."""

    def __init__(self, *args: Any, organization: Organization, chosen: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_send_time(organization, may_be_now=False, chosen=chosen)

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.clean_send_time_fields()
        return self.cleaned_data


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


class InvitationForm(InviteForm):
    """Changes a pending invitation. Asks about a typo only if the address was changed.

    Hidden fields say what the form has `shown` at first, also after an error.
    """

    button = _("Save changes")

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        held = self.initial_for(selection_of(invitation.grant))
        cells = initial_cells(invitation)
        super().__init__(*args, initial={**held, **cells, "message": invitation.message_source.message}, **kwargs)
        for name in ("send", "send_date", "send_time"):
            del self.fields[name]
        if not invitation.is_scheduled:
            # The email has been sent.
            del self.fields["message"]
            self.fields["email"].help_text = _("If you change it, saving resends the invitation to the new address.")
        self.shown = Cells(**{name: self.data.get(f"shown_{name}", value) for name, value in cells.items()})

    def keeps_address(self, typed: str) -> bool:
        return typed in (self.initial["email"], self.shown.email)

    def new_message(self) -> str | None:
        """The message, once the form is valid; None if it wasn't changed."""
        return self.cleaned_data["message"] if "message" in self.changed_data else None

    def shown_fields(self) -> Mapping[str, str]:
        """The hidden fields, by their names."""
        return {f"shown_{name}": value for name, value in self.shown._asdict().items()}


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


def initial_cells(person: Invitation | Membership) -> dict[str, str]:
    """What the fields of a person show at first."""
    return {column.key: getattr(person, column.key) for column in COLUMNS}


class NewAccountForm(CellsMixin, PlainForm):
    """Asks an invitee for a password, and to confirm or correct their name."""

    first_name = forms.CharField(
        label=_("First name"), max_length=LONGEST, error_messages={"required": _("Enter your first name.")}
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=LONGEST, error_messages={"required": _("Enter your last name.")}
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=LONGEST,
        strip=False,
        help_text=PASSWORD_HINT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-password": ""}),
        error_messages={"required": _("Choose a password.")},
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        self.initial.update(first_name=invitation.first_name, last_name=invitation.last_name)
        self.fields["first_name"].widget.attrs["autocomplete"] = "given-name"
        self.fields["last_name"].widget.attrs["autocomplete"] = "family-name"

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout(_names(), "password")
        return helper

    def clean(self) -> dict[str, Any]:
        super().clean()
        # Who was invited may join, even if the organization has changed its domains since.
        self.check(self.cells()._replace(email=self.invitation.email), ANY_DOMAIN)
        if password := self.cleaned_data.get("password"):
            names = {name: self.cleaned_data.get(name) or "" for name in NAMES}
            try:
                password_validation.validate_password(password, User(email=self.invitation.email, **names))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return self.cleaned_data

    def account(self) -> NewAccount:
        """The account to create, once the form is valid."""
        return NewAccount(**{name: self.cleaned_data[name] for name in ("first_name", "last_name", "password")})


class OwnPasswordForm(PlainForm):
    """Asks an invitee who has an account for its password."""

    password = forms.CharField(
        label=_("Password"),
        max_length=LONGEST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "data-password": ""}),
        error_messages={"required": _("Enter your password.")},
    )


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


def _names() -> Row:
    """The fields of both names side by side, on a phone as well."""
    return Row(*[LayoutColumn(name, css_class="col-6") for name in NAMES])
