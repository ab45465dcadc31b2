"""How far a batch is: one fragment, in the dialog and on the batch page, asked for or streamed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Case, Exists, Q, QuerySet, When
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, member, requires, signed_in_by
from accounts.context import asks_for_fragment
from accounts.models import Membership
from accounts.permissions import Permission
from accounts.queries import who_may
from invites.models import Batch, BulkAction, CorrectionJob
from invites.queries.banners import are_moving, banners_for, started_by
from invites.queries.batches import Ledger, ledger_of
from invites.queries.bulk_actions import running_actions, what_runs
from invites.queries.grants import grant_line
from invites.queries.progress import Progress, TimeLeft, followed, progress_now, progress_of
from invites.queries.visible import batches_still_visible
from invites.services.granting import why_not_change
from invites.views.batch_lookup import batch_to_see
from invites.views.steps import rows, rows_of_job, stage_of
from invites.views.streams import Seen, stream

# More running batches of one person are counted no further.
INDICATED = 3


def progress_context(batch: Batch, *, place: str, viewer: Membership) -> dict[str, Any]:
    """What the progress fragment shows; `place` is where it stands: "dialog" or "page"."""
    why_not = why_not_change(viewer, batch)
    return context_of(batch, place=place, grant=grant_line(batch.grant), progress=progress_now(batch), why_not=why_not)


def context_of(batch: Batch, *, place: str, grant: str, progress: Progress | None, why_not: str = "") -> dict[str, Any]:
    """The same for who knows the words for the grant, how far the running step is, and whether one may change it."""
    ledger = Ledger() if batch.is_running or batch.state == Batch.State.REJECTED else ledger_of(batch)
    return {
        "batch": batch,
        "place": place,
        "organization": batch.organization,
        "grant_line": grant,
        "ledger": ledger,
        "stage": stage_of(batch, ledger=ledger, progress=progress, may_change=not why_not),
        "others": ledger.waiting,
        "why_not_change": why_not,
    }


def progress_dialog(request: MemberRequest, batch: Batch) -> HttpResponse:
    """The dialog of a batch at this moment."""
    return render(
        request, "invites/progress_dialog.html", progress_context(batch, place="dialog", viewer=request.membership)
    )


@requires(Permission.INVITE_USERS)
@require_safe
def batch_progress(request: MemberRequest, organization: str, pk: int, place: str) -> HttpResponse:
    """The fragment once: how the dialog is opened again, and the fallback where events don't arrive."""
    batch = batch_to_see(request, pk)
    if place == "dialog":
        # By its address alone it is opened by somebody without JavaScript, or in a new tab: the page says more.
        return progress_dialog(request, batch) if asks_for_fragment(request) else redirect("batch", organization, pk)
    context = progress_context(batch, place=place, viewer=request.membership)
    return render(request, "invites/progress_page.html", context)


@requires(Permission.INVITE_USERS)
@require_safe
async def batch_events(request: MemberRequest, organization: str, pk: int, place: str) -> HttpResponseBase:
    """The fragment as server-sent events, each time it has changed, until the batch stands still.

    Beside it the indicator, so that a page with both listens once.
    """
    await sync_to_async(batch_to_see)(request, pk)
    watch = Watch(request, pk=pk, place=place)
    return stream(request, watch.look, at_end=["shell:changed", "people:changed", "batch:ended"])


@requires(Permission.INVITE_USERS)
@require_safe
async def shell_events(request: MemberRequest, organization: str) -> HttpResponseBase:
    """The indicator of running batches as server-sent events, until none runs."""
    return stream(request, Watch(request).look, at_end=["shell:changed", "people:changed"])


class Watch:
    """The eyes of one stream. What does not change is looked up once; what does, in one question for each look."""

    def __init__(self, request: MemberRequest, *, pk: int = 0, place: str = "") -> None:
        """`pk` is the batch whose fragment is told; without one the indicator is."""
        self._request = request
        self._membership, self._organization = request.membership, request.organization
        self._pk, self._place = pk, place
        self._grants: dict[int, str] = {}
        self._why_not = ""
        self._time_left = TimeLeft()
        self._undoing = ""

    def look(self) -> Seen | None:
        """What there is to see now; None for who may see it no more."""
        found = self._find()
        if not found and not self._may_look().exists():
            return None
        running = [batch for batch in found if batch.is_running and batch.is_work_of(self._membership.user_id)]
        actions = list(running_actions(self._membership)[:INDICATED])
        indicator = self._indicator(sorted(running, key=lambda batch: batch.created_at, reverse=True), actions)
        if not self._pk:
            return Seen({"fragment": indicator}, goes_on=bool(running or actions))
        batch = next((batch for batch in found if batch.pk == self._pk), None)
        if batch is None:
            return None
        return Seen({"fragment": self._fragment(batch), "beside": indicator}, goes_on=batch.is_at_work)

    def _find(self) -> list[Batch]:
        mine = started_by(self._membership.user_id)
        batches = Batch.objects.filter(
            mine | Q(pk=self._pk),
            batches_still_visible(self._membership),
            Exists(self._may_look()),
            organization=self._organization.pk,
        ).order_by(Case(When(pk=self._pk, then=0), default=1), "-created_at")
        found = list(followed(batches)[: INDICATED + 1])
        for batch in found:
            batch.organization = self._organization
        return found

    def _may_look(self) -> QuerySet[Membership]:
        """A stream lives for minutes. It ends when its viewer is removed or demoted, or the session ends."""
        return who_may(Permission.INVITE_USERS).filter(signed_in_by(self._request), pk=self._membership.pk)

    def _fragment(self, batch: Batch) -> str:
        if not batch.is_being_undone:
            return self._render(batch)
        # The figures of one that is being undone are those of its end, and take long to count.
        self._undoing = self._undoing or self._render(batch)
        return self._undoing

    def _render(self, batch: Batch) -> str:
        if batch.grant_id not in self._grants:
            self._grants[batch.grant_id] = grant_line(batch.grant)
            self._why_not = why_not_change(self._membership, batch)
        progress = progress_of(batch)
        if progress:
            progress = replace(progress, seconds_left=self._time_left.steady(batch, progress.seconds_left))
        grant = self._grants[batch.grant_id]
        context = context_of(batch, place=self._place, grant=grant, progress=progress, why_not=self._why_not)
        template = f"invites/progress_{self._place}.html"
        return render_to_string(template, context | {"dialog_base": "dialog_fragment.html"})

    def _indicator(self, running: list[Batch], actions: list[BulkAction]) -> str:
        shown = [*indicated(running), *indicated_actions(actions)]
        context = {"running_batches": shown, "organization": self._organization}
        return render_to_string("invites/indicator.html", context)


@requires(Permission.INVITE_USERS)
@require_safe
def indicator(request: MemberRequest, organization: str) -> HttpResponse:
    """The indicator once; the context processor fills it in."""
    return render(request, "invites/indicator.html")


@member
@require_safe
def banners(request: MemberRequest, organization: str) -> HttpResponse:
    """The banners and messages once, for a page that is told of news; `?but=ID` is the batch that it is about.

    With `?at=end` they come when what they tell of has ended: until then the answer is that nothing has changed.
    """
    about = request.GET.get("but", "")
    but = int(about) if about.isdecimal() and len(about) < 19 else 0
    may_see = request.membership.may(Permission.INVITE_USERS)
    if request.GET.get("at") == "end" and may_see and are_moving(request.membership, but=but):
        return HttpResponse(status=204)
    context: dict[str, Any] = {"part": True}
    if but and may_see:
        context["banners"] = banners_for(request.membership, but=but)
    return render(request, "invites/_banners.html", context)


def indicated(running: Iterable[Batch]) -> list[dict[str, Any]]:
    """The running batches, as `followed` finds them, as the indicator shows them."""
    return [_indicated(batch, progress) for batch in running if (progress := progress_of(batch))]


def indicated_actions(running: Iterable[BulkAction]) -> list[dict[str, Any]]:
    """The same of bulk actions."""
    return [_indicated_action(action) for action in running]


def _indicated_action(action: BulkAction) -> dict[str, Any]:
    doing, what = what_runs(action)
    url = reverse("bulk_action", args=[action.organization.slug, action.pk])
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
        count = rows_of_job(progress) if job else rows(progress.done)
    address = [batch.organization.slug, batch.pk]
    return {
        "file_name": batch.file_name,
        "stage": "Fixing" if job and job.action == CorrectionJob.Action.APPLY else batch.get_state_display(),
        "share": progress.share,
        "count": count if progress.done else "",
        "url": reverse("batch", args=address),
        "dialog_url": reverse("batch_dialog", args=address),
    }
