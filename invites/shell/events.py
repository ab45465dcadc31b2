"""Event streams of running work: of one import, of one bulk action, or of the indicator alone."""

from __future__ import annotations

from dataclasses import replace

from asgiref.sync import sync_to_async
from django.db.models import Case, Exists, Q, QuerySet, When
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from accounts.models import Membership
from accounts.organizations.access import MemberRequest, requires, requires_any, signed_in_by
from accounts.organizations.selectors import memberships_with_permission
from accounts.permissions import Permission
from invites.directory.bulk.presentation import running_actions, view_of
from invites.directory.views.bulk_actions import EITHER, TEMPLATES, action_context, starter_for
from invites.imports.presentation.banners import started_by
from invites.imports.selectors.progress import progress_of, with_progress
from invites.imports.views.lookup import batch_to_see
from invites.imports.views.progress import context_of
from invites.invitations.authorization import why_not_change
from invites.invitations.visibility import actions_still_visible, batches_still_visible, visible_actions
from invites.invitations.wording import grant_line
from invites.live.progress import TimeLeft
from invites.live.streams import Snapshot, stream
from invites.models import Batch, BulkAction
from invites.shell.indicator import INDICATED, indicated, indicated_actions


@requires(Permission.INVITE_USERS)
@require_safe
async def batch_events(request: MemberRequest, organization: str, pk: int, place: str) -> HttpResponseBase:
    """The progress fragment of an import as server-sent events, until nothing runs.

    The stream includes the indicator, so that a page needs only one stream.
    """
    await sync_to_async(batch_to_see)(request, pk)
    poller = ProgressPoller(request, pk=pk, place=place)
    return stream(request, poller.poll, at_end=["shell:changed", "people:changed", "batch:ended"])


@requires_any(*EITHER)
@require_safe
async def shell_events(request: MemberRequest, organization: str) -> HttpResponseBase:
    """The indicator as server-sent events, until nothing runs."""
    return stream(request, ProgressPoller(request).poll, at_end=["shell:changed", "people:changed"])


class ProgressPoller:
    """Polls running imports for one stream. Loads what doesn't change only once; the rest takes one query per poll."""

    def __init__(self, request: MemberRequest, *, pk: int = 0, place: str = "") -> None:
        """`pk` is the batch whose fragment is sent, or 0 for the indicator alone."""
        self._request = request
        self._membership, self._organization = request.membership, request.organization
        self._pk, self._place = pk, place
        self._grants: dict[int, str] = {}
        self._why_not = ""
        self._time_left = TimeLeft()
        self._undoing = ""

    def poll(self) -> Snapshot | None:
        """The fragments now. None if the viewer may no longer see them."""
        found = self._find()
        if not found and not self._still_allowed().exists():
            return None
        running = [batch for batch in found if batch.is_running and batch.is_work_of(self._membership.user_id)]
        actions = list(running_actions(self._membership)[:INDICATED])
        indicator = self._indicator(sorted(running, key=lambda batch: batch.created_at, reverse=True), actions)
        if not self._pk:
            return Snapshot({"fragment": indicator}, goes_on=bool(running or actions))
        batch = next((batch for batch in found if batch.pk == self._pk), None)
        if batch is None:
            return None
        return Snapshot({"fragment": self._fragment(batch), "beside": indicator}, goes_on=batch.is_at_work)

    def _find(self) -> list[Batch]:
        mine = started_by(self._membership.user_id)
        batches = Batch.objects.filter(
            mine | Q(pk=self._pk),
            batches_still_visible(self._membership),
            Exists(self._still_allowed()),
            organization=self._organization.pk,
        ).order_by(Case(When(pk=self._pk, then=0), default=1), "-created_at")
        found = list(with_progress(batches)[: INDICATED + 1])
        for batch in found:
            batch.organization = self._organization
        return found

    def _still_allowed(self) -> QuerySet[Membership]:
        """The viewer's membership, as long as it and the session are valid: a stream lives for minutes."""
        return memberships_with_permission(*EITHER).filter(signed_in_by(self._request), pk=self._membership.pk)

    def _fragment(self, batch: Batch) -> str:
        if not batch.is_being_undone:
            return self._render(batch)
        # While a batch is being undone, its numbers don't change, and counting them takes long.
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
        template = f"imports/progress_{self._place}.html"
        return render_to_string(template, context | {"dialog_base": "dialog_fragment.html"})

    def _indicator(self, running: list[Batch], actions: list[BulkAction]) -> str:
        shown = [*indicated(running), *indicated_actions(actions)]
        context = {"running_batches": shown, "organization": self._organization}
        return render_to_string("shell/indicator.html", context)


@requires_any(*EITHER)
@require_safe
async def bulk_action_events(request: MemberRequest, organization: str, pk: int, place: str) -> HttpResponseBase:
    """A bulk action as server-sent events, until it ends."""
    await sync_to_async(get_object_or_404)(visible_actions(request.membership), pk=pk)
    poller = BulkActionPoller(request, pk=pk, place=place)
    return stream(request, poller.poll, at_end=["shell:changed", "people:changed", "batch:ended"])


class BulkActionPoller:
    """Polls for one stream: a bulk action, and the indicator in the sidebar."""

    def __init__(self, request: MemberRequest, *, pk: int, place: str) -> None:
        self._request = request
        self._actions = visible_actions(request.membership).filter(actions_still_visible(request.membership), pk=pk)
        self._template, self._is_page = TEMPLATES[place], request.GET.get("on") == "page"
        self._indicator = ProgressPoller(request)
        self._time_left = TimeLeft()

    def poll(self) -> Snapshot | None:
        """The fragments now. None if the viewer may no longer see them."""
        indicator = self._indicator.poll()
        action = self._actions.first() if indicator else None
        if indicator is None or action is None:
            return None
        view = view_of(action, self._time_left, starter=starter_for(self._request, action))
        context = action_context(self._request, view, is_page=self._is_page)
        fragment = render_to_string(self._template, context | {"dialog_base": "dialog_fragment.html"})
        return Snapshot({"fragment": fragment, "beside": indicator.fragments["fragment"]}, goes_on=action.is_running)
