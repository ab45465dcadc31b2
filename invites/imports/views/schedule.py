"""Change the time of a scheduled import, or send it now."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.views.dialogs import posted
from accounts.permissions import Permission
from invites import tasks
from invites.imports.schedule import check_scheduled, reschedule_import, send_import_now
from invites.imports.views.batches import message_response
from invites.imports.views.lookup import batch_to_change
from invites.invitations.forms import SendTimeForm
from invites.invitations.views.responses import outdated_response
from invites.invitations.wording import send_time_text


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_schedule(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask for another time."""
    batch = batch_to_change(request, pk)
    try:
        check_scheduled(batch)
    except DomainError as broken:
        return outdated_response(request, broken)
    form = SendTimeForm(posted(request), organization=request.organization, chosen=batch.send_at)
    if form.is_valid() and form.send_at is not None:
        try:
            reschedule_import(request.membership, batch, form.send_at)
        except DomainError as broken:
            form.add_error(None, broken.message)
        else:
            at = send_time_text(request.organization, form.send_at)
            text = _("The emails will be sent {time}.").format(time=at)
            return message_response(request, batch, text, warning=False)
    context = {"form": form, "batch": batch}
    return render(request, "imports/batch_schedule.html", context, status=422 if form.errors else 200)


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_send_now(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then send a scheduled import."""
    batch = batch_to_change(request, pk)
    try:
        check_scheduled(batch)
    except DomainError as broken:
        return outdated_response(request, broken)
    if request.method != "POST":
        context = {"batch": batch, "count": batch.invitations.scheduled().count()}
        return render(request, "imports/batch_send_now.html", context)
    try:
        send_import_now(request.membership, batch)
    except DomainError as broken:
        return render(request, "imports/refused.html", {"batch": batch, "message": broken.message}, status=409)
    tasks.enqueue_next_step(batch)
    return message_response(request, batch, _("The emails are being sent."), warning=False)
