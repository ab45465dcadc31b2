"""Actions on an import: invite its valid rows, stop it, resend or undo it, and close its banner."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from accounts.wording import counted
from invites import tasks
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.selection import Selection
from invites.directory.views import bulk_actions
from invites.imports.correction_jobs import stop_job
from invites.imports.notices import LATE, banner_topic, close_banner, close_late_banner
from invites.imports.presentation.banners import concerning
from invites.imports.presentation.before_stopping import before_stopping
from invites.imports.selectors.progress import progress_now
from invites.imports.selectors.summary import (
    awaiting_response,
    summary_of,
)
from invites.imports.stop import stop_import
from invites.imports.undo import undo_import
from invites.imports.upload import invite_valid_rows
from invites.imports.views.dialogs import import_question, message_response
from invites.imports.views.lookup import batch_to_change, batch_to_see
from invites.imports.views.progress import progress_dialog
from invites.imports.views.reading import started_response
from invites.invitations.views.responses import banner_closed_response
from invites.models import Batch

_REVOKING = ngettext_lazy(
    "Revoking {count} invitation. Its link no longer works.",
    "Revoking {count} invitations. Their links no longer work.",
)
_REVOKED = ngettext_lazy(
    "{count} invitation was revoked. Its link no longer works.",
    "{count} invitations were revoked. Their links no longer work.",
)


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
        stop = stop_job if "job" in request.POST else stop_import
        if not stop(request.membership, batch):
            messages.warning(request, _("Nothing was stopped, because that had already ended."))
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
    if not people.exists():
        return message_response(request, batch, _why_not_resent(batch), warning=True)
    then = reverse("imports:batch", args=[organization, pk])
    return bulk_actions.review_or_start(request, BulkChange(Kind.RESEND), people, then=then)


def _why_not_resent(batch: Batch) -> str:
    if batch.undone_at:
        return _("This import was undone, so nothing was resent.")
    if batch.state == Batch.State.SCHEDULED:
        return _("The emails of this import haven’t been sent yet, so nothing was resent.")
    return _("No invitation of this import is waiting for a response, so nothing was resent.")


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_undo(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then revoke every invitation of the import that was not accepted."""
    batch = batch_to_change(request, pk)
    if batch.is_being_undone or (batch.undone_at and not batch.invitations.open().exists()):
        return message_response(request, batch, _("This import was already undone."), warning=True)
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


@requires(Permission.INVITE_USERS)
@require_POST
def batch_close_banner(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Close the banner of an import. `?read=` is its topic, which may have changed since it was shown."""
    batch = batch_to_see(request, pk)
    read = request.GET.get("read") or banner_topic(batch)
    if read == LATE:
        close_late_banner(batch, user_id=request.user.pk)
    elif Batch.objects.filter(concerning(request.membership), pk=pk).exists():
        close_banner(batch, read=read)
    else:
        raise Http404
    return banner_closed_response(request)
