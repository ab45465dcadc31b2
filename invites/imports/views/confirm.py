"""The question before many people get the power to invite or manage users."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.numbers import number_in
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.views.dialogs import open_page
from accounts.permissions import Permission
from accounts.wording import separated
from invites import tasks
from invites.imports.confirm import Question, confirm_access, go_back_to_rows, has_rows_to_correct, question_about
from invites.imports.presentation.banners import banners_for
from invites.imports.presentation.confirmation import (
    able_text,
    confirm_label,
    confirm_title,
    not_invited_text,
    powers_from,
)
from invites.imports.presentation.status import nobody_yet, possible_mistakes
from invites.imports.selectors.summary import outcomes_of
from invites.imports.selectors.typos import typos_of
from invites.imports.views.lookup import batch_to_change, batch_to_see
from invites.imports.views.progress import progress_dialog
from invites.invitations.authorization import why_not_change
from invites.invitations.wording import role_names, site_list
from invites.models import Batch


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_confirm(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Name the number of people and what they will be able to do. A POST invites them, or goes back to the rows."""
    batch = batch_to_see(request, pk) if request.method != "POST" else batch_to_change(request, pk)
    if batch.state != Batch.State.NEEDS_CONFIRMATION:
        return _moved_on_response(request, batch)
    if request.method != "POST":
        return confirm_response(request, batch)
    try:
        if request.POST.get("do") == "back":
            go_back_to_rows(batch, by=request.membership)
        else:
            confirm_access(batch, _seen(request), by=request.membership)
    except DomainError as broken:
        if broken.code == "moved_on":
            return _moved_on_response(request, batch)
        batch.refresh_from_db()
        return confirm_response(request, batch, error=broken.message)
    if batch.can_be_corrected:
        return _redirect(request, batch, "imports:batch_problems")
    tasks.process_next_step(batch)
    return _moved_on_response(request, batch)


def confirm_response(request: MemberRequest, batch: Batch, *, error: str = "") -> HttpResponse:
    """The question, as a page or a dialog. The status is 422 after an error."""
    question = question_about(batch)
    typos = typos_of(batch)
    context: dict[str, Any] = {
        "batch": batch,
        "lead": nobody_yet(batch),
        "error": error,
        "title": confirm_title(question.count, question.powers),
        "label": confirm_label(question.count),
        "able": able_text(question.powers),
        "not_invited": not_invited_text(outcomes_of(batch).problems),
        "mistakes": possible_mistakes(typos),
        "roles": separated(role_names(batch.grant)),
        "sites": separated(site_list(batch.grant)),
        "question": question,
        "powers": " ".join(question.powers),
        "goes_back": batch.has_invited or has_rows_to_correct(batch),
        "why_not_change": why_not_change(request.membership, batch),
    }
    if not asks_for_fragment(request):
        # The page says more than its own banner.
        context["banners"] = banners_for(request.membership, but=batch.pk)
    return render(request, "imports/confirm.html", context, status=422 if error else 200)


def _seen(request: MemberRequest) -> Question:
    """The question that the form was about. What can't be read is not the current one."""
    try:
        moment = parse_datetime(request.POST.get("asked_at", ""))
    except ValueError:
        moment = None
    number = number_in(request.POST.get("count"))
    return Question(-1 if number is None else number, powers_from(request.POST.get("powers", "")), moment)


def _moved_on_response(request: MemberRequest, batch: Batch) -> HttpResponse:
    """The import doesn't wait for a confirmation (anymore): show what became of it."""
    batch.refresh_from_db()
    if not asks_for_fragment(request):
        return redirect("imports:batch", batch.organization.slug, batch.pk)
    return trigger_client_event(progress_dialog(request, batch), "shell:changed")


def _redirect(request: MemberRequest, batch: Batch, page: str) -> HttpResponse:
    return open_page(request, reverse(page, args=[batch.organization.slug, batch.pk]))
