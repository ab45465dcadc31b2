"""Correct problem rows one by one: edit cells, apply suggestions, decide, skip rows, and undo each of these.

The code that checked the file checks every change at once, and the result is stored. Every function locks the batch
first, so that two admins take turns, and nobody edits rows that are being invited. Changes of many rows at once are in
imports/correction_jobs.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import Membership
from accounts.names import person_key
from invites.checking import ADDRESS_OF_ANOTHER, COLUMNS, Cells, check_cells
from invites.imports.activity import record_edits
from invites.imports.bulk_insert import update_rows
from invites.imports.domain_suggestions import suggest_for
from invites.imports.duplicates import keep_other, keep_this, other_number, settle_duplicates
from invites.imports.selectors.grid import LEFT, editable, edited_rows, grid_rows
from invites.imports.selectors.rows import cells_now, suggested, suggested_codes_of
from invites.imports.selectors.typos import count_doubts, doubted_rows, likely_cells, open_doubts
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.authorization import check_can_change
from invites.models import Batch, Row
from invites.problems import explain, stored_problem

# The fields of a row that an edit changes.
_TEXTS = (
    *Cells._fields,
    *("email_key", "person_key", "outcome", "reason", "duplicate_of", "suggested_codes", "version", "edited_by_id"),
    *("open_doubts", "fixable_doubts"),
)
_OBJECTS = ("problems", "edit", "cells")


@dataclass(frozen=True)
class Edit:
    """A new value for the cell in column `place`, in a row that had version `seen` when it was shown.

    A browser doesn't know the version if an earlier edit may or may not have arrived. Then `was` has the values of
    which the cell must have one.
    """

    number: int
    place: int
    value: str
    seen: int
    was: frozenset[str] = frozenset()


@dataclass
class EditResult:
    """The numbers of the rows that changed, and of those that someone else changed first."""

    changed: set[int] = field(default_factory=set)
    overtaken: set[int] = field(default_factory=set)


def lock_batch(batch: Batch, by: Membership) -> None:
    """Lock the batch and reload it: its file may have been replaced.

    Raises AccessDenied, and DomainError: "busy", "moved_on".
    """
    # The stored counts of an import that has ended are about to change.
    held = Batch.objects.correctable().filter(pk=batch.pk).update(progressed_at=timezone.now(), outcome_counts=None)
    if not held and Batch.objects.filter(pk=batch.pk, state=Batch.State.CHECKING).exists():
        raise DomainError("busy", _("This import is being checked. Try again in a moment."))
    if not held:
        raise DomainError("moved_on", _("This import is no longer waiting for corrections."))
    batch.refresh_from_db()
    # Checked last, because a corrected file may give other roles and sites.
    check_can_change(by, batch)


@transaction.atomic
def edit_cells(batch: Batch, edits: Iterable[Edit], *, by: Membership) -> EditResult:
    """Put new values into cells, except where they are there already.

    These are cells of the grid, and valid ones that look like mistakes. Raises DomainError "still_wrong" if one of the
    latter would no longer be valid: its row isn't in the grid.
    """
    lock_batch(batch, by)
    result = EditResult()
    by_row: dict[int, list[Edit]] = {}
    for edit in edits:
        by_row.setdefault(edit.number, []).append(edit)
    touched: list[Row] = []
    keys: set[str] = set()
    doubted = doubted_rows(batch).filter(outcome=Row.Outcome.WAITING)
    for row in (grid_rows(batch) | doubted).filter(number__in=by_row):
        cells = cells_now(row)
        edits_of_row = by_row.pop(row.number)
        new = [edit for edit in edits_of_row if editable(edit.value) != editable(cells[edit.place])]
        if any(edit.was for edit in edits_of_row):
            # The browser needs the current row, even if this edit arrived before.
            result.changed.add(row.number)
        if not new:
            continue
        # Someone else has changed or skipped the row.
        if row.reason == Row.Reason.SKIPPED_BY_ADMIN or any(_is_stale(edit, row, cells) for edit in new):
            result.overtaken.add(row.number)
            continue
        keys.add(row.email_key)
        # A row without problems hasn't stored the cells of the file yet.
        row.cells = row.cells or list(cells)
        _set_cells(row, cells._replace(**{COLUMNS[edit.place].key: editable(edit.value) for edit in new}))
        if row.problems and not row.problem_codes:
            raise DomainError("still_wrong", explain(stored_problem(row.problems[0])))
        touched.append(row)
    # A corrected file has replaced the other one, and has no problems in these rows.
    result.overtaken |= by_row.keys()
    return store_rows(batch, touched, keys, result, by=by)


@transaction.atomic
def apply_suggestion(batch: Batch, number: int, place: int, *, by: Membership) -> EditResult:
    """Apply the suggestion for a cell."""
    lock_batch(batch, by)
    rows = _left(batch, number)
    keys = keys_of(rows)
    for row in rows:
        _apply_suggestions(row, [each for each in suggested(row.problems) if each["column"] == COLUMNS[place].key])
    return store_rows(batch, rows, keys, _result_of(number, rows), by=by)


@transaction.atomic
def use_intended_cell(batch: Batch, number: int, place: int, *, by: Membership) -> EditResult:
    """Replace a valid cell that looks like a typo or damaged by the one that was probably meant."""
    lock_batch(batch, by)
    rows = list(batch.rows.filter(number=number, outcome=Row.Outcome.WAITING))
    keys = keys_of(rows)
    changed = [row for row in rows if _use_intended(row, likely_cells(row, place))]
    return store_rows(batch, changed, keys, _result_of(number, changed), by=by)


def _use_intended(row: Row, meant: dict[str, str]) -> bool:
    """Replace these cells, by the keys of their columns. False if there are none."""
    if not meant:
        return False
    cells = cells_now(row)
    # A row without problems hasn't stored the cells of the file yet.
    row.cells = row.cells or list(cells)
    _set_cells(row, cells._replace(**meant))
    return True


@transaction.atomic
def keep_as_shown(batch: Batch, number: int, *, by: Membership) -> EditResult:
    """Keep only the cells that are shown, and drop the rest of the record."""
    lock_batch(batch, by)
    rows = _left(batch, number)
    keys = keys_of(rows)
    for row in rows:
        _set_cells(row, cells_now(row), keep=True)
    return store_rows(batch, rows, keys, _result_of(number, rows), by=by)


@transaction.atomic
def keep_person(batch: Batch, number: int, other: int, *, is_this: bool, by: Membership) -> EditResult:
    """Decide who has the address of row `number`: the person in this row, or the one in row `other`."""
    lock_batch(batch, by)
    # Somebody else may have decided, or the page may have shown another person.
    rows = [row for row in _left(batch, number) if other_number(row) == other]
    for row in rows:
        if is_this:
            keep_this(batch, row)
        else:
            keep_other(row)
    return store_rows(batch, rows, keys_of(rows), _result_of(number, rows), by=by)


@transaction.atomic
def skip_row(batch: Batch, number: int, *, by: Membership) -> EditResult:
    """Skip the row: nobody is invited by it."""
    lock_batch(batch, by)
    rows = _left(batch, number)
    for row in rows:
        row.reason = Row.Reason.SKIPPED_BY_ADMIN
    return store_rows(batch, rows, set(), _result_of(number, rows), by=by)


@transaction.atomic
def restore_row(batch: Batch, number: int, *, by: Membership) -> EditResult:
    """Restore a skipped row, which has to be corrected again."""
    lock_batch(batch, by)
    rows = list(grid_rows(batch).filter(number=number, reason=Row.Reason.SKIPPED_BY_ADMIN))
    for row in rows:
        row.reason = Row.Reason.NONE
    return store_rows(batch, rows, set(), _result_of(number, rows), by=by)


@transaction.atomic
def undo(batch: Batch, number: int, *, by: Membership) -> EditResult:
    """Undo all edits of a row: it gets the cells of the file again, and their problems."""
    lock_batch(batch, by)
    rows = list(rows_to_check(batch).filter(number=number))
    keys = keys_of(rows)
    for row in rows:
        restore_found_cells(row)
    return store_rows(batch, rows, keys, _result_of(number, rows), by=by)


def _is_stale(edit: Edit, row: Row, cells: Cells) -> bool:
    if edit.was:
        return editable(cells[edit.place]) not in map(editable, edit.was)
    return edit.seen != row.version


def _left(batch: Batch, number: int) -> list[Row]:
    return list(grid_rows(batch).filter(LEFT, number=number))


def rows_to_check(batch: Batch) -> QuerySet[Row]:
    """The rows that an admin has changed and that are not skipped."""
    return edited_rows(batch).exclude(reason=Row.Reason.SKIPPED_BY_ADMIN)


def _result_of(number: int, rows: Collection[Row]) -> EditResult:
    """The result for a button of one row. Without rows, someone else changed it first."""
    return EditResult(overtaken=set() if rows else {number})


def keys_of(rows: Iterable[Row]) -> set[str]:
    """The keys of their addresses."""
    return {row.email_key for row in rows}


def apply_suggestions(row: Row, code: str) -> None:
    """Apply the suggestions for one kind of problem. Like `check_again`, this doesn't save the row.

    Of people with the same address, the first is kept.
    """
    if code == ADDRESS_OF_ANOTHER:
        keep_other(row)
        return
    _apply_suggestions(row, [each for each in suggested(row.problems) if each["code"] == code])


def use_suggestions(row: Row) -> None:
    """Use the suggestions for all cells that look like mistakes. Like `check_again`, this doesn't save the row."""
    _use_intended(row, {doubt["column"]: doubt["suggestion"] for doubt in open_doubts(row) if doubt["suggestion"]})


def correct_row(row: Row, cells: Cells) -> bool:
    """Set the cells as a corrected file has them, without saving the row. False if nothing changes.

    Cells beyond the last column aren't in that file. They are dropped, unless the other cells are as they were.
    """
    was_skipped, before = row.reason == Row.Reason.SKIPPED_BY_ADMIN, cells_now(row)
    if was_skipped:
        row.reason = Row.Reason.NONE
    if cells == before:
        return was_skipped
    row.cells = row.cells or list(before)
    found = (row.edit or {}).get("found", row.problems)
    _set_cells(row, cells, keep=any(problem["column"] is None for problem in found))
    return True


def check_again(row: Row) -> None:
    """Check the cells of an edited row again."""
    _set_cells(row, Cells(*(row.edit or {})["cells"]))


def _apply_suggestions(row: Row, problems: Iterable[dict[str, Any]]) -> None:
    """Apply the first suggestion for each cell. One that changes nothing confirms the cells."""
    suggestions = {problem["column"]: problem["suggestion"] for problem in reversed(list(problems))}
    cells = cells_now(row)
    new = Cells(*[suggestions.get(column.key, cell) for column, cell in zip(COLUMNS, cells, strict=True)])
    _set_cells(row, new, keep=new == cells)


def _set_cells(row: Row, cells: Cells, *, keep: bool = False) -> None:
    """Set the cells of the row, and the problems that the check finds in them."""
    before = row.edit or {"found": row.problems, "keep": False}
    keep = keep or before["keep"]
    is_decided = "decision" in before and list(cells) == before["cells"]
    row.edit = {"cells": list(cells), "found": before["found"], "keep": keep}
    if is_decided:
        row.edit["decision"] = before["decision"]
    if cells == Cells(*row.cells or ()) and not keep and not is_decided:
        restore_found_cells(row)
        return
    of_the_row = [] if keep else [each for each in before["found"] if each["column"] is None]
    found = _set_values(row, cells)
    _set_problems(row, [*of_the_row, *found])


def restore_found_cells(row: Row) -> None:
    """Undo all edits of the row, without saving it."""
    found = (row.edit or {})["found"]
    row.edit = None
    _set_values(row, Cells(*row.cells or ()))
    _set_problems(row, found)


def _set_values(row: Row, cells: Cells) -> list[dict[str, Any]]:
    """Set the values as they would be invited, and return what is wrong with them."""
    checked = check_cells(cells, row=row.number, line=row.line, allowed=allowed_domains(row.batch.organization))
    for name, value in checked.values._asdict().items():
        setattr(row, name, value)
    row.email_key = checked.email_key
    return [problem._asdict() for problem in checked.problems]


def _set_problems(row: Row, problems: list[dict[str, Any]]) -> None:
    # Whether the address is that of another person isn't known before all changes are saved: see `settle_duplicates`.
    problems = [each for each in problems if each["code"] != ADDRESS_OF_ANOTHER]
    row.outcome, row.reason = (Row.Outcome.PROBLEM if problems else Row.Outcome.WAITING), Row.Reason.NONE
    row.problems, row.suggested_codes = problems, suggested_codes_of(problems)
    row.duplicate_of = None


def store_rows(
    batch: Batch, rows: list[Row], keys: set[str], result: EditResult | None = None, *, by: Membership | None = None
) -> EditResult:
    """Save changed rows, and who changed them. `keys` are those of the addresses that the rows had before."""
    result = result or EditResult()
    if by is not None:
        for row in rows:
            row.edited_by_id = by.user_id
        record_edits(batch, rows, by=by)
    suggest_for(batch, rows)
    save_rows(rows)
    result.changed |= {row.number for row in rows}
    result.changed |= settle_duplicates(batch, keys | keys_of(rows))
    return result


def save_rows(rows: Collection[Row]) -> None:
    """Save the fields that an edit changes, with one statement for all rows."""
    for row in rows:
        row.version += 1
        cells = cells_now(row)
        row.person_key = person_key(cells.first_name, cells.last_name, cells.email)
        count_doubts(row)
    texts, objects = attrgetter(*_TEXTS), attrgetter(*_OBJECTS)
    records = [
        (*texts(row), *(each if each is None else json.dumps(each) for each in objects(row)), row.pk) for row in rows
    ]
    update_rows((*_TEXTS, *_OBJECTS), records)
