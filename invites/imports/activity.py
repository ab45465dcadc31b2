"""How imports appear in the activity log."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from accounts.activity.actions import Action, Affected
from accounts.activity.log import Change, Subject, record
from accounts.activity.source import AUTOMATIC, current_source
from accounts.models import Membership
from invites.imports.selectors.rows import cells_now
from invites.imports.selectors.summary import Summary
from invites.invitations.activity import granted_by
from invites.models import Batch, Row

# An entry has the cells of at most so many rows.
MOST_ROWS = 20


def about_import(batch: Batch, *, count: int | None = None) -> Subject:
    """`count` is the number of users who were invited or revoked."""
    facts = {"pasted_at": batch.pasted_at.isoformat()} if batch.pasted_at else {}
    return Subject(Affected.IMPORT, batch.pk, batch.file_name, count=count, facts=facts)


def record_edits(batch: Batch, rows: Collection[Row], *, by: Membership) -> None:
    """One entry for all rows that a request changes. Call it before they are saved: it has what was there before."""
    stored = {row.pk: row for row in batch.rows.filter(pk__in=[row.pk for row in rows])}
    edits = [_edit_of(stored[row.pk], row) for row in list(rows)[:MOST_ROWS]]
    if not edits:
        return
    change = Change(values={"row_numbers": [row.number for row in rows][:MOST_ROWS], "rows": edits})
    if len(rows) == 1:
        (only,) = edits
        values = {"row_numbers": [only["row"]]} | ({"did": only["did"]} if "did" in only else {})
        change = Change(before=only["before"], after=only["after"], values=values)
    elif len(rows) > MOST_ROWS:
        change = Change(values={"rows_changed": len(rows)})
    record(batch.organization_id, Action.IMPORT_EDITED, about_import(batch), by=by, change=change)


def record_edit_of_all(batch: Batch, count: int | None, *, by: Membership) -> None:
    """An entry for a change of all rows with a problem. `count` is None if a worker is to change them."""
    values = {"all_rows": True} if count is None else {"rows_changed": count}
    if count != 0:
        record(batch.organization_id, Action.IMPORT_EDITED, about_import(batch), by=by, change=Change(values=values))


def _edit_of(before: Row, after: Row) -> dict[str, Any]:
    was, now = cells_now(before), cells_now(after)
    names = [name for name in was._fields if getattr(was, name) != getattr(now, name)]
    edit: dict[str, Any] = {
        "row": after.number,
        "before": {name: getattr(was, name) for name in names},
        "after": {name: getattr(now, name) for name in names},
    }
    skipped = Row.Reason.SKIPPED_BY_ADMIN
    if (before.reason == skipped) != (after.reason == skipped):
        edit["did"] = "skipped_row" if after.reason == skipped else "restored_row"
    return edit


def source_now(batch: Batch) -> dict[str, str]:
    """The source of the admin who works on the batch. A worker continues what they began, so it uses the stored one."""
    source = current_source()
    return batch.source if source == AUTOMATIC else source.as_json()


def results_of(batch: Batch, summary: Summary) -> Change:
    """What everyone was given, and how many rows were not invited."""
    not_invited = {"skipped": summary.skipped, "problems": summary.problems, "failed": summary.failed}
    return replace(granted_by(batch.grant), values={name: count for name, count in not_invited.items() if count})
