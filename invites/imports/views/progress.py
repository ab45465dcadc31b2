"""The progress fragment of an import, in its dialog and on its page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.htmx import asks_for_fragment
from accounts.models import Membership
from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from invites.imports.presentation.status import stage_of
from invites.imports.reading import asks_columns
from invites.imports.selectors.progress import progress_now
from invites.imports.selectors.summary import Summary, summary_of
from invites.imports.views.lookup import batch_to_see
from invites.invitations.authorization import why_not_change
from invites.invitations.wording import grant_line
from invites.live.progress import Progress
from invites.models import Batch


def progress_context(batch: Batch, *, place: str, viewer: Membership) -> dict[str, Any]:
    """The context of the progress fragment. `place` is "dialog" or "page"."""
    why_not = why_not_change(viewer, batch)
    return context_of(batch, place=place, grant=grant_line(batch.grant), progress=progress_now(batch), why_not=why_not)


def context_of(batch: Batch, *, place: str, grant: str, progress: Progress | None, why_not: str = "") -> dict[str, Any]:
    """The same for a caller that has the texts and the progress already."""
    is_unread = batch.is_running or batch.state in (Batch.State.REJECTED, Batch.State.NEEDS_ANSWER)
    summary = Summary() if is_unread else summary_of(batch)
    may_change = not why_not and not batch.organization.is_suspended
    return {
        "batch": batch,
        "place": place,
        "organization": batch.organization,
        "grant_line": grant,
        "summary": summary,
        "stage": stage_of(batch, summary=summary, progress=progress, may_change=may_change),
        "others": summary.waiting,
        "asks_columns": batch.state == Batch.State.NEEDS_ANSWER and asks_columns(batch),
        "why_not_change": why_not,
    }


def progress_dialog(request: MemberRequest, batch: Batch) -> HttpResponse:
    """The progress dialog of an import."""
    return render(
        request, "imports/progress_dialog.html", progress_context(batch, place="dialog", viewer=request.membership)
    )


@requires(Permission.INVITE_USERS)
@require_safe
def batch_progress(request: MemberRequest, organization: str, pk: int, place: str) -> HttpResponse:
    """The fragment once: to open the dialog again, or if no server-sent events arrive."""
    batch = batch_to_see(request, pk)
    if place == "dialog":
        # Without JavaScript or in a new tab, show the page, which says more.
        return (
            progress_dialog(request, batch)
            if asks_for_fragment(request)
            else redirect("imports:batch", organization, pk)
        )
    context = progress_context(batch, place=place, viewer=request.membership)
    return render(request, "imports/progress_page.html", context)
