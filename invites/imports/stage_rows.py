"""Store the rows of a file while it is checked."""

from __future__ import annotations

import json
from collections.abc import Collection
from itertools import repeat

from django.db import transaction

from accounts.names import person_key
from invites import checking
from invites.checking import Cells
from invites.imports.bulk_insert import NewFlaggedRow, NewRow, insert_rows
from invites.imports.check_claims import renew_claim
from invites.imports.not_people import keep_text
from invites.imports.selectors.rows import codes_of, suggested_codes_of
from invites.imports.selectors.typos import as_doubt
from invites.models import Batch, Row


@transaction.atomic
def stage_rows(batch: Batch, blocks: list[checking.Block], skipped_numbers: Collection[int], **progress: int) -> None:
    """Store the rows of some blocks, and renew the claim of the batch.

    Nearly all come straight from the columns, without a `checking.Row`.
    """
    rows: list[NewRow] = []
    flagged: list[NewFlaggedRow] = []
    for block in blocks:
        columns = dict(zip(Cells._fields, block.columns, strict=True))
        keys = map(person_key, columns["first_name"], columns["last_name"], columns["email"])
        parts = (repeat(batch.pk), block.numbers, block.lines, block.emails, *block.columns, keys)
        records = list(zip(*parts, strict=False))
        for position, row in sorted(block.flagged_rows.items(), reverse=True):
            del records[position]
            if position in block.doubts and row is not None:
                flagged.append(_new_doubted_row(batch, row, block.doubts[position]))
            elif row is not None and row.is_valid:
                rows.append(_new_row(batch, row))
            elif row is not None:
                flagged.append(_new_flagged_row(batch, row, is_skipped=row.number in skipped_numbers))
        rows += records
    insert_rows(rows, flagged)
    renew_claim(batch, **progress)


def _new_row(batch: Batch, row: checking.Row) -> NewRow:
    # People are also found by cells with problems.
    cells = row.cells if row.problems and row.cells else row.values
    key = person_key(cells.first_name, cells.last_name, cells.email)
    return (batch.pk, row.number, row.line, row.email_key, *row.values, key)


def _new_doubted_row(batch: Batch, row: checking.Row, notices: list[checking.Notice]) -> NewFlaggedRow:
    return NewFlaggedRow(
        _new_row(batch, row),
        outcome=Row.Outcome.WAITING.value,
        doubts=json.dumps([as_doubt(notice) for notice in notices]),
        open_doubts=len(notices),
        fixable_doubts=sum(bool(notice.suggestion) for notice in notices),
    )


def _new_flagged_row(batch: Batch, row: checking.Row, *, is_skipped: bool) -> NewFlaggedRow:
    new = _new_row(batch, row)
    if not row.problems:
        return NewFlaggedRow(
            new,
            outcome=Row.Outcome.SKIPPED.value,
            reason=Row.Reason.DUPLICATE.value,
            duplicate_of=row.duplicate_of,
        )
    problems = [problem._asdict() for problem in row.problems]
    if row.text:
        keep_text(problems, row.text)
    return NewFlaggedRow(
        new,
        outcome=Row.Outcome.PROBLEM.value,
        reason=(Row.Reason.SKIPPED_BY_ADMIN if is_skipped else Row.Reason.NONE).value,
        problems=json.dumps(problems),
        problem_codes=codes_of(problems),
        suggested_codes=suggested_codes_of(problems),
        cells=json.dumps(row.cells),
    )
