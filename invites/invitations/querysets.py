"""Batches that are being undone: what they offered is gone at once, though workers write it down bit by bit."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import Organization, Role
from invites.models import AccessGrant, Batch, CorrectionJob, Invitation


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


def open_grants(roles: QuerySet[Role]) -> QuerySet[AccessGrant]:
    """The grants with one of these roles that open invitations or imports that have not ended will give."""
    organizations = roles.order_by().values("organization")
    pending = Invitation.objects.filter(
        not_being_undone(), organization__in=organizations, state=Invitation.State.PENDING
    )
    imports = Batch.objects.filter(organization__in=organizations).exclude(state__in=Batch.ENDED).order_by()
    jobs = CorrectionJob.objects.filter(batch__in=imports, grant__isnull=False)
    is_open = Q(pk__in=pending.values("grant")) | Q(pk__in=imports.values("grant")) | Q(pk__in=jobs.values("grant"))
    return AccessGrant.objects.filter(is_open, roles__in=roles)
