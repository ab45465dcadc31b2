"""The indicator in the sidebar: running imports and bulk actions with their progress."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import ngettext_lazy

from accounts.wording import counted, grouped
from invites.directory.bulk.presentation import running_title
from invites.imports.presentation.status import progress_count, stage_title
from invites.imports.selectors.progress import progress_of
from invites.imports.selectors.summary import Summary
from invites.live.progress import Progress
from invites.models import Batch, BulkAction

# At most so many of each kind are shown.
INDICATED = 3
_DONE_OF = ngettext_lazy("{done} of {count}", "{done} of {count}")


def indicated(running: Iterable[Batch]) -> list[dict[str, Any]]:
    """Running batches, which come from `with_progress`, for the template of the indicator."""
    return [_indicated(batch, progress) for batch in running if (progress := progress_of(batch))]


def indicated_actions(running: Iterable[BulkAction]) -> list[dict[str, Any]]:
    """Running bulk actions for the template of the indicator."""
    return [_indicated_action(action) for action in running]


def _indicated_action(action: BulkAction) -> dict[str, Any]:
    url = reverse("directory:bulk_action", args=[action.organization.slug, action.pk])
    return {
        "title": running_title(action),
        "share": action.done / action.total if action.total else 0.0,
        "count": counted(_DONE_OF, action.total, done=grouped(action.done)) if action.done else "",
        "url": url,
        "dialog_url": url,
    }


def _indicated(batch: Batch, progress: Progress) -> dict[str, Any]:
    address = [batch.organization.slug, batch.pk]
    return {
        "title": stage_title(batch, Summary()),
        "share": progress.share,
        "count": progress_count(batch, progress) if progress.done else "",
        "url": reverse("imports:batch", args=address),
        "dialog_url": reverse("imports:batch_dialog", args=address),
    }
