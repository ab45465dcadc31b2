"""How imports appear in the activity log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from accounts.activity.actions import Action, Affected
from accounts.activity.log import Change, Subject, record
from accounts.activity.source import AUTOMATIC, current_source
from accounts.models import Membership
from invites.checking import Cells
from invites.imports.selectors.rows import cells_now
from invites.imports.selectors.summary import Summary
from invites.invitations.activity import granted_by
from invites.models import Batch, Row

# An entry has the numbers of at most so many rows.
MOST_ROWS = 20


def about_import(batch: Batch, *, count: int | None = None) -> Subject:
    """`count` is the number of users who were invited or revoked."""
    facts = {"pasted_at": batch.pasted_at.isoformat()} if batch.pasted_at else {}
    return Subject(Affected.IMPORT, batch.pk, batch.file_name, count=count, facts=facts)


def record_edits(batch: Batch, rows: Collection[Row], *, by: Membership) -> None:
    """One entry for all rows that a request changes. Call it before they are saved.

    It says which cells were changed, and never what was in them: names and addresses don't stay longer than the rows.
    """
    if not rows:
        return
    if len(rows) > MOST_ROWS:
        values: dict[str, Any] = {"rows_changed": len(rows)}
    else:
        stored = {row.pk: row for row in batch.rows.filter(pk__in=[row.pk for row in rows])}
        changed = {name for row in rows for name in _columns_changed(stored[row.pk], row)}
        values = {"row_numbers": [row.number for row in rows]}
        values |= {"columns": [name for name in Cells._fields if name in changed]} if changed else {}
        values |= {"did": did} if (did := _did(stored, rows)) else {}
    record(batch.organization_id, Action.IMPORT_EDITED, about_import(batch), by=by, change=Change(values=values))


def record_edit_of_all(batch: Batch, count: int | None, *, by: Membership) -> None:
    """An entry for a change of all rows with a problem. `count` is None if a worker is to change them."""
    values = {"all_rows": True} if count is None else {"rows_changed": count}
    if count != 0:
        record(batch.organization_id, Action.IMPORT_EDITED, about_import(batch), by=by, change=Change(values=values))


def _columns_changed(before: Row, after: Row) -> list[str]:
    was, now = cells_now(before), cells_now(after)
    return [name for name in Cells._fields if getattr(was, name) != getattr(now, name)]


def _did(stored: Mapping[int, Row], rows: Collection[Row]) -> str:
    """Whether the only row was skipped or restored."""
    skipped = Row.Reason.SKIPPED_BY_ADMIN
    (only, *others) = rows
    was, now = stored[only.pk].reason == skipped, only.reason == skipped
    if others or was == now:
        return ""
    return "skipped_row" if now else "restored_row"


def source_now(batch: Batch) -> dict[str, str]:
    """The source of the admin who works on the batch. A worker continues what they began, so it uses the stored one."""
    source = current_source()
    return batch.source if source == AUTOMATIC else source.as_json()


def results_of(batch: Batch, summary: Summary) -> Change:
    """What everyone was given, and how many rows were not invited."""
    not_invited = {"skipped": summary.skipped, "problems": summary.problems, "failed": summary.failed}
    return replace(granted_by(batch.grant), values={name: count for name, count in not_invited.items() if count})
