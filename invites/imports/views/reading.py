""" "Check how we read this file": the questions about a file that waits for an answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment, path_of_page
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.views.dialogs import open_page
from accounts.permissions import Permission
from accounts.wording import separated
from invites import tasks
from invites.imports.forms.reading_form import ReadingForm
from invites.imports.notices import close_banner
from invites.imports.presentation import reading as shown
from invites.imports.presentation import reading_columns, spellings
from invites.imports.presentation.banners import banners_for
from invites.imports.reading import answer, delete_undecided
from invites.imports.views.confirm import confirm_response
from invites.imports.views.dialogs import import_question
from invites.imports.views.lookup import batch_to_change, batch_to_see
from invites.imports.views.progress import progress_dialog
from invites.invitations.authorization import why_not_change
from invites.models import Batch
from invites.problems import expected_columns, message_of


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_reading(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask what is unclear about the file. A POST answers, and the check continues.

    A single question is a dialog; columns have a page. With `redraw`, a POST only shows what follows from the answers
    so far. A GET takes the sheet and the spelling from its query.
    """
    try:
        batch = batch_to_see(request, pk) if request.method != "POST" else batch_to_change(request, pk)
    except Http404:
        return not_here_response(request, None)
    if batch.state != Batch.State.NEEDS_ANSWER:
        return _moved_on_response(request, batch)
    if request.method != "POST":
        form = ReadingForm(batch, request.GET, is_bound=False)
        if form.asks_columns and asks_for_fragment(request):
            return HttpResponseClientRedirect(request.get_full_path())
        return form_response(request, batch, form, is_page=form.asks_columns)
    is_page = request.POST.get("place") == "page"
    if "redraw" in request.POST:
        return form_response(request, batch, ReadingForm(batch, request.POST, is_bound=False), is_page=is_page)
    form = ReadingForm(batch, request.POST, is_bound=True)
    if form.asks_columns and not is_page:
        return open_page(request, _address_of(batch, form))
    if not form.is_valid or form.is_outdated:
        return form_response(request, batch, form, is_page=is_page)
    try:
        answer(batch, form.options, by=request.membership, remember=form.remember)
    except DomainError as broken:
        if broken.code != "not_here":
            raise
        return not_here_response(request, batch)
    tasks.start_processing(batch)
    return started_response(request, batch, in_dialog=asks_for_fragment(request) and not is_page)


def started_response(request: MemberRequest, batch: Batch, *, in_dialog: bool) -> HttpResponse:
    """What is shown once a check has started or ended: its progress, its result, or what it asks."""
    if not in_dialog:
        pages = {
            Batch.State.NEEDS_ANSWER: "imports:batch_reading",
            Batch.State.NEEDS_CORRECTION: "imports:batch_problems",
            Batch.State.NEEDS_CONFIRMATION: "imports:batch_confirm",
        }
        page = pages.get(Batch.State(batch.state), "imports:batch")
        return redirect(page, request.organization.slug, batch.pk)
    if batch.state == Batch.State.REJECTED:
        # The dialog shows the reason, so no banner is needed.
        close_banner(batch, read=Batch.State.REJECTED)
    return trigger_client_event(_dialog(request, batch), "shell:changed")


def _dialog(request: MemberRequest, batch: Batch) -> HttpResponse:
    if batch.state == Batch.State.NEEDS_ANSWER:
        form = ReadingForm(batch, QueryDict(), is_bound=False)
        if not form.asks_columns:
            return form_response(request, batch, form, is_page=False)
    if batch.state == Batch.State.NEEDS_CONFIRMATION:
        return confirm_response(request, batch)
    return progress_dialog(request, batch)


def form_response(request: MemberRequest, batch: Batch, form: ReadingForm, *, is_page: bool) -> HttpResponse:
    """The questions, as a page or a dialog. The status is 422 if an answer is missing."""
    context = form_context(request, batch, form, is_page=is_page)
    template = "imports/reading_page.html" if is_page else "imports/reading_dialog.html"
    return render(request, template, context, status=422 if form.shown_errors() else 200)


def form_context(request: MemberRequest, batch: Batch, form: ReadingForm, *, is_page: bool) -> dict[str, Any]:
    """What the templates show."""
    doubt = form.first.doubt
    context: dict[str, Any] = {
        "batch": batch,
        "form": form,
        "asks": form.asks,
        "is_page": is_page,
        "lead": shown.lead_of(form),
        "errors": form.shown_errors(),
        "errors_by_field": {error.field: error.message for error in form.shown_errors()},
        "figures": shown.figures_of(form),
        "announcement": shown.announcement_of(form),
        "rows_text": shown.rows_text(form),
        "why_not_change": why_not_change(request.membership, batch),
        "cause": message_of(doubt) if doubt and is_page else "",
        "found": shown.found_text(doubt) if doubt else None,
        "expected": separated(expected_columns()),
        "hides_unknown": not form.first.preview.knows_hidden_rows,
    }
    if "sheet" in form.asks:
        context["sheets"] = shown.sheet_choices(form)
        context["is_compact"] = len(context["sheets"]) > shown.MOST_SHEETS
    if "hidden_rows" in form.asks:
        context["hidden_rows_text"] = shown.hidden_rows_text(form)
    if "encoding" in form.asks:
        context |= {"spellings": spellings.spellings_of(form), "samples_text": spellings.samples_text(form)}
    if is_page and form.asks_columns:
        context |= {
            "columns": reading_columns.shown_columns(form),
            "rows": reading_columns.sample_rows(form),
            "needs": reading_columns.needs_of(form),
            "skipped": reading_columns.skipped_text(form),
            "folded": reading_columns.folded_text(form),
        }
        if "name_order" in form.asks:
            context["orders"] = shown.order_choices(form)
        context["banners"] = banners_for(request.membership, but=batch.pk)
    return context


def _address_of(batch: Batch, form: ReadingForm) -> str:
    """The page of the questions, with what was answered in the dialog."""
    query: list[tuple[str, object]] = []
    if "sheet" in form.asks:
        query += [("sheet", number) for number in form.sheet_numbers]
    if "encoding" in form.asks:
        query.append(("encoding", form.encoding))
    if "hidden_rows" in form.asks:
        query.append(("hidden_rows", form.hidden_rows))
    address = reverse("imports:batch_reading", args=[batch.organization.slug, batch.pk])
    return f"{address}?{urlencode(query)}" if query else address


def _moved_on_response(request: MemberRequest, batch: Batch) -> HttpResponse:
    """The file needs no answer anymore: somebody else, or another tab, was faster."""
    if request.method == "POST":
        return not_here_response(request, batch)
    if asks_for_fragment(request):
        return progress_dialog(request, batch)
    return redirect("imports:batch", request.organization.slug, batch.pk)


def not_here_response(request: MemberRequest, batch: Batch | None) -> HttpResponse:
    """The file was deleted, or has been answered. `batch` is None if nothing is left of it."""
    status = 200 if asks_for_fragment(request) else 409 if batch else 404
    return render(request, "imports/not_here.html", {"batch": batch}, status=status)


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_delete(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then delete a file that waits for an answer."""
    batch = batch_to_change(request, pk)
    if batch.state != Batch.State.NEEDS_ANSWER:
        return _moved_on_response(request, batch)
    if request.method != "POST":
        context = {
            **import_question(batch, _("Delete this file?")),
            "back_url": reverse("imports:batch_reading", args=[organization, pk]),
            "stay": _("Keep it"),
            "button": _("Delete"),
            "is_danger": True,
        }
        return render(request, "imports/reading_delete.html", context)
    page = reverse("imports:batch", args=[organization, pk])
    try:
        delete_undecided(batch, by=request.membership)
    except DomainError as broken:
        if broken.code != "not_here":
            raise
        return not_here_response(request, batch)
    imports = reverse("imports:batches", args=[organization])
    if not asks_for_fragment(request):
        return redirect(imports)
    # On a page of this import, nothing is left to see.
    if path_of_page(request).startswith(page):
        return HttpResponseClientRedirect(imports)
    return trigger_client_event(trigger_client_event(HttpResponse(status=204), "dialog:close"), "shell:changed")
