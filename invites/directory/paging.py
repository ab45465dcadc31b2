"""Cuts a page out of all members and invitations in the order of their names, of which there may be 200,000.

To know who stands on page 4,000 the database has to count past all before. So of these it reads an index and nothing
else, it begins at the nearer end, and each kind comes sorted from an index of its own: merging them is left.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import F, QuerySet

from accounts.models import Membership
from invites.models import Invitation

# The folded name, and the id: that of a member is below zero, so that no two in the list have the same.
Place = tuple[str, int]


def slice_union(
    members: QuerySet[Membership], invitations: QuerySet[Invitation], *, start: int, stop: int, total: int
) -> list[Place]:
    """Who stands from `start` to before `stop` in the list of them all, `total` in number."""
    stop = min(stop, total)
    if start >= stop:
        return []
    if start <= total - stop:
        return list(_first(members, invitations, stop, "place", "key")[start:])
    backwards = _first(members, invitations, total - start, "-place", "-key")
    return list(backwards[total - stop :])[::-1]


def _first(
    members: QuerySet[Membership], invitations: QuerySet[Invitation], count: int, *order: str
) -> QuerySet[Any, Place]:
    placed: list[QuerySet[Any, Place]] = [
        kind.annotate(place=F(name), key=key).values_list("place", "key").order_by(*order)
        for kind, name, key in ((members, "user__person_key", -F("pk")), (invitations, "person_key", F("pk")))
        if not kind.query.is_empty()
    ]
    if len(placed) == 1:
        return placed[0][:count]
    if connection.features.supports_slicing_ordering_in_compound:
        # Told to sort each, PostgreSQL finds that an index has done so. SQLite sees it, and may not be told.
        placed = [kind[:count] for kind in placed]
    else:
        placed = [kind.order_by() for kind in placed]
    return placed[0].union(*placed[1:], all=True).order_by(*order)[:count]
