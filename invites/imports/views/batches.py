"""The list of imports, the page of one import with its summary, and the actions on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.numbers import number_in
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.grants import GrantableAccess
from accounts.permissions import Permission
from accounts.wording import counted
from invites import tasks
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.selection import Selection
from invites.directory.views import bulk_actions
from invites.downloads import csv_download
from invites.imports.correction_jobs import stop_job
from invites.imports.declined import declined_rows
from invites.imports.notices import LATE, banner_topic, close_banner, close_late_banner
from invites.imports.presentation.banners import banners_for, concerning
from invites.imports.presentation.plot import plot_of
from invites.imports.presentation.responses import day_table, response_lines
from invites.imports.presentation.rows import report_lines, shown_outcome
from invites.imports.presentation.search import found_person, found_text
from invites.imports.presentation.status import before_stopping
from invites.imports.presentation.summary import OUTCOME_LABELS, how_read, summary_lines
from invites.imports.presentation.wording import stopped_text
from invites.imports.selectors.deactivated import members_of_rows, still_deactivated
from invites.imports.selectors.progress import progress_now, progress_of, with_progress
from invites.imports.selectors.responses import responses_of
from invites.imports.selectors.rows import page_of_rows
from invites.imports.selectors.search import find_batches, find_people, read_search
from invites.imports.selectors.summary import (
    Summary,
    awaiting_response,
    invited_counts,
    revoked_counts,
    summary_of,
)
from invites.imports.selectors.typos import typos_of
from invites.imports.stop import stop_import
from invites.imports.undo import undo_import
from invites.imports.upload import invite_valid_rows
from invites.imports.views.dialogs import import_question
from invites.imports.views.lookup import batch_to_change, batch_to_download, batch_to_see
from invites.imports.views.progress import progress_context, progress_dialog
from invites.imports.views.reading import started_response
from invites.invitations.authorization import why_not_change
from invites.invitations.views.responses import back_url
from invites.invitations.visibility import learn_names
from invites.invitations.wording import grant_sentence
from invites.models import Batch, Row
from invites.reasons import text_of

PAGE_BATCHES = 25
PAGE_ROWS = 50
# The rows of these are not decided.
WITHOUT_SUMMARY = (*Batch.RUNNING, *Batch.WAITING, Batch.State.REJECTED)

_REVOKING = ngettext_lazy(
    "Revoking {count} invitation. Its link no longer works.",
    "Revoking {count} invitations. Their links no longer work.",
)
_REVOKED = ngettext_lazy(
    "{count} invitation was revoked. Its link no longer works.",
    "{count} invitations were revoked. Their links no longer work.",
)


@requires(Permission.INVITE_USERS)
@require_safe
def batch_list(request: MemberRequest, organization: str) -> HttpResponse:
    """Every import that the member may see, newest first; or what is found in them by `?q=`."""
    search = read_search(request.GET.get("q", ""))
    page = Paginator(find_batches(request.membership, search), PAGE_BATCHES).get_page(request.GET.get("page"))
    found = find_people(request.membership, search)
    learn_names(request.membership, [batch.inviter for batch in page])
    invited = invited_counts(page)
    revoked = revoked_counts(batch for batch in page if batch.undone_at)
    # For a running import, the same number as in the sidebar.
    running = [batch.pk for batch in page if batch.state == Batch.State.INVITING]
    inviting = with_progress(Batch.objects.filter(pk__in=running))
    invited |= {
        batch.pk: batch.counts_before.get("invited", 0) + progress.done
        for batch in inviting
        if (progress := progress_of(batch))
    }
    listed = [(batch, invited.get(batch.pk, 0), revoked.get(batch.pk, 0)) for batch in page]
    context = {
        "page": page,
        "listed": listed,
        "search": search,
        "found": found,
        "people": [found_person(row) for row in found.rows],
        "said": found_text(found, page.paginator.count) if search else "",
    }
    return render(request, "imports/batches.html", context)


@requires(Permission.INVITE_USERS)
@require_safe
def batch_page(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Who imported it and when, how it was read, the summary, and the outcome of each row."""
    batch = batch_to_see(request, pk)
    context: dict[str, Any] = {
        "grant_sentence": grant_sentence(batch.grant),
        "how_read": how_read(batch),
        "typos": typos_of(batch),
        **progress_context(batch, place="page", viewer=request.membership),
    }
    if not batch.is_running:
        # The page says more than its own banner. If the import ends while the page is open, the banner is shown.
        context["banners"] = banners_for(request.membership, but=batch.pk)
    if batch.state not in WITHOUT_SUMMARY:
        context |= _summary_and_rows(batch, context["summary"], request)
    return render(request, "imports/batch.html", context)


def _summary_and_rows(batch: Batch, summary: Summary, request: MemberRequest) -> dict[str, Any]:
    may_change = not why_not_change(request.membership, batch)
    chosen = request.GET.get("outcome", "")
    lines, responses = summary_lines(summary), responses_of(batch, summary)
    counts = {line.outcome: line.count for group in lines for line in group}
    count = counts.get(chosen, 0) if chosen in OUTCOME_LABELS else summary.rows
    number = request.GET.get("page") or str(_page_with_row(batch, request.GET.get("row", "")))
    page = page_of_rows(batch, chosen, count=count, per_page=PAGE_ROWS, number=number)
    # Reactivating needs these permissions. Who may be reactivated depends on each person's access.
    needed = (Permission.MANAGE_USERS, Permission.VIEW_USERS)
    may_reactivate = summary.skips[Row.Reason.DEACTIVATED] and all(map(request.membership.has_permission, needed))
    to_reactivate = members_of_rows(batch, page, GrantableAccess(request.membership)) if may_reactivate else {}
    return {
        "summary_lines": lines,
        "responses": responses,
        "response_lines": response_lines(responses),
        "plot": plot_of(responses) if summary.invited else None,
        "day_table": day_table(responses),
        "outcome": chosen if chosen in OUTCOME_LABELS else "",
        "outcome_label": OUTCOME_LABELS.get(chosen, ""),
        "page": page,
        "listed": [(row, shown_outcome(row), to_reactivate.get(row.number)) for row in page],
        "not_sent": summary.stopped - summary.invitable if may_change and batch.can_be_continued else 0,
        "can_be_continued": may_change and batch.can_be_continued and summary.left > 0,
        "declined": declined_rows(batch).count() if may_change and summary.skips[Row.Reason.ALREADY_DECLINED] else 0,
        "deactivated": still_deactivated(batch).count() if may_reactivate else 0,
        "notice": _notice_text(batch, summary),
        "may_undo": may_change and summary.waiting_answer + summary.bounced + summary.expired > 0,
        "may_download": may_change and request.membership.has_permission(Permission.VIEW_USERS),
    }


def _notice_text(batch: Batch, summary: Summary) -> str:
    """Why the import ended as it did, and what became of the last attempt to continue it."""
    is_stopped = batch.state == Batch.State.STOPPED
    ended = stopped_text(batch, summary) if is_stopped else text_of(batch.state_reasons)
    return " ".join(filter(None, [ended, text_of(batch.notice)]))


def _page_with_row(batch: Batch, text: str) -> int:
    """The page of all rows that has the row with this number, to which a search leads. Without one, the first page."""
    number = number_in(text)
    return 1 if number is None else batch.rows.filter(number__lt=number).count() // PAGE_ROWS + 1


@requires(Permission.INVITE_USERS)
@require_POST
def batch_invite_valid(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Invite the valid rows of a file that has problem rows, too. Or ask to confirm that first."""
    batch = batch_to_change(request, pk)
    try:
        invite_valid_rows(batch, by=request.membership)
    except DomainError as broken:
        return render(request, "imports/refused.html", {"batch": batch, "message": broken.message}, status=409)
    tasks.process_next_step(batch)
    return started_response(request, batch, in_dialog=asks_for_fragment(request))


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_stop(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then stop the import. With `job` in the form, stop only its running job."""
    batch = batch_to_change(request, pk)
    may_stop = batch.is_running or batch.state in (Batch.State.NEEDS_CONFIRMATION, Batch.State.SCHEDULED)
    if request.method != "POST" and may_stop:
        context = {
            **import_question(batch, _question_before_stopping(batch)),
            "consequence": before_stopping(batch, progress_now(batch)),
            "stay": _("Keep going") if batch.is_running else _("Keep it"),
            "button": _("Stop") if batch.is_running else _("Cancel import"),
            "busy": _("Stopping…") if batch.is_running else _("Canceling…"),
            "is_danger": True,
        }
        return render(request, "imports/batch_stop.html", context)
    if request.method == "POST":
        if "job" in request.POST:
            stop_job(request.membership, batch)
        else:
            stop_import(request.membership, batch)
        batch.refresh_from_db()
        tasks.process_next_step(batch)
    if asks_for_fragment(request):
        batch.refresh_from_db()
        return trigger_client_event(progress_dialog(request, batch), "shell:changed")
    return redirect("imports:batch", organization, pk)


def _question_before_stopping(batch: Batch) -> str:
    if not batch.is_running:
        return _("Cancel this import?")
    return _("Stop inviting?") if batch.state == Batch.State.INVITING else _("Stop now?")


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_resend(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Review, then resend the invitations of everyone who hasn't responded, including expired ones."""
    batch = batch_to_change(request, pk)
    people = Selection.of_invitations(request.membership, awaiting_response(batch))
    if request.method == "POST" and not people.exists():
        return message_response(request, batch, _("Everyone has responded, so nothing was resent."), warning=True)
    then = reverse("imports:batch", args=[organization, pk])
    return bulk_actions.review_or_start(request, BulkChange(Kind.RESEND), people, then=then)


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_undo(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then revoke every invitation of the import that was not accepted."""
    batch = batch_to_change(request, pk)
    if request.method != "POST":
        context = {
            **import_question(batch, _("Undo this import?")),
            "stay": _("Keep import"),
            "button": _("Undo import"),
            "busy": _("Undoing…"),
            "is_danger": True,
            "summary": summary_of(batch),
        }
        return render(request, "imports/batch_undo.html", context)
    count = undo_import(request.membership, batch)
    if batch.is_being_undone:
        tasks.enqueue_on_commit(tasks.revoke_slice, batch.pk)
    if not count:
        return message_response(request, batch, _("No invitations were revoked."), warning=True)
    message = counted(_REVOKING if batch.is_being_undone else _REVOKED, count)
    return message_response(request, batch, message, warning=False)


def message_response(request: MemberRequest, batch: Batch, message: str, *, warning: bool) -> HttpResponse:
    """Show the message on the page of the import, and close the dialog."""
    (messages.warning if warning else messages.success)(request, message)
    if not asks_for_fragment(request):
        return redirect("imports:batch", request.organization.slug, batch.pk)
    response = HttpResponse(status=204)
    for event in ("dialog:close", "batch:ended", "shell:changed"):
        trigger_client_event(response, event)
    return response


@requires(Permission.INVITE_USERS)
@require_POST
def batch_close_banner(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Close the banner of an import. `?read=` is its topic, which may have changed since it was shown."""
    batch = batch_to_see(request, pk)
    read = request.GET.get("read") or banner_topic(batch)
    if read == LATE:
        close_late_banner(batch, by=request.membership)
    elif Batch.objects.filter(concerning(request.membership), pk=pk).exists():
        close_banner(batch, read=read)
    else:
        raise Http404
    if asks_for_fragment(request):
        return trigger_client_event(HttpResponse(status=204), "shell:changed")
    return redirect(back_url(request.membership))


@requires(Permission.INVITE_USERS, Permission.VIEW_USERS)
@require_safe
def batch_download(request: MemberRequest, organization: str, pk: int) -> StreamingHttpResponse:
    """Download the outcome of every row. Cells that look like formulas are escaped."""
    batch = batch_to_download(request, pk)
    rows = report_lines(batch, request.GET.get("outcome", ""))
    return csv_download(rows, name=f"import-{batch.pk}-report.csv")
