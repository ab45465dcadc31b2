"""How far a batch is: one fragment, in the dialog and on the batch page, asked for or streamed."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, member, requires
from accounts.context import asks_for_fragment
from accounts.permissions import Permission
from invites.models import Batch
from invites.queries.banners import running_for
from invites.queries.batches import Ledger, batches_of, ledger_of
from invites.queries.grants import grant_line
from invites.queries.progress import checking_progress, inviting_progress
from invites.views.steps import rows, stage_of
from invites.views.streams import stream


def progress_context(batch: Batch, *, place: str) -> dict[str, Any]:
    """What the progress fragment shows; `place` is where it stands: "dialog" or "page"."""
    running = {Batch.State.CHECKING: checking_progress, Batch.State.INVITING: inviting_progress}
    look = running.get(Batch.State(batch.state))
    ledger = Ledger() if batch.is_running or batch.state == Batch.State.REJECTED else ledger_of(batch)
    return {
        "batch": batch,
        "place": place,
        "organization": batch.organization,
        "grant_line": grant_line(batch.grant),
        "ledger": ledger,
        "stage": stage_of(batch, ledger=ledger, progress=look(batch) if look else None),
        "others": ledger.waiting,
    }


def progress_dialog(request: MemberRequest, batch: Batch) -> HttpResponse:
    """The dialog of a batch at this moment."""
    return render(request, "invites/progress_dialog.html", progress_context(batch, place="dialog"))


@requires(Permission.INVITE_USERS)
@require_safe
def batch_progress(request: MemberRequest, organization: str, pk: int, place: str) -> HttpResponse:
    """The fragment once: how the dialog is opened again, and the fallback where events don't arrive."""
    batch = get_object_or_404(batches_of(request.organization), pk=pk)
    if place == "dialog":
        # By its address alone it is opened by somebody without JavaScript, or in a new tab: the page says more.
        return progress_dialog(request, batch) if asks_for_fragment(request) else redirect("batch", organization, pk)
    return render(request, "invites/progress_page.html", progress_context(batch, place=place))


@requires(Permission.INVITE_USERS)
@require_safe
async def batch_events(request: MemberRequest, organization: str, pk: int, place: str) -> HttpResponseBase:
    """The fragment as server-sent events, each time it has changed, until the batch stands still."""
    batches = batches_of(request.organization)
    await sync_to_async(get_object_or_404)(batches, pk=pk)

    def look() -> tuple[str, bool]:
        batch = batches.get(pk=pk)
        template = f"invites/progress_{place}.html"
        html = render_to_string(
            template, progress_context(batch, place=place) | {"dialog_base": "dialog_fragment.html"}
        )
        return html, batch.is_running

    return stream(request, look, at_end=["shell:changed", "people:changed", "batch:ended"])


@requires(Permission.INVITE_USERS)
@require_safe
async def shell_events(request: MemberRequest, organization: str) -> HttpResponseBase:
    """The indicator of running batches as server-sent events, until none runs."""

    def look() -> tuple[str, bool]:
        running = running_for(request.membership)
        context = {"running_batches": indicated(running), "organization": request.organization}
        return render_to_string("invites/indicator.html", context), bool(running)

    return stream(request, look, at_end=["shell:changed", "people:changed"])


@requires(Permission.INVITE_USERS)
@require_safe
def indicator(request: MemberRequest, organization: str) -> HttpResponse:
    """The indicator once; the context processor fills it in."""
    return render(request, "invites/indicator.html")


@member
@require_safe
def banners(request: MemberRequest, organization: str) -> HttpResponse:
    """The banners and messages once, for a page that is told of news."""
    return render(request, "invites/_banners.html", {"part": True})


def indicated(running: list[Batch]) -> list[dict[str, Any]]:
    """The running batches as the indicator shows them."""
    return [_indicated(batch) for batch in running]


def _indicated(batch: Batch) -> dict[str, Any]:
    inviting = batch.state == Batch.State.INVITING
    progress = inviting_progress(batch) if inviting else checking_progress(batch)
    count = f"{progress.done:,} of {progress.total:,} people" if inviting else rows(progress.done)
    address = [batch.organization.slug, batch.pk]
    return {
        "file_name": batch.file_name,
        "stage": batch.get_state_display(),
        "share": progress.share,
        "count": count if progress.done else "",
        "url": reverse("batch", args=address),
        "dialog_url": reverse("batch_dialog", args=address),
    }
