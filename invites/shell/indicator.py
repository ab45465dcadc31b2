"""The indicator in the sidebar: running imports and bulk actions with their progress."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from invites.directory.presentation import describe_running
from invites.imports.presentation.status import rows_of_job
from invites.imports.selectors.progress import progress_of
from invites.live.progress import Progress
from invites.models import Batch, BulkAction, CorrectionJob
from invites.wording import ROWS

# At most so many of each kind are shown.
INDICATED = 3


def indicated(running: Iterable[Batch]) -> list[dict[str, Any]]:
    """Running batches, which come from `with_progress`, for the template of the indicator."""
    return [_indicated(batch, progress) for batch in running if (progress := progress_of(batch))]


def indicated_actions(running: Iterable[BulkAction]) -> list[dict[str, Any]]:
    """Running bulk actions for the template of the indicator."""
    return [_indicated_action(action) for action in running]


def _indicated_action(action: BulkAction) -> dict[str, Any]:
    doing, what = describe_running(action)
    url = reverse("directory:bulk_action", args=[action.organization.slug, action.pk])
    return {
        "file_name": what,
        "stage": doing,
        "share": action.done / action.total if action.total else 0.0,
        "count": f"{action.done:,} of {action.total:,}" if action.done else "",
        "url": url,
        "dialog_url": url,
    }


def _indicated(batch: Batch, progress: Progress) -> dict[str, Any]:
    job = batch.current_job
    if batch.state == Batch.State.INVITING:
        count = f"{progress.done:,} of {progress.total:,} people"
    else:
        count = rows_of_job(progress) if job else ROWS.format(progress.done)
    address = [batch.organization.slug, batch.pk]
    return {
        "file_name": batch.file_name,
        "stage": "Fixing" if job and job.action == CorrectionJob.Action.APPLY else batch.get_state_display(),
        "share": progress.share,
        "count": count if progress.done else "",
        "url": reverse("imports:batch", args=address),
        "dialog_url": reverse("imports:batch_dialog", args=address),
    }
