"""What tests do with the rows that are left when an import has ended."""

from __future__ import annotations

from accounts.models import Membership
from invites.imports.corrections import Edit, edit_cells
from invites.imports.selectors.summary import Summary, summary_of
from invites.models import Batch


def fix(batch: Batch, by: Membership, *numbers: int) -> None:
    """Give each of these rows an address and a last name."""
    for number in numbers:
        row = batch.rows.get(number=number)
        edits = [Edit(number, 0, f"late{number}@example.com", row.version), Edit(number, 2, "Late", row.version)]
        edit_cells(batch, edits, by=by)
    batch.refresh_from_db()


def counted(batch: Batch) -> Summary:
    """The summary, whose numbers add up to the rows."""
    found = summary_of(batch)
    assert found.invited + found.skipped + found.problems + found.failed + found.waiting == found.rows
    return found
