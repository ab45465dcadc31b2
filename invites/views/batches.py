"""The batches of an organization: their list, one batch with its ledger, and what can be done with it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from accounts.access import MemberRequest, requires
from accounts.context import asks_for_fragment
from accounts.errors import RuleBroken
from accounts.permissions import Permission
from invites import tasks
from invites.models import Batch
from invites.queries.batches import answers_of, batches_of, ledger_of
from invites.queries.rows import FILTERS, problem_kinds, problem_rows, report_lines, rows_of
from invites.services.batches import close_banner, invite_valid_rows
from invites.services.stopping import stop_batch
from invites.views.plot import plot_of
from invites.views.progress import progress_context, progress_dialog

PAGE_ROWS = 50


def _batch(request: MemberRequest, pk: int) -> Batch:
    return get_object_or_404(batches_of(request.organization), pk=pk)


@requires(Permission.INVITE_USERS)
@require_GET
def batch_list(request: MemberRequest, organization: str) -> HttpResponse:
    """Every file that was imported here, newest first."""
    page = Paginator(batches_of(request.organization), 25).get_page(request.GET.get("page"))
    listed = [(batch, ledger_of(batch)) for batch in page]
    return render(request, "invites/batches.html", {"page": page, "listed": listed, "nav": "batches"})


@requires(Permission.INVITE_USERS)
@require_GET
def batch_page(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Who, when, how it was read, the ledger that adds up, and each row's outcome."""
    batch = _batch(request, pk)
    context: dict[str, Any] = {"nav": "batches"} | progress_context(batch, place="page")
    if not batch.is_running and batch.state != Batch.State.REJECTED:
        ledger = ledger_of(batch)
        chosen = request.GET.get("outcome", "")
        answers = answers_of(batch, ledger)
        context |= {
            "ledger": ledger,
            "answers": answers,
            "plot": plot_of(answers, ledger.invited) if ledger.invited else None,
            "outcome": chosen if chosen in FILTERS else "",
            "filters": FILTERS,
            "page": Paginator(rows_of(batch, chosen), PAGE_ROWS).get_page(request.GET.get("page")),
        }
    return render(request, "invites/batch.html", context)


@requires(Permission.INVITE_USERS)
@require_GET
def batch_problems(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """All problems of the file, by row or by kind, and the two ways on."""
    batch = _batch(request, pk)
    if batch.state != Batch.State.NEEDS_CORRECTION:
        return redirect("batch", organization, pk)
    kind = request.GET.get("kind", "")
    context = {
        "nav": "batches",
        "batch": batch,
        "ledger": ledger_of(batch),
        "kinds": problem_kinds(batch),
        "kind": kind,
        "page": Paginator(problem_rows(batch, kind), PAGE_ROWS).get_page(request.GET.get("page")),
    }
    return render(request, "invites/problems.html", context)


@requires(Permission.INVITE_USERS)
@require_POST
def batch_invite_valid(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Invite the valid rows of a file that has problem rows, too."""
    batch = _batch(request, pk)
    try:
        invite_valid_rows(batch, by=request.membership)
    except RuleBroken as broken:
        return render(request, "invites/refusal.html", {"batch": batch, "message": broken.message}, status=409)
    tasks.hint_work(batch.pk)
    if asks_for_fragment(request):
        return trigger_client_event(progress_dialog(request, batch), "shell:changed")
    return redirect("batch", organization, pk)


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_stop(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then stop: who is invited already stays invited."""
    batch = _batch(request, pk)
    if request.method != "POST" and batch.is_running:
        return render(request, "invites/stop.html", {"batch": batch, "ledger": ledger_of(batch), "nav": "batches"})
    if request.method == "POST":
        stop_batch(batch)
    if asks_for_fragment(request):
        batch.refresh_from_db()
        return trigger_client_event(progress_dialog(request, batch), "shell:changed")
    return redirect("batch", organization, pk)


@requires(Permission.INVITE_USERS)
@require_POST
def batch_close_banner(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Close the banner of one's own batch."""
    batch = get_object_or_404(batches_of(request.organization), pk=pk, inviter=request.user)
    close_banner(batch)
    if asks_for_fragment(request):
        return render(request, "invites/banners.html")
    return redirect("users", organization)


class _Echo:
    """A file-like object that gives back what the CSV writer writes."""

    def write(self, value: str) -> str:
        return value


@requires(Permission.INVITE_USERS)
@require_GET
def batch_download(request: MemberRequest, organization: str, pk: int) -> StreamingHttpResponse:
    """The outcome of every row as a CSV file that a spreadsheet can't be harmed by."""
    batch = _batch(request, pk)
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff"
        for line in report_lines(batch, request.GET.get("outcome", "")):
            yield writer.writerow(line)

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="batch-{batch.pk}-report.csv"'
    return response
