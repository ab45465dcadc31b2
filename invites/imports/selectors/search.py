"""Find people in all imports that a member may see, by name or address, and imports by the name of their file.

Rows with an invitation are found by its `person_key`, as on the page *Users*; the others by their own cells. Each query
reads an index that has all it compares, so that it needn't read a million rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Replace

from accounts.models import Membership
from accounts.names import fold
from invites.invitations.visibility import sees_everybody, visible_batches
from invites.models import Batch, Invitation, Row

Ids = QuerySet[Any, int]

LONGEST = 200
SHOWN = 50
# How many invitations, the newest ones, are looked up for members who see everybody. Most belong to an import.
LOOKED_UP = 1_000
# As the indexes have it: `pending_invitation_by_name` and `closed_invitation_by_name`.
_PENDING = Q(state=Invitation.State.PENDING.value)
_CLOSED = ~Q(state=Invitation.State.PENDING.value)
# The cells of a row, without what separates and surrounds them in JSON: a comma is in every row.
_WITHOUT_SYNTAX: Combinable = Cast("cells", TextField())
for _syntax in ('", "', '["', '"]'):
    _WITHOUT_SYNTAX = Replace(_WITHOUT_SYNTAX, Value(_syntax), Value("\n"), output_field=TextField())


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
    """The rows whose name or address contains every word, ignoring case. The first `SHOWN`, newest import first."""
    words = fold(text).split()
    if not words:
        return FoundPeople([], has_more=False)
    # Without those whose rows don't count: see `Batch.keeps_rows`.
    unchecked = Q(state__in=(Batch.State.STOPPED, Batch.State.FAILED), checked_at=None)
    batches = visible_batches(viewer).select_related(None).order_by()
    batches = batches.exclude(unchecked).exclude(state=Batch.State.REJECTED)
    queries = [*_invited(viewer, batches, words), *_others(batches, text.split())]
    ids = [list(query[: SHOWN + 1]) for query in queries]
    rows = Row.objects.filter(pk__in={pk for found in ids for pk in found}).order_by("-batch_id", "number")
    first = list(rows.select_related("batch__organization", "invitation", "edited_by")[: SHOWN + 1])
    return FoundPeople(first[:SHOWN], has_more=len(first) > SHOWN)


def _invited(viewer: Membership, batches: QuerySet[Batch], words: Sequence[str]) -> Iterator[Ids]:
    """The ids of rows with an invitation, from two indexes."""
    for state in (_PENDING, _CLOSED):
        found = Invitation.objects.filter(state, organization=viewer.organization_id)
        for word in words:
            found = found.filter(person_key__contains=word)
        if sees_everybody(viewer):
            # First only ids, which the index has.
            newest = found.order_by("-pk").values_list("pk", flat=True)[:LOOKED_UP]
            found = Invitation.objects.filter(pk__in=list(newest))
        found = found.filter(batch__in=batches.values("pk"), row__isnull=False).order_by("-batch_id", "row_id")
        yield found.values_list("row_id", flat=True)


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
        problems.alias(in_file=_WITHOUT_SYNTAX).filter(in_file),
        # Also those that were fixed after their import had ended.
        rows.filter(named, outcome=Row.Outcome.WAITING),
    ):
        yield found.order_by("-batch_id", "pk").values_list("pk", flat=True)
