"""Change the time of a scheduled import, or send it now."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.views.dialogs import about, posted
from accounts.permissions import Permission
from invites import tasks
from invites.imports.presentation.names import import_name
from invites.imports.schedule import check_scheduled, reschedule_import, send_import_now
from invites.imports.views.dialogs import import_question, message_response
from invites.imports.views.lookup import batch_to_change
from invites.invitations.forms.send_time import SendTimeForm
from invites.invitations.views.responses import outdated_response
from invites.invitations.views.send_time import ask_for_time
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
    lead = about(_("When the emails of {file} are sent"), file=import_name(batch))
    return ask_for_time(request, form, lead=lead, back_url=reverse("imports:batch", args=[organization, pk]))


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
        context = {
            **import_question(batch, _("Send the emails now?")),
            "button": _("Send now"),
            "busy": _("Sending…"),
            "count": batch.invitations.scheduled().count(),
        }
        return render(request, "imports/batch_send_now.html", context)
    try:
        send_import_now(request.membership, batch)
    except DomainError as broken:
        return render(request, "imports/refused.html", {"batch": batch, "message": broken.message}, status=409)
    tasks.enqueue_next_step(batch)
    return message_response(request, batch, _("The emails are being sent."), warning=False)
