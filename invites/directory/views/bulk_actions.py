"""Bulk actions: choose what to change, review it, start it, see its progress and its results, undo it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.activity.actions import Action
from accounts.activity.log import Change, about_users, record
from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.organizations.access import MemberRequest, requires, requires_any
from accounts.permissions import Permission
from invites import tasks
from invites.directory.bulk.change import BulkChange, Kind, change_of
from invites.directory.bulk.plan import plan_for
from invites.directory.bulk.presentation import ActionView, actions_to_show, review_of, undo_rows, view_of
from invites.directory.bulk.results import Names, in_blocks, visible_rows
from invites.directory.bulk.rules import may_start
from invites.directory.bulk.selection import PeopleIds, Selection
from invites.directory.bulk.start import can_be_undone, check_may_start, start_bulk_action, start_undo
from invites.directory.bulk.undo_plan import plan_undo
from invites.directory.bulk.wording.actions import row_text, undo_question
from invites.directory.bulk.wording.outcomes import OUTCOME_LABELS
from invites.directory.bulk.work import cancel_bulk_action, close_banner, handle_now, why_not_cancel
from invites.directory.forms import FORMS
from invites.directory.users import UserFilter
from invites.downloads import csv_download
from invites.invitations.views.responses import back_url, banner_closed_response, error_response, success_response
from invites.invitations.visibility import visible_actions, visible_name
from invites.models import BulkAction, BulkActionRow, Outcome
from invites.wording import emptied_text

TEMPLATES = {"dialog": "directory/bulk_action_dialog.html", "banner": "directory/_bulk_action_progress.html"}
PER_PAGE = 50
EITHER = (Permission.INVITE_USERS, Permission.MANAGE_USERS)


# --- Choose, review, start --------------------------------------------------------------------------


@requires_any(*EITHER)
@require_POST
def people_bulk(request: MemberRequest, organization: str) -> HttpResponse:
    """An action on the selected people, or on all that match the filter in the query string.

    Roles and sites are chosen first (`step` is empty or "choose"). Then the numbers are reviewed ("review"), and are
    counted again when the action is started ("start").
    """
    if request.POST.get("action") == "all":
        return redirect(f"{reverse('directory:users', args=[organization])}?{_query_with_all(request)}")
    kind, step = request.POST.get("action", ""), request.POST.get("step", "")
    people = _selected(request)
    if kind not in Kind.values or not people.exists():
        return success_response(request, _why_nobody(request), warning=True)
    check_may_start(request.membership, BulkChange(Kind(kind)))
    if form_class := FORMS.get(Kind(kind)):
        form = form_class(request.POST if step in ("review", "start") else None, membership=request.membership)
        if step == "choose":
            form = form_class(initial=_entered(request), membership=request.membership)
        if not form.is_valid():
            return _choose(request, Kind(kind), form, people)
        return review_or_start(request, form.change(), people)
    return review_or_start(request, BulkChange(Kind(kind)), people)


def _why_nobody(request: MemberRequest) -> str:
    if request.POST.get("action") in Kind.values and (request.POST.getlist("selected") or _wants_all(request)):
        return _("The users you selected are no longer listed, so nothing was changed.")
    return _("Select users first, then choose what to do.")


def _query_with_all(request: MemberRequest) -> str:
    query = request.GET.copy()
    query["select"] = "all"
    return query.urlencode()


def _entered(request: MemberRequest) -> dict[str, Any]:
    """What was chosen before, after "Back"."""
    values = {name: request.POST.getlist(name) for name in ("roles", "sites")}
    return values | {"mode": request.POST.get("mode", "")}


def _choose(request: MemberRequest, kind: Kind, form: Any, people: Selection) -> HttpResponse:
    context = {"form": form, "kind": kind, "count": people.count()} | _hidden(request)
    return render(request, "directory/bulk_choose.html", context, status=422 if form.errors else 200)


def review_or_start(request: MemberRequest, change: BulkChange, people: Selection, *, then: str = "") -> HttpResponse:
    """Show what would happen to these people. With the step "start", start it if that hasn't changed.

    The form of the review is sent to the same address. `then` is the page that follows, by default the one before.
    """
    then = then or back_url(request.membership)
    plan = plan_for(request.membership, change, people)
    is_start, seen = request.POST.get("step") == "start", request.POST.get("seen", "")
    if is_start and seen == plan.fingerprint and plan.changed:
        ids = people.ids()
        # Somebody may have changed since they were counted.
        if len(ids) == plan.selected:
            return start(request, change, ids, expected=plan.changed, then=then)
    context = {
        "review": review_of(change, plan, name=people.only_name()),
        "kind": change.kind,
        "change": change,
        "chosen": [(name, value) for name in ("mode", "roles", "sites") for value in request.POST.getlist(name)],
        "goes_back": change.kind in FORMS,
        "seen": plan.fingerprint,
        "has_changed": is_start and bool(plan.changed),
        "back_url": then,
    }
    return render(request, "directory/bulk_review.html", context | _hidden(request))


def _hidden(request: MemberRequest) -> dict[str, Any]:
    """The selection, for the next form."""
    return {"selected": request.POST.getlist("selected"), "all": _wants_all(request)}


def _selected(request: MemberRequest) -> Selection:
    if not _wants_all(request):
        return Selection.chosen(request.membership, request.POST.getlist("selected"))
    wanted = UserFilter.read(request.GET, request.organization)
    # If a role or site of the filter was deleted in the meantime, the list has people whom nobody selected.
    if not wanted.is_all_of(request.GET):
        return Selection.nobody()
    return Selection.matching(request.membership, wanted)


def _wants_all(request: MemberRequest) -> bool:
    return request.POST.get("all") == "1"


def start(
    request: MemberRequest, change: BulkChange, ids: PeopleIds, *, then: str, expected: int | None = None
) -> HttpResponse:
    """Start an action. A small one is done at once, and workers do any other.

    Closes the dialog, and a banner shows the result or the progress; or opens the page `then`.
    """
    action = start_bulk_action(request.membership, change, ids, expected=expected)
    return _started(request, action, then=then)


def _started(request: MemberRequest, action: BulkAction, *, then: str) -> HttpResponse:
    if not handle_now(action):
        tasks.enqueue_on_commit(tasks.process_bulk_action, action.pk)
    if action.kind == Kind.RESEND:
        tasks.enqueue_on_commit(tasks.send_due_invitations, request.organization.pk)
    if not asks_for_fragment(request):
        return redirect(then)
    response = HttpResponse(status=204)
    for event in ("dialog:close", "people:changed", "shell:changed", "batch:ended"):
        trigger_client_event(response, event)
    return response


# --- Progress ---------------------------------------------------------------------------------------


@requires_any(*EITHER)
@require_safe
def bulk_action(request: MemberRequest, organization: str, pk: int, place: str) -> HttpResponse:
    """The progress: as a dialog, as a page, or the part of the banner that changes."""
    action = get_object_or_404(visible_actions(request.membership), pk=pk)
    view = view_of(action, starter=starter_for(request, action))
    context = action_context(request, view, is_page=_is_page(request))
    if not asks_for_fragment(request):
        context["bulk_actions"] = actions_to_show(request.membership, but=pk)
    return render(request, TEMPLATES[place], context)


@requires_any(*EITHER)
@require_POST
def bulk_action_stop(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Stop an action."""
    action = get_object_or_404(visible_actions(request.membership), pk=pk)
    cancel_bulk_action(request.membership, action)
    if not asks_for_fragment(request):
        return redirect("directory:bulk_action", organization, pk)
    action.refresh_from_db()
    view = view_of(action, starter=starter_for(request, action))
    response = render(request, TEMPLATES["dialog"], action_context(request, view, is_page=_is_page(request)))
    for event in ("shell:changed", "people:changed"):
        trigger_client_event(response, event)
    return response


@requires_any(*EITHER)
@require_POST
def bulk_action_close_banner(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Close the banner of the user's own action. `?read=` is the state that it showed."""
    action = get_object_or_404(visible_actions(request.membership), pk=pk, started_by=request.user)
    close_banner(action, read=request.GET.get("read", ""))
    return banner_closed_response(request)


def _is_page(request: MemberRequest) -> bool:
    """Whether the response is shown on a page of its own, or is a fragment of that page."""
    return not asks_for_fragment(request) or request.GET.get("on") == "page"


def starter_for(request: MemberRequest, action: BulkAction) -> str:
    """What a viewer reads instead of "you" if somebody else started the action; empty for that person."""
    if action.started_by_id == request.user.pk:
        return ""
    return visible_name(request.membership, action.started_by) or _("the person who started this")


def action_context(request: MemberRequest, view: ActionView, *, is_page: bool) -> dict[str, Any]:
    return {
        "view": view,
        "action": view.action,
        "organization": view.action.organization,
        "is_page": is_page,
        "why_not_stop": why_not_cancel(request.membership, view.action) if view.progress else "",
        "back_url": back_url(request.membership),
    }


# --- Results ----------------------------------------------------------------------------------------


@requires_any(*EITHER)
@require_safe
def bulk_results(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """What became of everybody: numbers, and a row for each person, filtered by `?outcome=`."""
    action = get_object_or_404(visible_actions(request.membership), pk=pk)
    outcome = _outcome(request)
    names, change = Names.of(action), change_of(action)
    page = Paginator(visible_rows(request.membership, action, outcome), PER_PAGE).get_page(request.GET.get("page", 1))
    view = view_of(action, starter=starter_for(request, action))
    context = {
        "action": action,
        "view": view,
        "starter": visible_name(request.membership, action.started_by),
        "lines": [(row, OUTCOME_LABELS[Outcome(row.outcome)], row_text(names, row)) for row in page.object_list],
        "outcomes": [(each, OUTCOME_LABELS[each], action.counts[each]) for each in Outcome if action.counts.get(each)],
        "outcome": outcome,
        "outcome_label": OUTCOME_LABELS[outcome] if outcome else "",
        "query": f"outcome={outcome}" if outcome else "",
        "page": page,
        "undos": list(action.undos.order_by("pk")),
        "may_undo": can_be_undone(action) and may_start(request.membership, change),
        # The page itself says what the banner would say.
        "bulk_actions": actions_to_show(request.membership, but=0 if view.progress else pk),
    }
    return render(request, "directory/bulk_results.html", context)


@requires(Permission.VIEW_USERS, Permission.EXPORT_USERS)
@require_safe
def bulk_results_csv(request: MemberRequest, organization: str, pk: int) -> HttpResponseBase:
    """The results as a CSV file. The activity log records that they were exported."""
    action = get_object_or_404(visible_actions(request.membership), pk=pk)
    by, exported = request.membership, Change(values={"format": "csv", "bulk_action": pk})
    with transaction.atomic():
        record(by.organization_id, Action.USERS_EXPORTED, about_users(action.done), by=by, change=exported)
    rows = visible_rows(request.membership, action, _outcome(request))
    return csv_download(_csv_rows(action, rows), name=f"results-{pk}.csv")


def _csv_rows(action: BulkAction, rows: QuerySet[BulkActionRow]) -> Iterator[list[str]]:
    names = Names.of(action)
    if action.emptied_at is not None:
        yield [emptied_text(action)]
    yield [_("Name"), _("Email"), _("Outcome"), _("Before"), _("After")]
    for row in in_blocks(rows):
        before, after = row_text(names, row)
        yield [row.name, row.email, str(OUTCOME_LABELS[Outcome(row.outcome)]), before, after]


def _outcome(request: MemberRequest) -> Outcome | None:
    asked = request.GET.get("outcome", "")
    return Outcome(asked) if asked in Outcome.values else None


@requires_any(*EITHER)
@require_http_methods(["GET", "HEAD", "POST"])
def bulk_undo(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then undo an action for everybody who wasn't changed since."""
    action = get_object_or_404(visible_actions(request.membership), pk=pk)
    if request.method == "POST":
        try:
            undo = start_undo(request.membership, action)
        except DomainError as broken:
            return error_response(request, broken, title=_("Nothing was undone"))
        return _started(request, undo, then=reverse("directory:bulk_results", args=[organization, pk]))
    counts = plan_undo(request.membership, action)
    is_possible = counts is None or Outcome.CHANGED in counts
    context = {
        "question": undo_question(action.changed if counts is None else counts.get(Outcome.CHANGED, 0)),
        "rows": undo_rows(counts) if counts else [],
        "is_possible": is_possible,
        "button": _("Undo change") if is_possible else "",
        "busy": _("Undoing…"),
        "back_url": reverse("directory:bulk_results", args=[organization, pk]),
    }
    return render(request, "directory/bulk_undo.html", context)
