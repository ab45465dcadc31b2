"""What the search in imports found, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.wording import counted
from invites.imports.presentation.rows import ShownOutcome, row_text, shown_outcome
from invites.imports.selectors.rows import cells_now
from invites.imports.selectors.search import FoundPeople
from invites.models import Batch, Row

_PEOPLE = ngettext_lazy("{count} person found.", "{count} people found.")
_MORE_PEOPLE = ngettext_lazy("More than {count} person found.", "More than {count} people found.")
_FILES = ngettext_lazy("{count} file found.", "{count} files found.")


@dataclass(frozen=True)
class FoundPerson:
    """A row with what became of it, and its address on the page of its import."""

    row: Row
    name: str
    email: str
    shown: ShownOutcome
    url: str


def found_person(row: Row) -> FoundPerson:
    """The person as invited, whose details may have been corrected since, or as in the row."""
    who = getattr(row, "invitation", None) or cells_now(row)
    name = f"{who.first_name} {who.last_name}".strip()
    return FoundPerson(
        row, row_text(row) or name or who.email or _("No name"), who.email, shown_outcome(row), _url(row)
    )


def _url(row: Row) -> str:
    page = reverse("imports:batch", args=[row.batch.organization.slug, row.batch_id])
    has_rows = row.batch.state not in (*Batch.RUNNING, *Batch.WAITING)
    return f"{page}?row={row.number}#row-{row.number}" if has_rows else page


def found_text(found: FoundPeople, files: int) -> str:
    """How much was found, for screen readers."""
    people = counted(_MORE_PEOPLE if found.has_more else _PEOPLE, len(found.rows))
    return f"{people} {counted(_FILES, files)}"
