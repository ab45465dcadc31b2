"""Change the time of a scheduled invitation, or send it now."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.views.dialogs import about, posted
from accounts.permissions import Permission
from invites import tasks
from invites.invitations import schedule
from invites.invitations.authorization import CANNOT_EDIT, check_can_manage
from invites.invitations.forms.send_time import SendTimeForm
from invites.invitations.views.responses import error_response, outdated_response, success_response
from invites.invitations.views.send_time import ask_for_time
from invites.invitations.visibility import visible_invitations
from invites.invitations.wording import send_time_text
from invites.models import Invitation


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_schedule(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask for another time. One of an import has the time of the import."""
    invitation = _invitation(request, pk)
    if invitation.is_scheduled and invitation.mail_due_at is None:
        raise Http404
    if not invitation.is_scheduled:
        return outdated_response(request, schedule.not_scheduled(invitation))
    form = SendTimeForm(posted(request), organization=request.organization, chosen=invitation.mail_due_at)
    if form.is_valid() and form.send_at is not None:
        try:
            schedule.reschedule(request.membership, invitation, form.send_at)
        except DomainError as broken:
            form.add_error(None, broken.message)
        else:
            text = _("The invitation to {email} will be sent {time}.")
            at = send_time_text(request.organization, form.send_at)
            return success_response(request, text.format(email=invitation.email, time=at), page=_page(invitation))
    lead = about(_("When the invitation is sent to {name}, {email}"), name=invitation.full_name, email=invitation.email)
    return ask_for_time(request, form, lead=lead, back_url=_page(invitation))


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_send_now(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then send a scheduled invitation."""
    invitation = _invitation(request, pk)
    if not invitation.is_scheduled:
        return outdated_response(request, schedule.not_scheduled(invitation))
    if request.method != "POST":
        context = {
            "invitation": invitation,
            "back_url": _page(invitation),
            "question": _("Send the invitation now?"),
            "button": _("Send now"),
            "busy": _("Sending…"),
        }
        return render(request, "directory/invitation_send_now.html", context)
    try:
        schedule.send_now(request.membership, invitation)
    except DomainError as broken:
        return error_response(request, broken, title=_("The invitation wasn’t sent"))
    tasks.enqueue_on_commit(tasks.send_due_invitations, request.organization.pk)
    return success_response(request, _("{email} was invited.").format(email=invitation.email), page=_page(invitation))


def _invitation(request: MemberRequest, pk: int) -> Invitation:
    """An invitation that the member may see and could grant; 404 for others."""
    found = visible_invitations(request.membership).select_related("grant", "organization", "batch")
    invitation = get_object_or_404(found, pk=pk)
    check_can_manage(request.membership, invitation.grant, CANNOT_EDIT)
    return invitation


def _page(invitation: Invitation) -> str:
    return reverse("directory:invitation", args=(invitation.organization.slug, invitation.pk))
