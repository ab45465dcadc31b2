"""Find the deactivated members whom an import has skipped."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import Membership
from invites.models import Batch, Row


def still_deactivated(batch: Batch) -> QuerySet[Membership]:
    """The members whom the import skipped because they were deactivated, and who still are."""
    rows = batch.rows.filter(outcome=Row.Outcome.SKIPPED, reason=Row.Reason.DEACTIVATED)
    members = Membership.objects.filter(organization=batch.organization_id, deactivated_at__isnull=False)
    return members.filter(user__email__in=rows.values("email_key"))


def members_of_rows(batch: Batch, rows: Iterable[Row]) -> dict[int, int]:
    """The ids of those of `still_deactivated` by the numbers of their rows, for a page of rows."""
    skipped = {row.email_key: row.number for row in rows if row.reason == Row.Reason.DEACTIVATED}
    if not skipped:
        return {}
    members = still_deactivated(batch).filter(user__email__in=list(skipped))
    return {skipped[email]: pk for email, pk in members.values_list("user__email", "pk")}
