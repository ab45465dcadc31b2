"""Finish a batch when the last of its chunks is done."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.activity.source import Source
from accounts.lookups import only_one
from invites.imports.activity import about_import, results_of
from invites.imports.selectors.summary import outcome_counts, outcomes_of
from invites.models import Batch, BatchChunk


def finish_batch(batch_id: int) -> bool:
    """Mark the batch as done if none of its chunks has work left. True for the one caller that did it."""
    if _has_work(batch_id):
        return False
    with transaction.atomic():
        batch = only_one(Batch.objects.select_for_update(no_key=True).filter(pk=batch_id, state=Batch.State.INVITING))
        # Asked again under the lock: a check that ended since may have created the first chunks.
        if batch is None or _has_work(batch_id):
            return False
        batch.state = Batch.State.DONE
        batch.ended_at = batch.progressed_at = timezone.now()
        batch.outcome_counts = outcome_counts(batch)
        batch.save(update_fields=["state", "ended_at", "progressed_at", "outcome_counts"])
        batch.parts.all().delete()
        summary = outcomes_of(batch, batch.outcome_counts)
        # The source is that of the admin who began to invite.
        record(
            batch.organization_id,
            Action.IMPORTED,
            about_import(batch, count=summary.invited - batch.counts_before.get("invited", 0)),
            by=batch.working_inviter,
            change=results_of(batch, summary),
            source=Source.from_json(batch.source),
        )
    return True


def _has_work(batch_id: int) -> bool:
    return BatchChunk.objects.filter(batch_id=batch_id).exclude(stage=BatchChunk.Stage.DONE).exists()
