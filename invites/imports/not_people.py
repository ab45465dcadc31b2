"""Rows below the last address that aren't people: skip them, and import one anyway.

Such a row is stored as a row with problems, and skipped when the check ends. It keeps its problems, so that it becomes
an ordinary problem row if an admin says that it is a person.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.lookups import only_one
from accounts.models import Membership
from invites import checking
from invites.imports.corrections import EditResult, keys_of, lock_batch, restore_found_cells, store_rows
from invites.imports.selectors.grid import grid_rows
from invites.imports.selectors.not_people import is_below_people, not_people_rows
from invites.imports.selectors.rows import codes_of, suggested
from invites.models import Batch, Row

Outcome, Reason = Row.Outcome, Row.Reason


def skip_not_people(batch: Batch, report: checking.Report) -> None:
    """Skip the rows that the check found below the people of each sheet. The caller saves the batch."""
    for first, last in report.tails:
        rows = batch.rows.filter(number__range=(first, last), outcome=Outcome.PROBLEM)
        rows.update(outcome=Outcome.SKIPPED, reason=Reason.NOT_A_PERSON, problem_codes="", suggested_codes="")
    batch.read_as = {**batch.read_as, "tails": [list(tail) for tail in report.tails]}


def keep_text(problems: list[dict[str, Any]], text: str) -> None:
    """Store the text of a row with its problems: it may be in columns that we don't read."""
    problems[0]["text"] = text


def known_rows_of(batch: Batch) -> checking.KnownRows:
    """What is known about the rows of the stored file."""
    sheets = [] if batch.first_row else batch.read_as.get("sheets", [])
    return checking.KnownRows(
        people=frozenset(batch.known_rows.get("people", ())),
        not_people=frozenset(batch.known_rows.get("not_people", ())),
        sheet_starts=[start for _name, start in sheets],
    )


def known_rows_to_keep(batch: Batch) -> dict[str, list[int]]:
    """The same for a file with corrections, which is checked again. People may be added below these rows."""
    people: list[int] = []
    for first, last in batch.read_as.get("tails", []):
        rows = batch.rows.filter(number__range=(first, last)).exclude(reason=Reason.NOT_A_PERSON)
        people += rows.order_by("number").values_list("number", flat=True)
    not_people = not_people_rows(batch).order_by("number").values_list("number", flat=True)
    return {"people": people, "not_people": list(not_people)}


@transaction.atomic
def import_anyway(batch: Batch, number: int, *, by: Membership) -> EditResult:
    """Make a row that was skipped because it isn't a person a row with problems, to be corrected."""
    lock_batch(batch, by)
    row = only_one(not_people_rows(batch).filter(number=number))
    if row is None:
        return EditResult(overtaken={number})
    batch.rows.filter(pk=row.pk).update(
        outcome=Outcome.PROBLEM,
        reason=Reason.NONE,
        problem_codes=codes_of(row.problems),
        suggested_codes=codes_of(suggested(row.problems)),
        version=F("version") + 1,
    )
    return EditResult(changed={number})


@transaction.atomic
def skip_again(batch: Batch, number: int, *, by: Membership) -> EditResult:
    """Undo `import_anyway`, with everything that was changed in the row since then."""
    lock_batch(batch, by)
    row = only_one(grid_rows(batch).filter(number=number))
    if row is None or not is_below_people(batch, number):
        return EditResult(overtaken={number})
    keys = keys_of([row])
    if row.edit is not None:
        restore_found_cells(row)
    row.outcome, row.reason, row.suggested_codes = Outcome.SKIPPED, Reason.NOT_A_PERSON, ""
    result = store_rows(batch, [row], keys)
    batch.rows.filter(pk=row.pk).update(problem_codes="", edited_by=None)
    return result
