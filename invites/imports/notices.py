"""What an import has to say to its admin, and that they have read it."""

from __future__ import annotations

from django.utils import timezone

from invites.models import Batch


def take_notice(batch: Batch) -> str:
    """Why the file that was just uploaded was not used, if so; it is shown at once, and not again on the page."""
    if batch.state != Batch.State.NEEDS_CORRECTION or not batch.notice:
        return ""
    Batch.objects.filter(pk=batch.pk, notice=batch.notice).update(notice="")
    return batch.notice


def close_banner(batch: Batch, *, read: str) -> None:
    """The admin has read the news of this batch, which were about `read`; what has happened to it since is news."""
    if read == topic_of(batch):
        same = Batch.objects.filter(pk=batch.pk, state=batch.state, undone_at=batch.undone_at)
        same.filter(banner_closed_at=None).update(banner_closed_at=timezone.now())


def topic_of(batch: Batch) -> str:
    """What its news are about: whoever closes the banner has read that, and not what came since."""
    return "undone" if batch.undone_at else str(batch.state)
