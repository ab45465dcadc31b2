"""Reading: every query starts from an organization, or from oneself."""

from __future__ import annotations

from django.db.models import F, QuerySet

from accounts.models import Membership, User


def my_memberships(user: User) -> QuerySet[Membership]:
    """One's own memberships with organization and roles, the one used last first."""
    return (
        Membership.objects.filter(user=user)
        .select_related("organization", "user")
        .prefetch_related("roles")
        .order_by(F("last_seen_at").desc(nulls_last=True), "-joined_at", "pk")
    )
