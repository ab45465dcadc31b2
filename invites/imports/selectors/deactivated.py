"""Find the deactivated members whom an import has skipped."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection, GrantableAccess
from invites.models import Batch, Row


def still_deactivated(batch: Batch) -> QuerySet[Membership]:
    """The members whom the import skipped because they were deactivated, and who still are."""
    rows = batch.rows.filter(outcome=Row.Outcome.SKIPPED, reason=Row.Reason.DEACTIVATED)
    members = Membership.objects.deactivated().filter(organization=batch.organization_id)
    return members.filter(user__email__in=rows.values("email_key"))


def members_of_rows(batch: Batch, rows: Iterable[Row], grantable: GrantableAccess) -> dict[int, int]:
    """The ids of those members whose access the viewer can grant, by the numbers of their rows. For a page of rows."""
    skipped = {row.email_key: row.number for row in rows if row.reason == Row.Reason.DEACTIVATED}
    if not skipped:
        return {}
    members = still_deactivated(batch).filter(user__email__in=list(skipped)).select_related("user")
    return {
        skipped[member.email]: member.pk
        for member in members.prefetch_related("roles", "sites")
        if grantable.can_grant(AccessSelection.held_by(member))
    }
