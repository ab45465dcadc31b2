"""The page with requests for a new invitation, which an admin grants or dismisses with one click."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError
from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from invites import tasks
from invites.directory.users import PER_PAGE, person_of
from invites.invitations import actions
from invites.invitations.authorization import CANNOT_RESEND, check_can_manage
from invites.invitations.pending import closed_since
from invites.invitations.requests import dismiss_request, open_requests
from invites.invitations.visibility import visible_invitations
from invites.models import Invitation


@requires(Permission.INVITE_USERS)
@require_safe
def request_list(request: MemberRequest, organization: str) -> HttpResponse:
    """Who asked for a new invitation that the member could send, newest first."""
    requests = open_requests(request.membership).prefetch_related(
        "invitation__grant__roles", "invitation__grant__sites"
    )
    page = Paginator(requests, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "listed": [(each, person_of(each.invitation)) for each in page],
        "site_count": request.organization.sites.count(),
        # The page says more than the banner.
        "invitation_requests": 0,
    }
    return render(request, "directory/requests.html", context)


@requires(Permission.INVITE_USERS)
@require_POST
def request_grant(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Resend the invitation with a new link and the same access."""
    invitation = _invitation(request, pk)
    if why_not := _why_outdated(request, invitation):
        messages.warning(request, why_not)
        return redirect("directory:requests", organization)
    try:
        actions.resend(request.membership, invitation)
    except DomainError as broken:
        messages.warning(request, broken.message)
    else:
        tasks.enqueue_on_commit(tasks.send_due_invitations, request.organization.pk)
        messages.success(request, _("The invitation to {email} will be resent.").format(email=invitation.email))
    return redirect("directory:requests", organization)


@requires(Permission.INVITE_USERS)
@require_POST
def request_dismiss(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Remove the request from the list. The invitee can ask again the next day."""
    invitation = _invitation(request, pk)
    if why_not := _why_outdated(request, invitation):
        messages.warning(request, why_not)
        return redirect("directory:requests", organization)
    dismiss_request(request.membership, invitation)
    messages.success(request, _("The request from {email} was dismissed.").format(email=invitation.email))
    return redirect("directory:requests", organization)


def _why_outdated(request: MemberRequest, invitation: Invitation) -> str:
    """Why there is no request anymore, if somebody has answered it since the page was loaded. Else empty."""
    if broken := closed_since(invitation):
        return broken.message
    if open_requests(request.membership).filter(pk=invitation.pk).exists():
        return ""
    answered = _("Someone has already answered the request from {email}, so nothing was changed.")
    return answered.format(email=invitation.email)


def _invitation(request: MemberRequest, pk: int) -> Invitation:
    """An invitation that the member may see; 404 for others. Raises AccessDenied for members who couldn't send it."""
    visible = visible_invitations(request.membership)
    invitation = get_object_or_404(visible.select_related("grant", "organization"), pk=pk)
    check_can_manage(request.membership, invitation.grant, CANNOT_RESEND)
    return invitation
