"""Actions on one open invitation on the Users page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.grants import GrantableAccess
from accounts.organizations.views.dialogs import about, posted
from accounts.permissions import Permission
from accounts.texts import StrOrPromise
from invites import tasks
from invites.checking import Cells
from invites.directory.users import person_of
from invites.invitations import actions
from invites.invitations.authorization import (
    CANNOT_EDIT,
    CANNOT_RESEND,
    CANNOT_REVOKE,
    check_can_manage,
    selection_of,
)
from invites.invitations.change import change_invitation
from invites.invitations.forms.invite import InvitationForm
from invites.invitations.pending import closed_since
from invites.invitations.views.responses import error_response, outdated_response, success_response
from invites.invitations.visibility import visible_invitations
from invites.models import Invitation

# The errors that are about the address.
OF_THE_ADDRESS = ("already_member", "already_invited", "over_quota", "too_often")


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_edit(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Change the names, the description, the roles, the sites and the address of an invitation.

    If the address is new and may be a mistake, the dialog asks once. `use` puts the suggested address into the form.
    """
    is_change = request.method == "POST"
    invitation = _invitation_to_change(request, pk, CANNOT_EDIT) if is_change else _invitation(request, pk)
    if outdated := closed_since(invitation):
        return outdated_response(request, outdated)
    data, meant = posted(request), request.POST.get("use")
    if data is not None and meant:
        data = data.copy()
        data["email"] = meant
    form = InvitationForm(data, membership=request.membership, invitation=invitation)
    page = reverse("directory:invitation", args=(organization, pk))
    if data is not None and form.is_valid() and not (meant or form.asks):
        try:
            is_resent = change_invitation(
                request.membership,
                invitation,
                form.selection(),
                cells=form.cells(),
                shown=form.shown,
                message=form.new_message(),
            )
        except DomainError as broken:
            form.add_error("email" if broken.code in OF_THE_ADDRESS else None, broken.message)
        else:
            return _changed(request, form.cells(), page, is_resent=is_resent)
    why_not = GrantableAccess(request.membership).why_not_manage(selection_of(invitation.grant), CANNOT_EDIT)
    context = {"form": form, "person": person_of(invitation), "why_not_change": why_not, "back_url": page}
    return render(request, "directory/invitation_edit.html", context, status=422 if form.is_bound else 200)


def _changed(request: MemberRequest, cells: Cells, page: str, *, is_resent: bool) -> HttpResponse:
    if is_resent:
        tasks.enqueue_on_commit(tasks.send_due_invitations, request.organization.pk)
        saved = _("The changes were saved. The invitation will be resent to {email}.").format(email=cells.email)
    else:
        saved = _("The changes to {user} were saved.").format(user=f"{cells.first_name} {cells.last_name}")
    return success_response(request, saved, page=page)


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_resend(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Resend an invitation. Opened as a page, ask first."""
    invitation = _invitation_to_change(request, pk, CANNOT_RESEND)
    if request.method != "POST":
        if outdated := closed_since(invitation):
            return outdated_response(request, outdated)
        context = {
            "invitation": invitation,
            "days": settings.INVITATION_DAYS,
            "question": _("Resend the invitation?"),
            "button": _("Resend"),
            "busy": _("Sending…"),
        }
        return render(request, "directory/invitation_resend.html", context)
    try:
        actions.resend(request.membership, invitation)
    except DomainError as broken:
        return success_response(request, broken.message, warning=True)
    tasks.enqueue_on_commit(tasks.send_due_invitations, request.organization.pk)
    return success_response(request, _("The invitation to {email} will be resent.").format(email=invitation.email))


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_revoke(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then revoke an invitation."""
    invitation = _invitation_to_change(request, pk, CANNOT_REVOKE)
    if outdated := closed_since(invitation):
        return outdated_response(request, outdated)
    if request.method == "POST":
        try:
            actions.revoke(request.membership, invitation)
        except DomainError as broken:
            return error_response(request, broken, title=_("The invitation wasn’t revoked"))
        revoked = _("The invitation to {email} was revoked.").format(email=invitation.email)
        return success_response(request, revoked, gone=reverse("directory:invitation", args=(organization, pk)))
    context = {"invitation": invitation, "is_danger": True, **_revoke_texts(invitation)}
    return render(request, "directory/invitation_revoke.html", context)


def _revoke_texts(invitation: Invitation) -> dict[str, str]:
    """Nobody has got an email about one that is scheduled, so there is nothing to revoke."""
    name = invitation.full_name
    if invitation.is_scheduled:
        return {
            "question": about(_("Cancel the invitation for {name}?"), name=name),
            "stay": _("Keep it"),
            "button": _("Cancel invitation"),
            "busy": _("Canceling…"),
        }
    question = about(_("Revoke the invitation for {name}?"), name=name)
    return {"question": question, "button": _("Revoke"), "busy": _("Revoking…")}


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_again(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Say that the invitee declined, then invite them anyway."""
    invitation = _invitation_to_change(request, pk, CANNOT_RESEND)
    if not invitation.is_declined_on_list:
        return outdated_response(request, actions.not_declined(invitation))
    if request.method != "POST":
        context = {
            "invitation": invitation,
            "question": about(_("Invite {name} again?"), name=invitation.full_name),
            "button": _("Invite again"),
            "busy": _("Sending…"),
        }
        return render(request, "directory/invitation_again.html", context)
    try:
        actions.invite_again(request.membership, invitation)
    except DomainError as broken:
        return error_response(request, broken, title=_("{user} wasn’t invited").format(user=invitation.full_name))
    tasks.enqueue_on_commit(tasks.send_due_invitations, request.organization.pk)
    return success_response(request, _("{email} was invited.").format(email=invitation.email))


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_unlist(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then remove a declined invitation from the list."""
    invitation = _invitation_to_change(request, pk, CANNOT_REVOKE)
    if not invitation.is_declined_on_list:
        return outdated_response(request, actions.not_declined(invitation))
    if request.method != "POST":
        context = {
            "invitation": invitation,
            "question": about(_("Remove {name} from the list?"), name=invitation.full_name),
            "button": _("Remove from the list"),
            "busy": _("Removing…"),
            "is_danger": True,
        }
        return render(request, "directory/invitation_unlist.html", context)
    try:
        actions.unlist(request.membership, invitation)
    except DomainError as broken:
        return error_response(request, broken, title=_("{user} wasn’t removed").format(user=invitation.full_name))
    return success_response(request, _("{user} was removed from the list.").format(user=invitation.full_name))


def _invitation(request: MemberRequest, pk: int) -> Invitation:
    """An invitation that the member may see; 404 for others."""
    invitations = visible_invitations(request.membership)
    return get_object_or_404(invitations.select_related("grant", "inviter", "organization"), pk=pk)


def _invitation_to_change(request: MemberRequest, pk: int, why_not: StrOrPromise) -> Invitation:
    """The same, for an action. Raises AccessDenied with `why_not` for members who can't grant all that it grants."""
    invitation = _invitation(request, pk)
    check_can_manage(request.membership, invitation.grant, why_not)
    return invitation
