"""Find a page of members and invitations, merged and sorted by name. There may be 200,000 of them.

To find page 4,000, the database has to skip all people before it. To make that fast, it starts at the nearer end, reads
only indexes, and merges two sorted indexes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet

from accounts.models import Membership
from invites.models import Invitation

# The folded name, and the id, which is negative for members, so that it is unique.
Place = tuple[str, int]


def slice_union(
    members: QuerySet[Membership], *invitations: QuerySet[Invitation], start: int, stop: int, total: int
) -> list[Place]:
    """The places from `start` to before `stop` in the merged list of `total` people."""
    stop = min(stop, total)
    if start >= stop:
        return []
    if start <= total - stop:
        return list(_first(members, invitations, stop, "place", "key")[start:])
    backwards = _first(members, invitations, total - start, "-place", "-key")
    return list(backwards[total - stop :])[::-1]


def slice_after(
    members: QuerySet[Membership], *invitations: QuerySet[Invitation], last: Place | None, count: int
) -> list[Place]:
    """The next `count` places after `last` in the merged list; the first ones for None. For reading it in blocks."""
    if last is not None:
        name, key = last
        members = members.filter(person_key__gte=name).exclude(person_key=name, pk__gte=-key)
        invitations = tuple(
            each.filter(person_key__gte=name).exclude(person_key=name, pk__lte=key) for each in invitations
        )
    return list(_first(members, invitations, count, "place", "key"))


def _first(
    members: QuerySet[Membership], invitations: Sequence[QuerySet[Invitation]], count: int, *order: str
) -> QuerySet[Any, Place]:
    placed: list[QuerySet[Any, Place]] = [
        kind.annotate(place=F("person_key"), key=key).values_list("place", "key").order_by(*order)
        for kind, key in ((members, -F("pk")), *((each, F("pk")) for each in invitations))
        if not kind.query.is_empty()
    ]
    if len(placed) == 1:
        return placed[0][:count]
    if connection.features.supports_slicing_ordering_in_compound:
        # PostgreSQL uses the indexes only if each part is sorted. SQLite uses them anyway, and allows no sorted parts.
        placed = [kind[:count] for kind in placed]
    else:
        placed = [kind.order_by() for kind in placed]
    return placed[0].union(*placed[1:], all=True).order_by(*order)[:count]
