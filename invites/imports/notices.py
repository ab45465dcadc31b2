"""Notices and banners of an import, once its admin has read them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from invites.models import Batch, Reason

# The topic of the banner about a correction job that ended after the import had.
LATE = "late"


def pop_notice(batch: Batch) -> list[Reason]:
    """Why the file that was just uploaded was not used, if so. Shown in the response, so the page doesn't repeat it."""
    if not batch.can_be_corrected or not batch.notice or batch.notice[0]["code"] != "file_not_used":
        return []
    Batch.objects.filter(pk=batch.pk, state=batch.state, claims=batch.claims).update(notice=[])
    return batch.notice


def close_banner(batch: Batch, *, read: str) -> None:
    """Close the banner if it is still about `read`. What happened to the batch since then has its own banner."""
    if read == banner_topic(batch):
        same = Batch.objects.filter(pk=batch.pk, state=batch.state, undone_at=batch.undone_at)
        same.filter(banner_closed_at=None).update(banner_closed_at=timezone.now())


def close_late_banner(batch: Batch, *, user_id: int) -> None:
    """Close the user's own banner about a correction job, and with it their older one about the result."""
    closed: dict[str, Any] = {"late_banner_for": None}
    if batch.working_inviter_id == user_id:
        closed["banner_closed_at"] = timezone.now()
    Batch.objects.filter(pk=batch.pk, state=batch.state, late_banner_for=user_id).update(**closed)


def banner_topic(batch: Batch) -> str:
    """What the banner is about now: "undone", or the state of the batch."""
    return "undone" if batch.undone_at else str(batch.state)
