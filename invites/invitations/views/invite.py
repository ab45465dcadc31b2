"""The dialog to invite one person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from accounts.models import Membership
from accounts.numbers import number_in
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.members import why_not_change_member
from accounts.organizations.views.dialogs import posted
from accounts.permissions import Permission
from invites import tasks
from invites.checking import COLUMNS
from invites.invitations.authorization import selection_of
from invites.invitations.forms.invite import InviteForm
from invites.invitations.forms.person import LONGEST
from invites.invitations.invite import invite_person
from invites.invitations.late_rows import find_late_row
from invites.invitations.may_be_invited import AlreadyDeactivatedError
from invites.invitations.views.responses import people_url, success_response
from invites.invitations.wording import send_time_text
from invites.models import Invitation, Row
from invites.problems import problems_of

# Errors that are shown below the address.
ABOUT_ADDRESS = ("already_member", "already_deactivated", "already_invited", "address_blocked")


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: MemberRequest, organization: str) -> HttpResponse:
    """The dialog *Invite users*, which also links to importing a file.

    For a row of an import that wasn't invited, it shows what the row has, and the person joins the import.
    If the address may be a mistake, the dialog asks once. `use` puts the suggested address into the form.
    """
    data, meant = posted(request), request.POST.get("use")
    if data is not None and meant:
        data = data.copy()
        data["email"] = meant
    to_reactivate = None
    batch_id, number = (number_in(request.GET.get(name)) for name in ("import", "row"))
    row = find_late_row(request.membership, batch_id, number) if batch_id and number else None
    form = InviteForm(data, initial=_initial(row), membership=request.membership)
    if data is not None and form.is_valid() and not (meant or form.asks):
        try:
            invitation = _invite(request, form, row)
        except DomainError as broken:
            if broken.code == "declined":
                form.ask_despite_decline(broken.message)
            else:
                form.add_error("email" if broken.code in ABOUT_ADDRESS else None, broken.message)
            if isinstance(broken, AlreadyDeactivatedError) and _may_reactivate(request, broken.membership):
                to_reactivate = broken.membership
        else:
            invited = _("{email} was invited.").format(email=invitation.email)
            if form.send_at is not None:
                at = send_time_text(request.organization, form.send_at)
                invited = _("The invitation to {email} will be sent {time}.").format(email=invitation.email, time=at)
            tasks.enqueue_on_commit(tasks.send_due_invitations, request.organization.pk)
            return success_response(request, invited, page=_page_of(row))
    context = {
        "form": form,
        "row": row,
        "problems": problems_of(row.problems) if row else (),
        "days": settings.INVITATION_DAYS,
        "to_reactivate": to_reactivate,
        "back_url": people_url(request.membership),
    }
    return render(request, "invitations/invite.html", context, status=422 if form.is_bound else 200)


def _may_reactivate(request: MemberRequest, member: Membership) -> bool:
    needed = (Permission.MANAGE_USERS, Permission.VIEW_USERS)
    is_allowed = all(request.membership.has_permission(permission) for permission in needed)
    return is_allowed and not why_not_change_member(request.membership, member)


def _invite(request: MemberRequest, form: InviteForm, row: Row | None) -> Invitation:
    values = {"message": form.cleaned_data["message"], **form.cells()._asdict()}
    selection = form.selection()
    return invite_person(request.membership, form.send_at, row, form.despite_decline, selection=selection, **values)


def _page_of(row: Row | None) -> str:
    """The page of the import of this row; empty without a row."""
    return reverse("imports:batch", args=[row.batch.organization.slug, row.batch_id]) + "#rows" if row else ""


def _initial(row: Row | None) -> dict[str, Any]:
    """The cells of the row, with the roles and sites of its import. Empty without a row."""
    if row is None:
        return {}
    found = row.edit["cells"] if row.edit else row.cells
    if found is None or row.reason == Row.Reason.ALREADY_DECLINED:
        # A valid row.
        found = [getattr(row, column.key) for column in COLUMNS]
    cells = {column.key: cell[:LONGEST] for column, cell in zip(COLUMNS, found, strict=False)}
    return {**cells, **InviteForm.initial_for(selection_of(row.batch.grant)), "message": row.batch.message}
