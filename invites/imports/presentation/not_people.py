"""The rows that were skipped because they aren't people, as a page lists them, and notes beside the table."""

from __future__ import annotations

from dataclasses import dataclass

from invites.imports.presentation.rows import row_text
from invites.imports.presentation.wording import notice_text
from invites.imports.selectors.not_people import not_people_notice, not_people_rows
from invites.models import Batch
from invites.problems import stored_notice
from invites.wording import as_sentence

LISTED = 50


@dataclass(frozen=True)
class NotPeople:
    """A sentence about all of them; the numbers and texts of the first ones, and how many `more` there are."""

    sentence: str
    listed: list[tuple[int, str]]
    more: int


def not_people_of(batch: Batch) -> NotPeople | None:
    """None if there are no such rows."""
    notice = not_people_notice(batch)
    if notice is None:
        return None
    listed = [(row.number, row_text(row)) for row in not_people_rows(batch).order_by("number")[:LISTED]]
    count = notice.params["count"]
    assert isinstance(count, int)
    return NotPeople(as_sentence(notice_text(batch, notice)), listed, count - len(listed))


def side_notes_text(batch: Batch) -> str:
    """A sentence about notes beside the table, which were ignored; empty if there are none."""
    found = next((notice for notice in batch.warnings if notice["code"] == "notes_beside"), None)
    return as_sentence(notice_text(batch, stored_notice(found))) if found else ""
