"""What a change in the grid did, for screen readers and messages."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.lookups import only_one
from accounts.wording import counted
from invites.imports.corrections import EditResult
from invites.imports.forms.grid_action import GridAction
from invites.imports.presentation.grid import GridRow, shown_row
from invites.imports.presentation.wording import row_number
from invites.imports.selectors.grid import Tally, grid_rows
from invites.models import Batch, Row
from invites.wording import as_sentence

_ROWS_FIXED = ngettext_lazy("{count} row fixed.", "{count} rows fixed.")
_ROWS_CHANGED = ngettext_lazy("{count} row changed.", "{count} rows changed.")
_LEFT_TO_FIX = ngettext_lazy("{count} left to fix.", "{count} left to fix.")


def conflict_text(batch: Batch, done: EditResult) -> str:
    message = _("Someone else changed row {number} in the meantime. The page now shows their change.")
    return message.format(number=row_number(batch, min(done.overtaken)))


def change_text(batch: Batch, action: GridAction, done: EditResult, tally: Tally) -> str:
    """What the edit did, for screen readers."""
    if done.overtaken:
        return conflict_text(batch, done)
    if not done.changed and action.name != "all":
        return ""
    left = counted(_LEFT_TO_FIX, tally.left) if tally.left else _("Nothing is left to fix.")
    return f"{_describe_change(batch, action, done)} {left}"


def _describe_change(batch: Batch, action: GridAction, done: EditResult) -> str:
    if action.name == "all":
        return counted(_ROWS_FIXED, len(done.changed))
    number = action.number or min(done.changed)
    if number in done.changed and (action.number or len(done.changed) == 1):
        row = only_one(grid_rows(batch).filter(number=number))
        if row is not None and action.name == "this" and row.outcome == Row.Outcome.WAITING:
            numbers = {"number": row_number(batch, number), "other": row_number(batch, action.other)}
            return _("Row {number} is kept. Row {other} is skipped.").format(**numbers)
        if row is not None:
            return _describe_row(shown_row(row))
    return counted(_ROWS_CHANGED, len(done.changed))


def _describe_row(shown: GridRow) -> str:
    number = row_number(shown.row.batch, shown.row.number)
    match shown.state:
        case "fixed":
            meant = next((cell.meant for cell in shown.cells if cell.meant), None)
            if meant:
                return _("Row {number} is fixed. Did you mean {address}?").format(number=number, address=meant)
            return _("Row {number} is fixed.").format(number=number)
        case "twice":
            return _("Row {number} is skipped. {reason}.").format(number=number, reason=shown.duplicate)
        case "out":
            return _("Row {number} is skipped.").format(number=number)
    causes = " ".join(as_sentence(cause) for cell in shown.cells for cause in cell.causes)
    return _("Row {number}: {problems}").format(number=number, problems=causes)
