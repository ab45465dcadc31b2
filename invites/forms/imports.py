"""The form of an import: roles and sites for everyone in the file, and the file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from accounts.forms import GrantForm


class CsvInput(forms.FileInput):
    """A real file input inside the drop zone."""

    template_name = "invites/widgets/drop_zone.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        return {**context, "max_mb": settings.MAX_UPLOAD_MB, "max_rows": settings.MAX_ROWS}


class ImportForm(GrantForm):
    """What *Import CSV file* asks for. The file is only taken in here; the check looks into it."""

    file = forms.FileField(
        label="CSV file",
        widget=CsvInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        allow_empty_file=True,
        error_messages={
            "required": "Choose a CSV file.",
            "missing": "Choose a CSV file.",
            "invalid": "Choose the CSV file again.",
        },
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        limit = settings.MAX_UPLOAD_MB * 1024 * 1024
        if (file.size or 0) > limit:
            size = (file.size or 0) / 1024 / 1024
            raise forms.ValidationError(
                f"This file has {size:,.1f} MB. At most {settings.MAX_UPLOAD_MB} MB are read: "
                "split it into several files, and import them one after the other.",
                code="too_large",
            )
        return file
