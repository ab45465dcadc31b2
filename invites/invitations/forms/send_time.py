"""Asks when to send something."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from accounts.models import Organization
from accounts.organizations.forms import PlainForm
from invites.invitations.send_time import LONGEST_AHEAD, send_time_from, zone_text

NOW, LATER = "now", "later"
SUGGESTED = time(9)


class OnlyIfNeeded(forms.Field):
    """A field that is None if it isn't needed, because it is hidden."""

    is_needed = True

    def clean(self, value: Any) -> Any:
        return super().clean(value) if self.is_needed else None


class DateOfSending(OnlyIfNeeded, forms.DateField):
    """The date."""


class TimeOfSending(OnlyIfNeeded, forms.TimeField):
    """The time of day."""


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


class SendTimeForm(SendTimeMixin, PlainForm):
    """Changes the time of what is scheduled."""

    def __init__(self, *args: Any, organization: Organization, chosen: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_send_time(organization, may_be_now=False, chosen=chosen)

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.clean_send_time_fields()
        return self.cleaned_data
