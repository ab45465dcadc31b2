"""The list of imports, and the page of one import with its summary. See batch_actions.py, too."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.numbers import number_in
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.grants import GrantableAccess
from accounts.permissions import Permission
from invites.downloads import csv_download
from invites.imports.declined import declined_rows
from invites.imports.presentation.banners import banners_for
from invites.imports.presentation.plot import plot_of
from invites.imports.presentation.responses import day_table, response_lines
from invites.imports.presentation.rows import report_lines, shown_outcome
from invites.imports.presentation.search import found_person, found_text
from invites.imports.presentation.summary import OUTCOME_LABELS, how_read, summary_lines
from invites.imports.presentation.wording import stopped_text
from invites.imports.selectors.deactivated import members_of_rows, still_deactivated
from invites.imports.selectors.progress import progress_of, with_progress
from invites.imports.selectors.responses import responses_of
from invites.imports.selectors.rows import page_of_rows
from invites.imports.selectors.search import find_batches, find_people, read_search
from invites.imports.selectors.summary import (
    Summary,
    invited_counts,
    revoked_counts,
)
from invites.imports.selectors.typos import typos_of
from invites.imports.views.lookup import batch_to_download, batch_to_see
from invites.imports.views.progress import progress_context
from invites.invitations.visibility import learn_names
from invites.invitations.wording import grant_sentence
from invites.models import Batch, Row
from invites.reasons import text_of

PAGE_BATCHES = 25
PAGE_ROWS = 50
# The rows of these are not decided.
WITHOUT_SUMMARY = (*Batch.RUNNING, *Batch.WAITING, Batch.State.REJECTED)


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
    # To build the query for the progress takes long.
    inviting = with_progress(Batch.objects.filter(pk__in=running)) if running else ()
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
        "query": urlencode({"q": search}) if search else "",
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
        may_change = not context["why_not_change"]
        context |= _summary_and_rows(batch, context["summary"], request, may_change=may_change)
    return render(request, "imports/batch.html", context)


def _summary_and_rows(batch: Batch, summary: Summary, request: MemberRequest, *, may_change: bool) -> dict[str, Any]:
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
        "outcomes": [(line.outcome, line.label, line.count) for group in lines for line in group if not line.is_part],
        "query": f"outcome={chosen}" if chosen in OUTCOME_LABELS else "",
        "page": page,
        "listed": [(row, shown_outcome(row), to_reactivate.get(row.number)) for row in page],
        "not_sent": summary.never_emailed if may_change and batch.can_be_continued else 0,
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


@requires(Permission.INVITE_USERS, Permission.VIEW_USERS)
@require_safe
def batch_download(request: MemberRequest, organization: str, pk: int) -> StreamingHttpResponse:
    """Download the outcome of every row. Cells that look like formulas are escaped."""
    batch = batch_to_download(request, pk)
    rows = report_lines(batch, request.GET.get("outcome", ""))
    return csv_download(rows, name=f"import-{batch.pk}-report.csv")
