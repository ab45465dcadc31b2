"""The form of an import: roles and sites for everyone in the file, and the file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.html import format_html

from accounts.models import Membership
from accounts.organizations.forms import GrantForm
from invites.checking import COLUMNS


class CsvField(forms.FileField):
    """A file for the drop zone, which shows `limits` and rejects a file larger than `max_mb`."""

    def __init__(self) -> None:
        super().__init__(
            label="CSV file",
            widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,text/csv"}),
            allow_empty_file=True,
            error_messages={
                "required": "Choose a CSV file.",
                "missing": "Choose a CSV file.",
                "invalid": "Choose the CSV file again.",
            },
        )

    @property
    def limits(self) -> str:
        return f"Up to {settings.MAX_ROWS:,} rows or {settings.MAX_UPLOAD_MB} MB"

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
            self.fields[name].note = "for everyone in the file"  # type: ignore[attr-defined]
        self.fields["file"].help_text = format_html(
            'Columns: {}. <a href="{}" download>Download a sample file</a>. Excel’s .xlsx works, too.',
            ", ".join(column.expected for column in COLUMNS),
            reverse("imports:sample", args=[membership.organization.slug]),
        )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        limit = settings.MAX_UPLOAD_MB * 1024 * 1024
        if (file.size or 0) > limit:
            size = (file.size or 0) / 1024 / 1024
            raise forms.ValidationError(
                f"This file has {size:,.1f} MB. At most {settings.MAX_UPLOAD_MB} MB are read: "
                "split it into several files, and import them one after the other.",
                code="too_large",
            )
        return file
