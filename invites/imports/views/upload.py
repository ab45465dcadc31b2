"""The dialog that starts an import, and the sample file."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.numbers import id_in, number_in
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.views.dialogs import open_page, posted
from accounts.permissions import Permission
from invites import tasks
from invites.checking import COLUMNS, LONGEST_PASTE
from invites.imports.confirm import cancel_unconfirmed
from invites.imports.forms.import_form import CorrectedRowsForm, ImportForm
from invites.imports.notices import close_late_banner, pop_notice
from invites.imports.paste import understand_paste
from invites.imports.presentation.paste import ShownPaste, shown_paste
from invites.imports.reading import delete_undecided
from invites.imports.upload import correct_batch, start_batch, start_pasted_batch
from invites.imports.views.lookup import batch_to_change, batch_to_see
from invites.imports.views.reading import started_response
from invites.invitations.authorization import selection_of, why_not_change
from invites.models import Batch
from invites.reasons import text_of


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: MemberRequest, organization: str) -> HttpResponse:
    """Ask for roles, sites, and a file or pasted rows. Then check them, and invite everyone if there are no problems.

    `?again=ID` preselects the roles, sites, message and time of an earlier import. If that waits for an answer about
    its file or for a confirmation, the new file replaces it. With `?correct=ID`, the file is a corrected one for an
    import that waits for corrections, or that has ended and has rows left.
    """
    correcting = batch_to_change(request, id_in(request.GET["correct"])) if "correct" in request.GET else None
    if correcting and correcting.has_invited:
        return _correct_late_rows(request, correcting)
    earlier = correcting or (batch_to_see(request, id_in(request.GET["again"])) if "again" in request.GET else None)
    initial = _initial(earlier) if earlier else None
    data = posted(request)
    files = request.FILES if data is not None else None
    form = ImportForm(
        data,
        files,
        membership=request.membership,
        is_correction=correcting is not None,
        send_at=earlier.send_at if earlier else None,
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        try:
            batch = _store(request, form, correcting)
        except DomainError as broken:
            form.add_error(None, broken.message)
        else:
            tasks.start_processing(batch)
            refusal = pop_notice(batch) if correcting else []
            if not refusal:
                _drop_waiting(request, earlier)
                return started_response(request, batch, in_dialog=asks_for_fragment(request))
            form.add_error(None, text_of(refusal))
    context: dict[str, Any] = {"form": form, "correcting": correcting, "longest": LONGEST_PASTE}
    # The form says what is wrong with a text that can't be understood.
    if form.is_pasting and request.POST.get("pasted") and "pasted" not in form.errors:
        context["understood"] = _understood(request)
    return render(request, "imports/import.html", context, status=422 if form.errors else 200)


def _initial(earlier: Batch) -> dict[str, Any]:
    """The same roles, sites and message, and rows that are pasted if they were."""
    chosen = ImportForm.initial_for(selection_of(earlier.grant))
    return {**chosen, "message": earlier.message, "source": "paste" if earlier.pasted_at else "file"}


def _correct_late_rows(request: MemberRequest, batch: Batch) -> HttpResponse:
    """Ask for a corrected file for an import that has ended, and correct its rows."""
    form = CorrectedRowsForm(posted(request), request.FILES if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            correct_batch(batch, file_name=upload.name, content=upload.chunks(), selection=None, by=request.membership)
        except DomainError as broken:
            form.add_error(None, broken.message)
        else:
            tasks.start_processing(batch)
            batch.refresh_from_db()
            refusal = pop_notice(batch)
            # Only who has left the page needs the banner.
            close_late_banner(batch, user_id=request.user.pk)
            if not refusal:
                return _corrected_response(request, batch)
            form.add_error(None, text_of(refusal))
    context = {"form": form, "correcting": batch, "is_late": True}
    return render(request, "imports/import.html", context, status=422 if form.errors else 200)


def _corrected_response(request: MemberRequest, batch: Batch) -> HttpResponse:
    """The rows that are left; or if the import goes on, its progress."""
    if not batch.can_be_corrected:
        return started_response(request, batch, in_dialog=asks_for_fragment(request))
    if not batch.notice:
        messages.success(request, _("The corrected file was used."))
    address = reverse("imports:batch_problems", args=[request.organization.slug, batch.pk])
    return open_page(request, address)


def _drop_waiting(request: MemberRequest, earlier: Batch | None) -> None:
    """Drop the import that another file was chosen for, if it still waits for an answer that the member may give."""
    drop = {Batch.State.NEEDS_ANSWER: delete_undecided, Batch.State.NEEDS_CONFIRMATION: cancel_unconfirmed}
    dropped = drop.get(Batch.State(earlier.state)) if earlier else None
    if earlier and dropped and not why_not_change(request.membership, earlier):
        with suppress(DomainError):
            dropped(earlier, by=request.membership)


def _store(request: MemberRequest, form: ImportForm, correcting: Batch | None) -> Batch:
    message = form.cleaned_data.get("message", "")
    if pasted := form.cleaned_data["pasted"]:
        return start_pasted_batch(
            request.membership, pasted, selection=form.selection(), message=message, send_at=form.send_at
        )
    upload = form.cleaned_data["file"]
    given: dict[str, Any] = {"file_name": upload.name, "content": upload.chunks(), "selection": form.selection()}
    if correcting:
        return correct_batch(correcting, by=request.membership, **given)
    return start_batch(request.membership, message=message, send_at=form.send_at, **given)


@requires(Permission.INVITE_USERS)
@require_POST
def understand_pasted(request: MemberRequest, organization: str) -> HttpResponse:
    """What an import of the pasted text would find, for the dialog. Nothing is stored.

    If the text is too long, `pasted_lines` says how many lines it has.
    """
    return render(request, "imports/_understood.html", {"understood": _understood(request)})


def _understood(request: MemberRequest) -> ShownPaste:
    line_count = number_in(request.POST.get("pasted_lines")) or 0
    try:
        found = understand_paste(request.membership, request.POST.get("pasted", ""), line_count=line_count)
    except DomainError as broken:
        return ShownPaste(error="" if broken.code == "empty" else broken.message)
    return shown_paste(found.understanding, all_rows="all_rows" in request.POST)


@requires(Permission.INVITE_USERS)
@require_safe
def sample_file(request: MemberRequest, organization: str) -> HttpResponse:
    """A sample file with all columns and two people."""
    lines = [[column.title for column in COLUMNS], *[[column.sample.format(n=n) for column in COLUMNS] for n in (1, 2)]]
    content = "".join(f"{','.join(line)}\r\n" for line in lines)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="sample_batch_invite.csv"'
    return response
