"""Two workers that claim at the same moment get different chunks."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from invites.imports import chunks
from invites.imports.chunks import ChunkClaim
from invites.models import Batch
from tests.files import many


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.django_db(transaction=True)
def test_two_workers_never_claim_the_same_chunk(start: Callable[..., Batch]) -> None:
    batch = start(many(45))
    claimed: list[ChunkClaim | None] = []

    def claim_one() -> None:
        try:
            claimed.append(chunks.claim_chunk(batch.pk))
        finally:
            connection.close()

    other = threading.Thread(target=claim_one)
    with transaction.atomic():
        claimed.append(chunks.claim_chunk(batch.pk))
        other.start()
        other.join(1)
        assert other.is_alive(), "It found the same chunk free, and waits for the lock of the first."
    other.join(30)

    held = [claim for claim in claimed if claim is not None]
    assert len({claim.chunk_id for claim in held}) == len(held) == 2
    assert all(chunks.held(claim).exists() for claim in held), "Each claim holds its chunk."
    assert sorted(batch.chunks.values_list("attempts", flat=True)) == [0, 1, 1]


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.django_db
def test_expired_claims_can_be_claimed_immediately(start: Callable[..., Batch]) -> None:
    batch = start(many(45))
    dead = [chunks.claim_chunk(batch.pk) for _ in range(3)]
    assert chunks.claim_chunk(batch.pk) is None, "All chunks are held."

    chunks.expire_claims()

    assert None not in [chunks.claim_chunk(batch.pk) for _ in dead]
    assert not any(chunks.held(claim).exists() for claim in dead if claim), (
        "A worker that was thought dead changes nothing."
    )
    assert set(batch.chunks.values_list("attempts", flat=True)) == {2}, "The crash counts."
