"""Find a page of members and invitations, merged and sorted by name. There may be 200,000 of them.

Links to the next and the previous page name the person at the edge, and the database starts there. For a page number
alone, it has to skip everyone before that page: it starts at the nearer end, reads only indexes, and merges two sorted
indexes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet, Value

from accounts.models import Membership
from invites.models import Invitation

# The folded name, the id, and whether it is an invitation. Plain columns, in the order of the indexes: a database would
# sort everybody for an expression.
Place = tuple[str, int, bool]


def slice_union(
    members: QuerySet[Membership], *invitations: QuerySet[Invitation], start: int, stop: int, total: int
) -> list[Place]:
    """The places from `start` to before `stop` in the merged list of `total` people."""
    stop = min(stop, total)
    if start >= stop:
        return []
    if start <= total - stop:
        return list(_first(members, invitations, stop, "place", "pk")[start:])
    backwards = _first(members, invitations, total - start, "-place", "-pk")
    return list(backwards[total - stop :])[::-1]


def slice_after(
    members: QuerySet[Membership], *invitations: QuerySet[Invitation], last: Place | None, count: int
) -> list[Place]:
    """The next `count` places after `last` in the merged list; the first ones for None. For reading it in blocks."""
    if last is not None:
        name, pk, is_invitation = last
        members = members.filter(person_key__gte=name).exclude(person_key=name, pk__lte=pk)
        # A member comes before an invitation with the same name and id.
        seen = pk if is_invitation else pk - 1
        invitations = tuple(
            each.filter(person_key__gte=name).exclude(person_key=name, pk__lte=seen) for each in invitations
        )
    return list(_first(members, invitations, count, "place", "pk"))


def slice_before(
    members: QuerySet[Membership], *invitations: QuerySet[Invitation], last: Place, count: int
) -> list[Place]:
    """The `count` places before `last` in the merged list, in its order."""
    name, pk, is_invitation = last
    seen = pk + 1 if is_invitation else pk
    members = members.filter(person_key__lte=name).exclude(person_key=name, pk__gte=seen)
    invitations = tuple(each.filter(person_key__lte=name).exclude(person_key=name, pk__gte=pk) for each in invitations)
    return list(_first(members, invitations, count, "-place", "-pk"))[::-1]


def _first(
    members: QuerySet[Membership], invitations: Sequence[QuerySet[Invitation]], count: int, *order: str
) -> QuerySet[Any, Place]:
    kinds = [(members, False), *((each, True) for each in invitations)]
    placed: list[QuerySet[Any, Place]] = [
        kind.annotate(place=F("person_key"), is_invitation=Value(is_invitation))
        .values_list("place", "pk", "is_invitation")
        .order_by(*order)
        for kind, is_invitation in kinds
        if not kind.query.is_empty()
    ]
    if len(placed) == 1:
        return placed[0][:count]
    order = (*order, "-is_invitation" if order[0].startswith("-") else "is_invitation")
    if connection.features.supports_slicing_ordering_in_compound:
        # PostgreSQL uses the indexes only if each part is sorted. SQLite uses them anyway, and allows no sorted parts.
        placed = [kind[:count] for kind in placed]
    else:
        placed = [kind.order_by() for kind in placed]
    return placed[0].union(*placed[1:], all=True).order_by(*order)[:count]
