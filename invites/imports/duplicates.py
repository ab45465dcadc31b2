"""Decide which of several rows with the same address is invited, and what becomes of the others.

By default it is a row that is as in the file, or else the first edited one. Others with the same name are skipped. For
others with another name an admin has to decide: until then they are problems. Decisions are stored in the `edit` of the
row in which they were made, as names, until its cells are edited:

    {"under": "ann ek"}                 Ann Ek is kept instead of this row
    {"kept": 2, "over": ["ann ek"]}     this row is kept instead of Ann Ek; the higher of two numbers is the later one

Outcomes are derived from cells, edits and decisions alone. So it doesn't matter in which order rows are edited, how
many at a time, or whether a worker dies in between.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import Case, F, Q, QuerySet, Value, When, Window
from django.db.models.functions import FirstValue

from invites.checking import ADDRESS_OF_ANOTHER, Cells, address_problem, name_key
from invites.imports.bulk_insert import AnyOf, update_rows
from invites.imports.selectors.grid import LEFT
from invites.imports.selectors.rows import cells_now
from invites.models import Batch, Row

Outcome, Reason = Row.Outcome, Row.Reason

# Up to this many addresses are looked up; for more, all rows are compared.
FEW = 2_000
# How many people a decision sets aside at most. About others with the same address, an admin is asked again.
MOST_NAMES = 1_000
# How many rows are settled at a time.
CHUNK = 1_000
_CODE = f" {ADDRESS_OF_ANOTHER} "
# The rows with good cells that no admin has skipped. Of those with the same name, the check has skipped all but the
# first: they stay skipped.
# In an import that is corrected after it has ended, people are invited already, and keep their address.
_PEOPLE = (
    Q(outcome__in=[Outcome.WAITING, Outcome.INVITED])
    | Q(outcome=Outcome.SKIPPED, reason=Reason.ADDRESS_OF_ANOTHER)
    | (Q(outcome=Outcome.SKIPPED, reason=Reason.DUPLICATE) & (Q(edit__isnull=False) | ~Q(problem_codes="")))
    | (LEFT & Q(suggested_codes=_CODE))
)
# Which of the rows with an address is invited without a decision: the first in this order, and then by number.
_ORDER = Case(
    When(outcome=Outcome.INVITED, then=Value(-1)),
    When(problem_codes="", edit__isnull=True, then=Value(0)),
    When(problem_codes="", then=Value(1)),
    When(edit__isnull=True, then=Value(2)),
    default=Value(3),
)


class Contested(NamedTuple):
    """A row whose address others have or had, and the row that is invited without a decision."""

    row_id: int
    default_id: int


# --- Decisions ---------------------------------------------------------------------------------------


def other_number(row: Row) -> int | None:
    """The number of the row with the same address and another name, if that is the problem of this row."""
    problem = _address_problem_of(row)
    return int(problem["params"]["number"]) if problem else None


def keep_other(row: Row) -> None:
    """Decide that the other person has the address. This doesn't save the row."""
    if problem := _address_problem_of(row):
        _decide(row, {"under": problem["params"]["key"]})


def keep_this(batch: Batch, row: Row) -> None:
    """Decide that the person in this row has the address. This doesn't save the row."""
    if problem := _address_problem_of(row):
        people = _people(batch).filter(email_key=row.email_key)
        last = max((_kept(each) for each in people.filter(edit__decision__kept__isnull=False)), default=0)
        aside = people.filter(outcome=Outcome.SKIPPED).order_by("number").values_list("first_name", "last_name")
        over = {problem["params"]["key"], *(name_key(*names) for names in aside[:MOST_NAMES])} - {_key(row)}
        _decide(row, {"kept": last + 1, "over": sorted(over)})


def _address_problem_of(row: Row) -> dict[str, Any] | None:
    return next((each for each in row.problems if each["code"] == ADDRESS_OF_ANOTHER), None)


def _decide(row: Row, decision: dict[str, Any]) -> None:
    cells = cells_now(row)
    row.cells = row.cells or list(cells)
    before = row.edit or {"cells": list(cells), "found": row.problems, "keep": False}
    row.edit = {**before, "decision": decision}


def _decision(row: Row) -> dict[str, Any]:
    return (row.edit or {}).get("decision") or {}


def _kept(row: Row) -> int:
    return int(_decision(row).get("kept", 0))


def _key(row: Row) -> str:
    return name_key(row.first_name, row.last_name)


# --- Outcomes ----------------------------------------------------------------------------------------


def settle_duplicates(batch: Batch, keys: Collection[str]) -> set[int]:
    """Settle the rows with these addresses. Returns the numbers of the rows whose outcome changed."""
    changed: set[int] = set()
    contested = find_contested(batch, keys)
    for start in range(0, len(contested), CHUNK):
        changed |= settle(batch, contested[start : start + CHUNK])
    return changed


def find_contested(batch: Batch, keys: Collection[str] | None = None) -> list[Contested]:
    """The rows to settle, among all rows of the batch or those with these addresses."""
    people = _people(batch)
    if keys is not None:
        wanted = set(keys) - {""}
        if not wanted:
            return []
        if len(wanted) <= FEW:
            people = people.filter(AnyOf(F("email_key"), wanted))
    default = Window(FirstValue("pk"), partition_by=["email_key"], order_by=[_ORDER, F("number")])
    settled = Q(pk=F("default_id"), outcome__in=[Outcome.WAITING, Outcome.INVITED])
    found = people.annotate(default_id=default).filter(~settled)
    return [Contested(*ids) for ids in found.order_by("number").values_list("pk", "default_id")]


def settle(batch: Batch, contested: Sequence[Contested]) -> set[int]:
    """Save the outcomes of some contested rows. Returns the numbers of those that changed."""
    rows = _rows_by_id({row_id for each in contested for row_id in each})
    defaults = {each.default_id for each in contested}
    decided: dict[str, list[Row]] = {}
    by_address = _people(batch).filter(AnyOf(F("email_key"), {rows[each].email_key for each in defaults}))
    for row in by_address.filter(edit__decision__kept__isnull=False):
        decided.setdefault(row.email_key, []).append(row)
    owners = {each: _find_owner(rows[each], decided.get(rows[each].email_key, ())) for each in defaults}
    pairs = {each.default_id: each.default_id for each in contested} | dict(contested)
    changed = [row for row_id, default in pairs.items() if _apply(batch, row := rows[row_id], owners[default])]
    _save(changed)
    return {row.number for row in changed}


def _people(batch: Batch) -> QuerySet[Row]:
    return batch.rows.filter(_PEOPLE).exclude(email_key="")


def _rows_by_id(ids: set[int]) -> dict[int, Row]:
    return {row.pk: row for row in Row.objects.filter(AnyOf(F("pk"), ids))}


class _Owner(NamedTuple):
    """The row that is invited of those with an address, and the keys of the names that were decided against."""

    row: Row
    over: frozenset[str]


def _find_owner(default: Row, decided: Iterable[Row]) -> _Owner:
    """The row that is invited: `default`, or the one that was kept instead of it, or instead of that one."""
    owner, over = default, frozenset[str]()
    for row in sorted(decided, key=lambda each: (_kept(each), each.number)):
        names = frozenset(_decision(row)["over"])
        if _key(row) == _key(owner):
            over |= names
        elif _key(owner) in names:
            owner, over = row, over | names
    return _Owner(owner, over - {_key(owner)})


def _apply(batch: Batch, row: Row, owner: _Owner) -> bool:
    """Give the row its outcome without saving it. False if it has it already, or its person is invited."""
    if row.outcome == Outcome.INVITED:
        return False
    before = _state(row)
    row.problems, row.suggested_codes = [], ""
    key, key_of_owner = _key(row), _key(owner.row)
    if row.pk == owner.row.pk:
        row.outcome, row.reason, row.duplicate_of = Outcome.WAITING, Reason.NONE, None
    elif key == key_of_owner and not (row.edit is None and row.problem_codes == ""):
        row.outcome, row.reason, row.duplicate_of = Outcome.SKIPPED, Reason.DUPLICATE, owner.row.number
    elif key in (key_of_owner, *owner.over) or _decision(row).get("under") == key_of_owner:
        # Also a row as in the file that is repeated: among the duplicates of the check it couldn't be found again.
        row.outcome, row.reason, row.duplicate_of = Outcome.SKIPPED, Reason.ADDRESS_OF_ANOTHER, owner.row.number
    else:
        row.outcome, row.reason, row.duplicate_of = Outcome.PROBLEM, Reason.NONE, None
        row.problems, row.suggested_codes = [_problem(batch, row, owner.row)], _CODE
        # Makes it a row of the grid, if the check found no problem in it.
        row.problem_codes = row.problem_codes or _CODE
        row.cells = row.cells or [getattr(row, name) for name in Cells._fields]
    return _state(row) != before


def _problem(batch: Batch, row: Row, owner: Row) -> dict[str, Any]:
    return address_problem(
        row=row.number,
        line=row.line,
        value=row.email,
        first=owner.number,
        other=Cells(owner.email, owner.first_name, owner.last_name),
        sheets=batch.read_as.get("sheets", ()),
    )._asdict()


def _state(row: Row) -> tuple[object, ...]:
    return (str(row.outcome), str(row.reason), row.duplicate_of, row.problems, row.suggested_codes)


def _save(rows: Sequence[Row]) -> None:
    records = [
        (
            *(str(row.outcome), str(row.reason), row.duplicate_of, row.suggested_codes, row.problem_codes),
            *(json.dumps(row.problems), row.cells if row.cells is None else json.dumps(row.cells), row.pk),
        )
        for row in rows
    ]
    names = ("outcome", "reason", "duplicate_of", "suggested_codes", "problem_codes", "problems", "cells")
    update_rows(names, records)
