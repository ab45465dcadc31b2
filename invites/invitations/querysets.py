"""Queries about grants of invitations and imports. Those about invitations are beside the model."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import Role
from invites.models import AccessGrant, Batch, CorrectionJob, Invitation


def open_grants(roles: QuerySet[Role]) -> QuerySet[AccessGrant]:
    """The grants with one of these roles of open invitations and of imports that have not ended."""
    organizations = roles.order_by().values("organization")
    pending = Invitation.objects.open().filter(organization__in=organizations)
    imports = Batch.objects.filter(organization__in=organizations).exclude(state__in=Batch.ENDED).order_by()
    jobs = CorrectionJob.objects.filter(batch__in=imports, grant__isnull=False)
    is_open = Q(pk__in=pending.values("grant")) | Q(pk__in=imports.values("grant")) | Q(pk__in=jobs.values("grant"))
    return AccessGrant.objects.filter(is_open, roles__in=roles)
