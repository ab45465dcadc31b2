"""Find people in all imports that a member may see, by name or address, and imports by the name of their file.

Rows with an invitation are found by its `person_key`, as on the page *Users*; the others by their own. Each query reads
an index that has all it compares, so that it needn't read a million rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

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
# In the order of the index `left_row_by_name`.
_LEFT = (Row.Outcome.FAILED, Row.Outcome.PROBLEM, Row.Outcome.SKIPPED)


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
    """The first `SHOWN` rows whose name or address contains every word, newest import first. Accents don't matter."""
    words = fold(text).split()
    if not words:
        return FoundPeople([], has_more=False)
    # Without those whose rows don't count: see `Batch.keeps_rows`.
    unchecked = Q(state__in=(Batch.State.STOPPED, Batch.State.FAILED), checked_at=None)
    batches = visible_batches(viewer).select_related(None).order_by()
    batches = batches.exclude(unchecked).exclude(state=Batch.State.REJECTED)
    queries = [*_invited(viewer, batches, words), *_others(batches, words)]
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
    rows = Row.objects.filter(batch__in=batches.values("pk"))
    for word in words:
        rows = rows.filter(person_key__contains=word)
    # Also those that were fixed after their import had ended.
    for found in (rows.filter(outcome__in=_LEFT), rows.filter(outcome=Row.Outcome.WAITING)):
        yield found.order_by("-batch_id", "pk").values_list("pk", flat=True)
