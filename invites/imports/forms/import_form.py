"""The form of an import: roles and sites for everyone, and a file or pasted rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from accounts.labels import MessageField
from accounts.models import Membership
from accounts.numbers import number_in
from accounts.organizations.forms import GrantForm, PlainForm
from accounts.wording import counted, grouped, separated
from invites.checking import PastedText
from invites.imports.paste import read_paste
from invites.imports.presentation.confirmation import able_texts
from invites.imports.presentation.status import megabytes
from invites.invitations.forms.invite import PERSONAL_MESSAGE
from invites.invitations.forms.send_time import SendTimeMixin
from invites.problems import expected_columns

_LIMITS = ngettext_lazy("Up to {count} row or {size} MB", "Up to {count} rows or {size} MB")


class CsvField(forms.FileField):
    """A file for the drop zone, which shows `limits` and rejects a file larger than `max_mb`."""

    def __init__(self) -> None:
        super().__init__(
            label=_("CSV file"),
            widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xls,.ods,text/csv"}),
            allow_empty_file=True,
            error_messages={
                "required": _("Choose a CSV file."),
                "missing": _("Choose a CSV file."),
                "invalid": _("Choose the CSV file again."),
            },
        )

    is_needed = True

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Only the part of the form that is shown counts."""
        if not self.is_needed:
            return None
        file: UploadedFile[Any] = super().clean(data, initial)
        if (file.size or 0) > self.max_mb * 1024 * 1024:
            message = gettext(
                "This file is {size} MB, and the limit is {limit} MB. "
                "Split it into smaller files and import them one at a time."
            )
            message = message.format(size=megabytes(file.size or 0), limit=grouped(self.max_mb))
            raise forms.ValidationError(message, code="too_large")
        return file

    @property
    def limits(self) -> str:
        return counted(_LIMITS, settings.MAX_ROWS, size=grouped(settings.MAX_UPLOAD_MB))

    @property
    def max_mb(self) -> int:
        """The size above which the browser doesn't send the file."""
        return int(settings.MAX_UPLOAD_MB)


class PasteField(forms.Field):
    """What was pasted, as it was: spaces and tabs at its ends belong to it."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return value if isinstance(value, str) else ""


class ImportForm(SendTimeMixin, GrantForm):
    """The form of *Import users*. It only receives a file, which is checked later, or pasted rows.

    A corrected file can't be pasted, so with `is_correction` there is no choice. At first, it is to be sent at
    `send_at`, unless that has passed.
    """

    source = forms.ChoiceField(
        choices=[("file", _("Upload a file")), ("paste", _("Paste from a spreadsheet"))],
        label=_("Users"),
        widget=forms.RadioSelect,
        required=False,
        initial="file",
    )
    file = CsvField()
    pasted = PasteField(label=_("Pasted rows"), required=False)
    message = MessageField(label=_("Personal message"), help_text=PERSONAL_MESSAGE)

    def __init__(
        self,
        *args: Any,
        membership: Membership,
        is_correction: bool = False,
        send_at: datetime | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, membership=membership, **kwargs)
        for name in ("roles", "sites"):
            self.fields[name].note = _("for everyone you import")  # type: ignore[attr-defined]
        self.fields["roles"].help_text = render_to_string("imports/_access_warning.html", {"able_texts": able_texts()})
        self.is_correction = is_correction
        if is_correction:
            # The message was written when the import was started.
            del self.fields["message"]
        else:
            later = send_at if send_at and send_at > timezone.now() else None
            self.add_send_time(membership.organization, may_be_now=True, chosen=later)
        self.is_pasting = not is_correction and (self.data if self.is_bound else self.initial).get("source") == "paste"
        cast(CsvField, self.fields["file"]).is_needed = not self.is_pasting
        self.fields["file"].help_text = format_html(
            gettext(
                'Columns: {columns}. <a href="{url}" download>Download a sample file</a>. '
                "You can also import workbooks (.xlsx, .xls, .ods)."
            ),
            columns=separated(expected_columns()),
            url=reverse("imports:sample", args=[membership.organization.slug]),
        )

    @property
    def helper(self) -> FormHelper:
        """Roles and sites. The template shows the rest."""
        helper = super().helper
        helper.layout = Layout("roles", "sites")
        return helper

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.clean_send_time_fields()
        return self.cleaned_data

    def clean_pasted(self) -> PastedText | None:
        if not self.is_pasting:
            return None
        try:
            return read_paste(self.membership, self.cleaned_data["pasted"], line_count=self._line_count)
        except DomainError as broken:
            raise forms.ValidationError(broken.message, code=broken.code) from broken

    @property
    def _line_count(self) -> int:
        """The number of lines of a text that is too long, of which the browser sends only the beginning."""
        return number_in(self.data.get("pasted_lines")) or 0


class CorrectedRowsForm(PlainForm):
    """The form of a corrected file for an import that has ended: roles and sites can't change anymore."""

    file = CsvField()

    def clean(self) -> dict[str, Any]:
        if "roles" in self.data:
            # The form was shown before anyone was invited, and could change them.
            raise forms.ValidationError(
                gettext(
                    "People of this import have been invited meanwhile, so its roles and sites can’t change anymore. "
                    "Choose the file again."
                )
            )
        return self.cleaned_data
