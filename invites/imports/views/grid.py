"""The page on which an admin corrects problem rows, and the file of these rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from invites import tasks
from invites.checking import COLUMNS
from invites.downloads import download
from invites.imports import correction_jobs, corrections, not_people
from invites.imports.corrections import Edit, EditResult
from invites.imports.forms.grid_action import GridAction, known_code, read_action, read_edits
from invites.imports.presentation.banners import banners_for
from invites.imports.presentation.grid import shown_row, tally_texts
from invites.imports.presentation.grid_changes import change_text, conflict_text
from invites.imports.presentation.names import name_for_download
from invites.imports.presentation.not_people import not_people_of, side_notes_text
from invites.imports.presentation.status import what_is_left
from invites.imports.presentation.wording import row_number
from invites.imports.problem_file import problem_file
from invites.imports.selectors.grid import GridCounts, first_left, grid_counts, grid_rows
from invites.imports.selectors.typos import Typos, typos_of
from invites.imports.views.lookup import batch_to_change, batch_to_download, batch_to_see
from invites.invitations.authorization import why_not_change
from invites.models import Batch, CorrectionJob, Row
from invites.reasons import text_of

Then = CorrectionJob.Then

PAGE_ROWS = 50
# The codes of errors after which the admin stays in the grid.
STAYS = ("none_valid", "other_file", "still_wrong", "still_sending", "still_revoking")


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_problems(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """All rows with problems, to be corrected on the page: each change is checked and stored at once.

    A POST has the edited cells and the action of the pressed button. The response is the changed parts of the page, or
    without JavaScript a redirect to the page.
    """
    if request.method != "POST":
        batch = batch_to_see(request, pk)
        is_empty = batch.has_invited and not grid_rows(batch).exists()
        if not batch.can_be_corrected or is_empty:
            _say_why_not(request, batch)
            return redirect("imports:batch", organization, pk)
        return _render_page(request, batch)
    batch = batch_to_change(request, pk)
    action = read_action(request.POST)
    try:
        done = _apply_action(action, batch, read_edits(request.POST), request)
    except DomainError as broken:
        messages.warning(request, broken.message)
        return _redirect(
            request,
            _address(request) if broken.code in STAYS else _address_of(batch),
            # With 503, grid.js keeps the edits and sends them again when the page is loaded.
            status=503 if broken.code == "busy" else 200,
        )
    batch.refresh_from_db()
    if not batch.can_be_corrected:
        tasks.process_next_step(batch)
        return _redirect(request, _address_of(batch))
    if action.name in ("person", "not-person"):
        return _show_other_row(request, batch, action, done)
    if asks_for_fragment(request):
        return _render_changes(request, batch, action, done)
    if done.overtaken:
        messages.warning(request, conflict_text(batch, done))
    if action.name in ("check", "whole"):
        return _show_first_left(request, batch)
    return redirect(f"{_address(request)}#row-{action.number}" if action.number else _address(request))


def _say_why_not(request: MemberRequest, batch: Batch) -> None:
    """Why somebody who wanted to fix rows sees the page of the import instead."""
    if batch.is_running:
        return
    if batch.can_be_corrected:
        messages.info(request, _("Nothing is left to fix. These are the results."))
    else:
        messages.info(request, _("This import is no longer waiting for corrections."))


def _apply_action(action: GridAction, batch: Batch, edits: list[Edit], request: MemberRequest) -> EditResult:
    """Store the edits, then apply the action of the button, in one transaction."""
    by = request.membership
    one: dict[str, Callable[[], EditResult]] = {
        "take": lambda: corrections.apply_suggestion(batch, action.number, action.place, by=by),
        "meant": lambda: corrections.use_intended_cell(batch, action.number, action.place, by=by),
        "meant-all": lambda: correction_jobs.use_all_suggestions(batch, by=by),
        "keep": lambda: corrections.keep_as_shown(batch, action.number, by=by),
        "this": lambda: corrections.keep_person(batch, action.number, action.other, is_this=True, by=by),
        "other": lambda: corrections.keep_person(batch, action.number, action.other, is_this=False, by=by),
        "skip": lambda: corrections.skip_row(batch, action.number, by=by),
        "restore": lambda: corrections.restore_row(batch, action.number, by=by),
        "undo": lambda: corrections.undo(batch, action.number, by=by),
        "person": lambda: not_people.import_anyway(batch, action.number, by=by),
        "not-person": lambda: not_people.skip_again(batch, action.number, by=by),
        "all": lambda: correction_jobs.apply_to_all(batch, action.code, by=by),
        "check": lambda: correction_jobs.check_all_again(batch, by=by),
        "others": lambda: correction_jobs.check_all_again(batch, by=by, then=Then.INVITE_VALID),
        "whole": lambda: correction_jobs.check_all_again(batch, by=by, then=Then.INVITE_IF_FIXED),
    }
    with transaction.atomic():
        corrections.lock_batch(batch, by)
        _check_shown(batch, request.POST.get("shown"))
        done = corrections.edit_cells(batch, edits, by=by)
        # An admin who hasn't seen the changes of others must not start to invite.
        if action.name in one and not (done.overtaken and action.name in ("others", "whole")):
            also = one[action.name]()
            done = EditResult(done.changed | also.changed, done.overtaken | also.overtaken)
    return done


def _check_shown(batch: Batch, shown: str | None) -> None:
    """Raise DomainError if the page shows another file: its rows are other people. `shown` is when it was uploaded."""
    if shown and shown != batch.created_at.isoformat():
        raise DomainError("other_file", _("Someone uploaded a corrected file. The page now shows that file."))


# --- Responses -----------------------------------------------------------------------------------------


def _render_page(request: MemberRequest, batch: Batch) -> HttpResponse:
    counts = grid_counts(batch)
    asked = request.GET.get("kind", "")
    kind = asked if asked in counts.rows_by_code else ""
    page = _page_of(batch, counts, kind, request.GET.get("page"))
    why_not = why_not_change(request.membership, batch)
    context = {
        "batch": batch,
        "columns": COLUMNS,
        "notice": text_of(batch.notice),
        "kinds": counts.kinds,
        "page": page,
        "banners": banners_for(request.membership, but=batch.pk),
        # Those of an import that has ended are about people who are invited.
        "typos": Typos([], 0, 0) if batch.has_invited else typos_of(batch),
        "not_people": not_people_of(batch),
        "side_notes": side_notes_text(batch),
        "query": urlencode({"kind": kind}) if kind else "",
        "listed": [shown_row(row) for row in page],
        "why_not_change": why_not,
        "is_read_only": bool(why_not) or request.organization.is_suspended,
        **_live(batch, counts, kind),
    }
    return render(request, "imports/grid.html", context)


def _render_changes(request: MemberRequest, batch: Batch, action: GridAction, done: EditResult) -> HttpResponse:
    """The changed rows of the current page, the bar, and a sentence for screen readers."""
    counts = grid_counts(batch)
    said = change_text(batch, action, done, counts.tally)
    kind = known_code(request.GET.get("kind", ""))
    page = list(_page_of(batch, counts, kind, request.GET.get("page")))
    if not done.overtaken <= {row.number for row in page}:
        # A corrected file has replaced the rows.
        messages.warning(request, said)
        return _redirect(request, _address(request))
    news = done.changed | done.overtaken
    listed = [shown_row(row) for row in page if row.number in news]
    # Who typed what is gone now has to see that, too.
    conflict = conflict_text(batch, done) if done.overtaken else ""
    context = {"batch": batch, "listed": listed, "said": said, "conflict": conflict, **_live(batch, counts, kind)}
    return render(request, "imports/_grid_parts.html", context)


def _page_of(batch: Batch, counts: GridCounts, kind: str, number: str | None) -> Page[Row]:
    """A page of the grid. The number of rows isn't counted again."""
    paginator = Paginator(grid_rows(batch, kind).select_related("edited_by"), PAGE_ROWS)
    paginator.count = counts.rows(kind)
    return paginator.get_page(number)


def _live(batch: Batch, counts: GridCounts, kind: str) -> dict[str, Any]:
    """The part of the context that changes with every edit."""
    tally = counts.tally
    return {
        "heading": what_is_left(batch, tally.left),
        "tally": tally,
        "tally_texts": tally_texts(tally),
        "kind": kind,
        "alike": counts.alike_by_code[kind],
    }


def _show_first_left(request: MemberRequest, batch: Batch) -> HttpResponse:
    """After *Check again*: the page with the first row that is left."""
    found = first_left(batch)
    if found is None:
        return redirect(_address(request))
    number, before = found
    message = _("Checked again. Row {number} is the first that still needs fixing.")
    messages.warning(request, message.format(number=row_number(batch, number)))
    page = before // PAGE_ROWS + 1
    address = reverse("imports:batch_problems", args=[batch.organization.slug, batch.pk])
    return redirect(f"{address}{f'?page={page}' if page > 1 else ''}#row-{number}")


def _show_other_row(request: MemberRequest, batch: Batch, action: GridAction, done: EditResult) -> HttpResponse:
    """After a row has come into the grid or left it: the page with the row, or the list that it is in."""
    number = row_number(batch, action.number)
    row = grid_rows(batch).filter(number=action.number)
    if action.number in done.overtaken:
        messages.warning(request, conflict_text(batch, done))
    elif action.name == "person":
        messages.success(
            request, _("Row {number} is no longer skipped. Enter the name and email address.").format(number=number)
        )
    else:
        messages.success(request, _("Row {number} is skipped because it isn’t a person.").format(number=number))
    if not row.exists():
        return _redirect(request, _address(request))
    page = grid_rows(batch).filter(number__lt=action.number).count() // PAGE_ROWS + 1
    address = reverse("imports:batch_problems", args=[batch.organization.slug, batch.pk])
    return _redirect(request, f"{address}?page={page}#row-{action.number}")


def _address(request: MemberRequest) -> str:
    """The same page of the grid. The path is safe to redirect to, because Django has resolved it."""
    return request.get_full_path()


def _address_of(batch: Batch) -> str:
    """The page of the import, or the question that an admin has to answer first."""
    asks = batch.state == Batch.State.NEEDS_CONFIRMATION
    return reverse("imports:batch_confirm" if asks else "imports:batch", args=[batch.organization.slug, batch.pk])


def _redirect(request: MemberRequest, address: str, *, status: int = 200) -> HttpResponse:
    if not asks_for_fragment(request):
        return redirect(address)
    response = HttpResponseClientRedirect(address)
    response.status_code = status
    return response


# --- The file ----------------------------------------------------------------------------------------


@requires(Permission.INVITE_USERS)
@require_safe
def batch_problems_file(request: MemberRequest, organization: str, pk: int) -> HttpResponse | StreamingHttpResponse:
    """Download the rows that are left, in the format of the admin's own file, with what is wrong in each."""
    batch = batch_to_download(request, pk)
    try:
        lines = problem_file(batch)
    except DomainError:
        return redirect("imports:batch", organization, pk)
    return download(lines, name=f"{name_for_download(batch)} - rows to fix.csv")
