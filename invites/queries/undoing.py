"""Batches that are being undone: what they offered is gone at once, though workers write it down bit by bit."""

from __future__ import annotations

from django.db.models import Q

from accounts.models import Organization
from invites.models import Batch


def not_being_undone() -> Q:
    """True of an invitation unless its batch is being undone: a pending one of these is as good as revoked.

    Asked as a question of its own, without a join, so that in an update the state is still looked at again when another
    had the row meanwhile.
    """
    return ~Q(batch__in=Batch.objects.filter(is_being_undone=True).values("pk"))


def being_undone_in(organization: Organization) -> list[int]:
    """The ids of the organization's batches that are being undone; hardly ever any."""
    undoing = Batch.objects.filter(organization=organization, is_being_undone=True)
    return list(undoing.order_by().values_list("pk", flat=True))
