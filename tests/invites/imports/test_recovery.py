"""Recovery finds stalled work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites.imports import chunks, recovery
from invites.imports.upload import start_batch
from invites.models import Batch, BatchChunk
from tests.files import csv_of, many

Run = Callable[..., Batch]


def test_recovery_enqueues_stalled_batches_now_and_then(start: Run, run: Run) -> None:
    ended = run(csv_of("zoe@example.com"))
    still = start(csv_of("ann@example.com"))
    fresh = start(csv_of("ben@example.com"))
    Batch.objects.exclude(pk=fresh.pk).update(progressed_at=timezone.now() - timedelta(minutes=1))

    found = recovery.find_stalled_work()

    assert (found.to_check, found.to_process) == ([], [still.pk])
    assert ended.pk not in found.to_process
    assert recovery.find_stalled_work().to_process == []


def test_recovery_finds_an_expired_claim_when_no_other_worker_holds_a_chunk(start: Run, small_chunks: None) -> None:
    """Another worker may have worked on the batch until just before the claim expired."""
    batch = start(many(45))
    dead, alive = chunks.claim_chunk(batch.pk), chunks.claim_chunk(batch.pk)
    assert dead is not None
    assert alive is not None
    now = timezone.now()
    BatchChunk.objects.filter(pk=dead.chunk_id).update(claimed_until=now - timedelta(seconds=1))
    moved_on = Batch.objects.filter(pk=batch.pk)

    moved_on.update(progressed_at=now - timedelta(seconds=3))
    assert recovery.find_stalled_work().to_process == [], "The other worker claims it next."

    chunks.held(alive).update(claimed_until=None, stage=BatchChunk.Stage.DONE)
    moved_on.update(progressed_at=now - timedelta(seconds=3))
    assert recovery.find_stalled_work().to_process == [batch.pk]
    assert recovery.find_stalled_work().to_process == [], "It was enqueued a moment ago."


def test_recovery_finds_an_upload_whose_task_was_lost(admin_membership: Membership, read_only: AccessSelection) -> None:
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(3)], selection=read_only)
    Batch.objects.update(progressed_at=timezone.now() - timedelta(minutes=1))

    assert recovery.find_stalled_work().to_check == [batch.pk]
