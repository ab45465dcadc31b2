"""What an organization remembers about its files, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Organization
from accounts.wording import separated
from invites.checking import ReadingOptions, letters_of
from invites.imports.presentation.wording import key_title
from invites.models import RememberedReading
from invites.problems import encoding_title


@dataclass(frozen=True)
class RememberedLine:
    """A remembered reading: the names of its columns, and how they are read."""

    reading: RememberedReading
    columns: str
    how: str


def remembered_lines(organization: Organization) -> list[RememberedLine]:
    """The remembered readings, the newest first."""
    readings = organization.remembered_readings.select_related("chosen_by")
    return [RememberedLine(each, separated(list(filter(None, each.column_names))), _how(each)) for each in readings]


def _how(reading: RememberedReading) -> str:
    """ "Email: E-mail cím · Full name: Név, last name first · Central European (Windows-1250)"."""
    options = ReadingOptions.from_json(reading.reading)
    parts = []
    for key, index in (options.columns or {}).items():
        if isinstance(index, int) and index >= 0:
            name = reading.column_names[index] if index < len(reading.column_names) else ""
            shown = name or _("column {column}").format(column=letters_of(index))
            parts.append(_("{title}: {column}").format(title=key_title(key), column=shown))
    if options.name_order:
        parts.append(_("last name first") if options.name_order == "last-first" else _("first name first"))
    if options.encoding:
        parts.append(encoding_title(options.encoding))
    return " · ".join(parts)
