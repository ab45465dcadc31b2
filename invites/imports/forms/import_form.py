"""The form of an import: roles and sites for everyone in the file, and the file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.organizations.forms import GrantForm
from accounts.wording import counted, grouped, separated
from invites.imports.presentation.confirmation import able_texts
from invites.imports.presentation.status import megabytes
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

    @property
    def limits(self) -> str:
        return counted(_LIMITS, settings.MAX_ROWS, size=grouped(settings.MAX_UPLOAD_MB))

    @property
    def max_mb(self) -> int:
        """The size above which the browser doesn't send the file."""
        return int(settings.MAX_UPLOAD_MB)


class ImportForm(GrantForm):
    """The form of *Import CSV file*. It only receives the file, which is checked later."""

    file = CsvField()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, membership=membership, **kwargs)
        for name in ("roles", "sites"):
            self.fields[name].note = _("for everyone in the file")  # type: ignore[attr-defined]
        self.fields["roles"].help_text = render_to_string("imports/_access_warning.html", {"able_texts": able_texts()})
        self.fields["file"].help_text = format_html(
            gettext(
                'Columns: {columns}. <a href="{url}" download>Download a sample file</a>. '
                "You can also import workbooks (.xlsx, .xls, .ods)."
            ),
            columns=separated(expected_columns()),
            url=reverse("imports:sample", args=[membership.organization.slug]),
        )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        limit = settings.MAX_UPLOAD_MB * 1024 * 1024
        if (file.size or 0) > limit:
            message = gettext(
                "This file is {size} MB, and the limit is {limit} MB. "
                "Split it into smaller files and import them one at a time."
            )
            message = message.format(size=megabytes(file.size or 0), limit=grouped(settings.MAX_UPLOAD_MB))
            raise forms.ValidationError(message, code="too_large")
        return file
