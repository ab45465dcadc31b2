"""Work on one chunk of a batch, like a worker."""

from __future__ import annotations

from datetime import timedelta

from invites import tasks
from invites.imports import chunks, invite
from invites.models import Batch


def claim_one_chunk(batch: Batch) -> chunks.ChunkClaim:
    """Claim the next chunk, which must exist."""
    claim = chunks.claim_chunk(batch.pk)
    assert claim is not None
    return claim


def invite_one_chunk(batch: Batch) -> chunks.ChunkClaim:
    """Invite the people of the next chunk without sending their emails."""
    claim = claim_one_chunk(batch)
    invite.invite_chunk(claim)
    return claim


def process_one_chunk(batch: Batch) -> timedelta | None:
    """Invite the people of the next chunk and send their emails."""
    return tasks.process_claimed_chunk(claim_one_chunk(batch))
