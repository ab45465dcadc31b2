"""Find people in all imports that a member may see, by name or address, and imports by the name of their file.

Rows with an invitation are found by its `person_key`, as on the page *Users*; the others by their own cells. Each query
reads an index that has all it compares, so that it needn't read a million rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import attrgetter, or_
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.models import Membership
from accounts.names import fold
from invites.invitations.visibility import sees_everybody, visible_batches
from invites.models import Batch, Invitation, Row

Ids = QuerySet[Any, int]

LONGEST = 200
SHOWN = 50
# How many invitations are looked up for members who see everybody. Most of them belong to an import.
LOOKED_UP = 1_000
# As the indexes have it: `pending_invitation_by_name` and `closed_invitation_by_name`.
_PENDING = Q(state=Invitation.State.PENDING.value)
_CLOSED = ~Q(state=Invitation.State.PENDING.value)


@dataclass(frozen=True)
class FoundPeople:
    """The first rows, newest import first, and whether there are more."""

    rows: list[Row]
    has_more: bool


def read_search(text: str) -> str:
    """What was typed into the search field, without what no name has."""
    return " ".join(text.replace("\x00", "").split())[:LONGEST].strip()


def find_batches(viewer: Membership, text: str) -> QuerySet[Batch]:
    """The imports that the member may see; with a text, those whose file name contains it."""
    batches = visible_batches(viewer)
    return batches.filter(file_name__icontains=text) if text else batches


def find_people(viewer: Membership, text: str) -> FoundPeople:
    """The rows whose name or address contains every word, ignoring case. At most `SHOWN` of them."""
    words = fold(text).split()
    if not words:
        return FoundPeople([], has_more=False)
    batches = visible_batches(viewer).select_related(None).order_by()
    queries = [*_invited(viewer, batches, words), *_others(batches, text.split())]
    ids = [list(query.order_by()[: SHOWN + 1]) for query in queries]
    rows = Row.objects.filter(pk__in={pk for found in ids for pk in found}).order_by("number")
    kept = [
        row for row in rows.select_related("batch__organization", "invitation", "edited_by") if row.batch.keeps_rows
    ]
    newest = sorted(kept, key=attrgetter("batch.created_at", "batch_id"), reverse=True)
    return FoundPeople(newest[:SHOWN], has_more=len(newest) > SHOWN)


def _invited(viewer: Membership, batches: QuerySet[Batch], words: Sequence[str]) -> Iterator[Ids]:
    """The ids of rows with an invitation, from two indexes."""
    for state in (_PENDING, _CLOSED):
        found = Invitation.objects.filter(state, organization=viewer.organization_id)
        for word in words:
            found = found.filter(person_key__contains=word)
        if sees_everybody(viewer):
            # First only ids, which the index has.
            found = Invitation.objects.filter(pk__in=list(found.order_by().values_list("pk", flat=True)[:LOOKED_UP]))
        yield found.filter(batch__in=batches.values("pk"), row__isnull=False).values_list("row_id", flat=True)


def _others(batches: QuerySet[Batch], words: Sequence[str]) -> Iterator[Ids]:
    """The ids of rows by which nobody was invited, or not yet."""
    named, in_file = Q(), Q()
    for word in words:
        # SQLite stores letters beyond ASCII as JSON escapes them.
        written = {word, json.dumps(word)[1:-1]}
        has_word = Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email_key__contains=word.lower())
        named &= has_word
        # A cell with a problem is only stored as it is in the file.
        in_file &= reduce(or_, [Q(in_file__icontains=each) for each in sorted(written)], has_word)
    rows = Row.objects.filter(batch__in=batches.values("pk"))
    problems = rows.filter(outcome__in=[Row.Outcome.PROBLEM, Row.Outcome.FAILED])
    for found in (
        rows.filter(named, outcome=Row.Outcome.SKIPPED),
        problems.alias(in_file=Cast("cells", TextField())).filter(in_file),
        # Also those that were fixed after their import had ended.
        rows.filter(named, outcome=Row.Outcome.WAITING),
    ):
        yield found.values_list("pk", flat=True)
