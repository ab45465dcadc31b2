"""Mend the problem rows of a batch one by one: edit cells, take suggestions, leave rows out, take all of it back.

Every change is checked at once by the code that checked the file, and stored. All of them begin by taking hold of
the batch, so that of two admins one comes after the other, and nobody mends what is being invited already.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import RuleBroken
from accounts.models import Membership
from invites.checking import COLUMNS, check_cells
from invites.models import Batch, Row
from invites.queries.grid import LEFT, editable, grid_rows, mended_rows, rows_to_mend_alike
from invites.queries.rows import cells_now, codes_of, suggested
from invites.queries.typos import warned_of
from invites.services.checks import limits
from invites.services.granting import check_may_invite
from invites.services.suggesting import suggest_for

# What mending changes in a row.
_TEXTS = (
    *("email", "email_key", "first_name", "last_name", "description"),
    *("outcome", "reason", "detail", "suggested_codes", "mends"),
)
_OBJECTS = ("problems", "mended", "cells")
# So many addresses are asked for by name; with more of them the whole batch is read once.
FEW = 500


@dataclass(frozen=True)
class Edit:
    """A new value for a cell: `place` 0 to 3, in a row that had been mended `seen` times when it was shown.

    Whoever can't know that, because an earlier edit of theirs may or may not have arrived, says what `was` in the
    cell before: one of these values.
    """

    number: int
    place: int
    value: str
    seen: int
    was: frozenset[str] = frozenset()


@dataclass
class Mending:
    """What came of it: the numbers of the rows that are news, and of those that others had changed before."""

    changed: set[int] = field(default_factory=set)
    overtaken: set[int] = field(default_factory=set)


def hold_batch(batch: Batch, by: Membership) -> None:
    """Wait for others who are at this batch, and see it as they have left it: its file may be another one.

    Raises RuleBroken: "not_allowed", "moved_on".
    """
    check_may_invite(by)
    held = Batch.objects.filter(pk=batch.pk, state=Batch.State.NEEDS_CORRECTION).update(progressed_at=timezone.now())
    if not held:
        raise RuleBroken("moved_on", "This file is no longer waiting to be corrected.")
    batch.refresh_from_db()


@transaction.atomic
def edit_cells(batch: Batch, edits: Iterable[Edit], *, by: Membership) -> Mending:
    """Put new values into cells; those that stand there already are passed over."""
    hold_batch(batch, by)
    mending = Mending()
    by_row: dict[int, list[Edit]] = {}
    for edit in edits:
        by_row.setdefault(edit.number, []).append(edit)
    touched: list[Row] = []
    keys: set[str] = set()
    for row in grid_rows(batch).filter(number__in=by_row):
        cells = cells_now(row)
        edits_of_row = by_row.pop(row.number)
        new = [edit for edit in edits_of_row if editable(edit.value) != editable(cells[edit.place])]
        if any(edit.was for edit in edits_of_row):
            # Whether it is new or has arrived before, whoever sent it wants to know how the row stands.
            mending.changed.add(row.number)
        if not new:
            continue
        # Somebody else was here, or the row was left out.
        if row.reason == Row.Reason.LEFT_OUT or any(_comes_too_late(edit, row, cells) for edit in new):
            mending.overtaken.add(row.number)
            continue
        for edit in new:
            cells[edit.place] = editable(edit.value)
        keys.add(row.email_key)
        _put(row, cells)
        touched.append(row)
    # A corrected file has come meanwhile that has no problem in these rows.
    mending.overtaken |= by_row.keys()
    return _store(batch, touched, keys, mending)


@transaction.atomic
def take_suggestion(batch: Batch, number: int, place: int, *, by: Membership) -> Mending:
    """Put into a cell what the check is sure of."""
    hold_batch(batch, by)
    rows = _left(batch, number)
    keys = _keys_of(rows)
    for row in rows:
        _take(row, [each for each in suggested(row.problems) if each["column"] == COLUMNS[place]])
    return _store(batch, rows, keys, _asked_for(number, rows))


@transaction.atomic
def take_all_suggestions(batch: Batch, code: str, *, by: Membership) -> Mending:
    """The same for all rows that are left with this kind of problem."""
    hold_batch(batch, by)
    rows = list(rows_to_mend_alike(batch, code))
    keys = _keys_of(rows)
    for row in rows:
        _take(row, [each for each in suggested(row.problems) if each["code"] == code])
    return _store(batch, rows, keys, Mending())


@transaction.atomic
def take_meant(batch: Batch, number: int, *, by: Membership) -> Mending:
    """Put in place of a good address that looks like a slip the one that was probably meant."""
    hold_batch(batch, by)
    rows = list(batch.rows.filter(number=number, outcome=Row.Outcome.WAITING))
    keys = _keys_of(rows)
    doubted = [(row, meant) for row in rows if (meant := warned_of(batch, row))]
    for row, meant in doubted:
        cells = cells_now(row)
        # A row without problems keeps what stood in the file only from now on.
        row.cells = row.cells or cells
        _put(row, [meant, *cells[1:]])
    changed = [row for row, _ in doubted]
    return _store(batch, changed, keys, _asked_for(number, changed))


@transaction.atomic
def keep_as_shown(batch: Batch, number: int, *, by: Membership) -> Mending:
    """Take the four cells of the row for the whole of it: nothing else that stood in it is missed."""
    hold_batch(batch, by)
    rows = _left(batch, number)
    keys = _keys_of(rows)
    for row in rows:
        _put(row, cells_now(row), keep=True)
    return _store(batch, rows, keys, _asked_for(number, rows))


@transaction.atomic
def leave_out(batch: Batch, number: int, *, by: Membership) -> Mending:
    """Nobody is to be invited by this row."""
    hold_batch(batch, by)
    rows = _left(batch, number)
    for row in rows:
        row.reason = Row.Reason.LEFT_OUT
    return _store(batch, rows, set(), _asked_for(number, rows))


@transaction.atomic
def put_back(batch: Batch, number: int, *, by: Membership) -> Mending:
    """The row that was left out is one to mend again."""
    hold_batch(batch, by)
    rows = list(grid_rows(batch).filter(number=number, reason=Row.Reason.LEFT_OUT))
    for row in rows:
        row.reason = Row.Reason.NONE
    return _store(batch, rows, set(), _asked_for(number, rows))


@transaction.atomic
def undo(batch: Batch, number: int, *, by: Membership) -> Mending:
    """What stood in the file stands there again, with its problems."""
    hold_batch(batch, by)
    rows = list(_mended(batch).filter(number=number))
    keys = _keys_of(rows)
    for row in rows:
        _take_back(row)
    return _store(batch, rows, keys, _asked_for(number, rows))


def check_mended(batch: Batch, *, by: Membership) -> Mending:
    """Check everything that was mended once more, and each against all others. Inside of a transaction."""
    hold_batch(batch, by)
    rows = list(_mended(batch))
    keys = _keys_of(rows)
    for row in rows:
        _put(row, list((row.mended or {})["cells"]))
    return _store(batch, rows, keys, Mending())


def _comes_too_late(edit: Edit, row: Row, cells: list[str]) -> bool:
    if edit.was:
        return editable(cells[edit.place]) not in map(editable, edit.was)
    return edit.seen != row.mends


def _left(batch: Batch, number: int) -> list[Row]:
    return list(grid_rows(batch).filter(LEFT, number=number))


def _mended(batch: Batch) -> QuerySet[Row]:
    return mended_rows(batch).exclude(reason=Row.Reason.LEFT_OUT)


def _asked_for(number: int, rows: Collection[Row]) -> Mending:
    """The row is not as it was when somebody pressed its button: others were faster."""
    return Mending(overtaken=set() if rows else {number})


def _keys_of(rows: Iterable[Row]) -> set[str]:
    return {row.email_key for row in rows}


def _take(row: Row, problems: Iterable[dict[str, Any]]) -> None:
    """Put in what is suggested, the first for each cell."""
    cells = cells_now(row)
    for problem in reversed(list(problems)):
        cells[COLUMNS.index(problem["column"])] = problem["suggestion"]
    _put(row, cells)


def _put(row: Row, cells: list[str], *, keep: bool = False) -> None:
    """Give the row these cells, and what the check says of them."""
    before = row.mended or {"found": row.problems, "keep": False}
    keep = keep or before["keep"]
    row.mended = {"cells": cells, "found": before["found"], "keep": keep}
    if cells == row.cells and not keep:
        _take_back(row)
        return
    of_the_row = [] if keep else [each for each in before["found"] if each["column"] is None]
    found = _set_values(row, cells)
    _set_problems(row, [*of_the_row, *found])


def _take_back(row: Row) -> None:
    found = (row.mended or {})["found"]
    row.mended = None
    _set_values(row, list(row.cells or ()))
    _set_problems(row, found)


def _set_values(row: Row, cells: list[str]) -> list[dict[str, Any]]:
    """The values as they would be invited; gives back what is wrong with them."""
    email, first_name, last_name, description = cells
    checked = check_cells(email, first_name, last_name, description, row=row.number, line=row.line, limits=limits())
    row.email, row.email_key = checked.email[:320], checked.email_key[:320]
    row.first_name, row.last_name = checked.first_name[:150], checked.last_name[:150]
    row.description = checked.description[:1000]
    return [problem._asdict() for problem in checked.problems]


def _set_problems(row: Row, problems: list[dict[str, Any]]) -> None:
    row.outcome, row.reason = (Row.Outcome.PROBLEM if problems else Row.Outcome.WAITING), Row.Reason.NONE
    row.problems, row.suggested_codes = problems, codes_of(suggested(problems))
    row.detail = problems[0]["message"][:300] if problems else ""


def _store(batch: Batch, rows: list[Row], keys: set[str], mending: Mending) -> Mending:
    """Save what was changed. `keys` are the addresses that these rows had before."""
    for row in rows:
        row.mends += 1
    suggest_for(batch, rows)
    _save(rows)
    mending.changed |= {row.number for row in rows}
    mending.changed |= _skip_duplicates(batch, keys | _keys_of(rows))
    return mending


def _skip_duplicates(batch: Batch, keys: set[str]) -> set[int]:
    """Of the rows with one of these addresses one is invited: that of the file, or else the first that was mended.

    The numbers of the rows for which this is news.
    """
    taken: dict[str, int] = {}
    for key, number in _having(keys, batch.rows.filter(mended__isnull=True, outcome=Row.Outcome.WAITING)):
        taken.setdefault(key, number)
    mended = mended_rows(batch).filter(outcome__in=[Row.Outcome.WAITING, Row.Outcome.SKIPPED])
    first = {number: taken.setdefault(key, number) for key, number in _having(keys, mended)}
    news = [row for row in mended.filter(number__in=first) if row.detail != _repeats(row, first[row.number])]
    for row in news:
        row.detail = _repeats(row, first[row.number])
        row.outcome = Row.Outcome.SKIPPED if row.detail else Row.Outcome.WAITING
        row.reason = Row.Reason.DUPLICATE if row.detail else Row.Reason.NONE
    _save(news)
    return {row.number for row in news}


def _having(keys: set[str], rows: QuerySet[Row]) -> Iterator[tuple[str, int]]:
    """Address and number of the rows that have one of the addresses."""
    wanted = keys - {""}
    rows = rows.filter(email_key__in=wanted) if len(wanted) <= FEW else rows
    found = rows.order_by("number").values_list("email_key", "number").iterator(chunk_size=5_000)
    return ((key, number) for key, number in found if key in wanted)


def _repeats(row: Row, first: int) -> str:
    return "" if first == row.number else f"The same address is in row {first}"


def _save(rows: Iterable[Row]) -> None:
    """In one statement for all: a kind of problem may have thousands of rows."""
    texts, objects = attrgetter(*_TEXTS), attrgetter(*_OBJECTS)
    records = [
        (*texts(row), *(each if each is None else json.dumps(each) for each in objects(row)), row.pk) for row in rows
    ]
    if not records:
        return
    changes = ", ".join(f"{name} = %s" for name in (*_TEXTS, *_OBJECTS))
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {Row._meta.db_table} SET {changes} WHERE id = %s", records)  # noqa: S608 - ours
