"""Delete what an ended import no longer needs: its file, and the rows of a file whose check didn't end.

There may be 200,000 rows, so workers delete them in short transactions. Until then, nothing counts these rows.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from accounts.lookups import only_one
from invites.models import Batch, Row, UploadPart

ROWS_AT_ONCE = 2_000
# A worker that cleans up updates `progressed_at` more often.
STALLED_AFTER = timedelta(seconds=8)


@transaction.atomic
def clean_up(batch_id: int) -> bool:
    """Delete a part of it. True if there is more.

    The file is deleted last: until then, `find_uncleaned` finds the batch. Does nothing if the batch is locked.
    """
    ended = Batch.objects.select_for_update(no_key=True, skip_locked=True).filter(state__in=Batch.ENDED)
    batch = only_one(ended.filter(pk=batch_id))
    if batch is None:
        return False
    if not batch.keeps_rows and delete_some_rows(batch):
        Batch.objects.filter(pk=batch_id).update(progressed_at=timezone.now())
        return True
    batch.parts.all().delete()
    return False


def delete_some_rows(batch: Batch) -> bool:
    """Delete the first rows of a batch that has no invitations. True if there are more."""
    numbers = list(batch.rows.order_by("number").values_list("number", flat=True)[: ROWS_AT_ONCE + 1])
    if numbers:
        table = connection.ops.quote_name(Row._meta.db_table)
        with connection.cursor() as cursor:
            # Django would load the rows with all their problems, and look for the invitation of each.
            cursor.execute(
                f"DELETE FROM {table} WHERE batch_id = %s AND number <= %s",  # noqa: S608 - the name of our table
                [batch.pk, numbers[:ROWS_AT_ONCE][-1]],
            )
    return len(numbers) > ROWS_AT_ONCE


def find_uncleaned() -> list[int]:
    """Ids of the batches that ended a while ago and still have something to delete."""
    ended = Batch.objects.filter(state__in=Batch.ENDED, progressed_at__lt=timezone.now() - STALLED_AFTER)
    with_file = UploadPart.objects.order_by().values("batch").distinct()
    return list(ended.filter(pk__in=with_file).order_by().values_list("pk", flat=True))
