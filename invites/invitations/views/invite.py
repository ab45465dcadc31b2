"""The dialog to invite one person."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.views.dialogs import posted
from accounts.permissions import Permission
from invites import tasks
from invites.invitations.forms import InviteForm
from invites.invitations.invite import invite_person
from invites.invitations.views.responses import success_response


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: MemberRequest, organization: str) -> HttpResponse:
    """The dialog *Invite users*, which also links to importing a file.

    If the address looks like a typo, the dialog asks once. `use` puts the suggested address into the form.
    """
    data, meant = posted(request), request.POST.get("use")
    if data is not None and meant:
        data = data.copy()
        data["email"] = meant
    form = InviteForm(data, membership=request.membership)
    if data is not None and form.is_valid() and not (meant or form.meant):
        try:
            invitation = invite_person(request.membership, selection=form.selection(), **form.cells()._asdict())
        except DomainError as broken:
            form.add_error("email" if broken.code.startswith("already") else None, broken.message)
        else:
            tasks.enqueue_on_commit(tasks.send_due_invitations, request.organization.pk)
            return success_response(request, _("{email} was invited.").format(email=invitation.email))
    context = {"form": form, "days": settings.INVITATION_DAYS}
    return render(request, "invitations/invite.html", context, status=422 if form.is_bound else 200)
