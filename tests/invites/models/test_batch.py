"""The methods of `BatchQuerySet`."""

from __future__ import annotations

from itertools import product

from django.utils import timezone

from accounts.models import Membership
from invites.models import AccessGrant, Batch, BatchQuerySet


def test_the_same_imports_can_be_corrected_in_the_database_and_in_python(by: Membership) -> None:
    grant, now = AccessGrant.objects.create(organization=by.organization), timezone.now()
    for state, started, undone, emptied in product(Batch.State, (None, now), (None, now), (None, now)):
        Batch.objects.create(
            organization=by.organization,
            grant=grant,
            state=state,
            inviting_started_at=started,
            undone_at=undone,
            emptied_at=emptied,
        )
    found = set(Batch.objects.correctable())
    assert found == {batch for batch in Batch.objects.all() if batch.can_be_corrected}
    continuable = set(Batch.objects.filter(BatchQuerySet.is_continuable()))
    assert continuable == {batch for batch in Batch.objects.all() if batch.can_be_continued}
    # Eight that wait for corrections, two that are done, and one that was stopped while people were invited.
    assert len(found) == 8 + 2 + 1
