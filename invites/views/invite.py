"""Inviting one person, and what can be done with an invitation that waits for an answer."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import MemberRequest, requires
from accounts.errors import RuleBroken
from accounts.forms import GrantForm
from accounts.permissions import Permission
from accounts.services.grants import Reach
from accounts.views.dialogs import posted
from invites import tasks
from invites.forms.people import InviteForm
from invites.models import BulkAction, Invitation
from invites.queries.people import PER_PAGE, PeopleFilter, chosen_invitations, matching_invitations, person_of
from invites.queries.undoing import not_being_undone
from invites.queries.visible import visible_invitations
from invites.services import pending
from invites.services.bulk_actions import IN_REQUEST
from invites.services.granting import check_may_touch, choice_of
from invites.services.single import change_invitation, invite_person
from invites.views import bulk_actions
from invites.views.answers import back_url, done, refused, resent_text, revoked_text


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: MemberRequest, organization: str) -> HttpResponse:
    """The dialog *Invite users*: one person, or on to a file.

    An address that looks like a slip is asked about once: `use` puts the other one into the form.
    """
    data, meant = posted(request), request.POST.get("use")
    if data is not None and meant:
        data = data.copy()
        data["email"] = meant
    form = InviteForm(data, membership=request.membership)
    if data is not None and form.is_valid() and not (meant or form.meant):
        person = {name: form.cleaned_data[name] for name in ("email", "first_name", "last_name", "description")}
        try:
            invitation = invite_person(request.membership, **person, choice=form.grant())
        except RuleBroken as broken:
            if broken.is_refusal:
                raise
            form.add_error("email" if broken.code.startswith("already") else None, broken.message)
        else:
            tasks.hint(tasks.send_due_invitations, request.organization.pk)
            return done(request, f"{invitation.email} was invited.")
    context = {"form": form, "days": settings.INVITATION_DAYS, "nav": "users"}
    return render(request, "invites/invite.html", context, status=422 if form.is_bound else 200)


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_edit(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """What there is to know of an invitation, and other roles and sites for it."""
    to = "change this invitation"
    is_change = request.method == "POST"
    invitation = _invitation_to_change(request, pk, to=to) if is_change else _invitation(request, pk)
    initial = GrantForm.initial_for(choice_of(invitation.grant))
    form = GrantForm(posted(request), membership=request.membership, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_invitation(request.membership, invitation, form.grant())
        except RuleBroken as broken:
            if broken.is_refusal:
                raise
            form.add_error(None, broken.message)
        else:
            return done(request, f"The roles and sites of {invitation.full_name} were changed.")
    why_not = Reach(request.membership).why_not_touch(choice_of(invitation.grant), to=to)
    context = {"form": form, "person": person_of(invitation), "why_not_change": why_not, "nav": "users"}
    return render(request, "invites/invitation_edit.html", context, status=422 if form.errors else 200)


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_resend(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Sends it again; opened as a page, it asks first."""
    invitation = _invitation_to_change(request, pk, to="resend this invitation")
    if request.method != "POST":
        context = {"invitation": invitation, "days": settings.INVITATION_DAYS, "nav": "users"}
        return render(request, "invites/invitation_resend.html", context)
    try:
        pending.resend(request.membership, invitation)
    except RuleBroken as broken:
        if broken.is_refusal:
            raise
        return done(request, broken.message, warning=True)
    tasks.hint(tasks.send_due_invitations, request.organization.pk)
    return done(request, f"The invitation to {invitation.email} will be resent.")


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_revoke(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Asks, then takes the invitation back."""
    invitation = _invitation_to_change(request, pk, to="revoke this invitation")
    if request.method == "POST":
        try:
            pending.revoke(request.membership, invitation)
        except RuleBroken as broken:
            if broken.is_refusal:
                raise
            return refused(request, broken, title="Nothing was revoked")
        return done(request, f"The invitation to {invitation.email} was revoked.")
    return render(request, "invites/invitation_revoke.html", {"invitation": invitation, "nav": "users"})


@requires(Permission.INVITE_USERS)
@require_POST
def people_bulk(request: MemberRequest, organization: str) -> HttpResponse:
    """Resend or revoke for the chosen people, or for all whom the filter in the query string leaves.

    Revoking asks first, and so does mail to more people than stand on a page. More than a few thousand are left to
    workers.
    """
    chosen = _chosen(request)
    count, action, confirmed = chosen.count(), request.POST.get("action"), request.POST.get("confirmed") == "1"
    if not count:
        return done(request, "None of the selected users has an open invitation.", warning=True)
    if confirmed and count > IN_REQUEST and action in BulkAction.Kind.values:
        ids = pending.pending_ids(request.membership, chosen)
        return bulk_actions.start(request, BulkAction.Kind(action), ids, then=back_url(request.membership))
    if action == "resend" and (confirmed or count <= PER_PAGE):
        resent = pending.resend_many(request.membership, chosen)
        tasks.hint(tasks.send_due_invitations, request.organization.pk)
        return done(request, resent_text(resent), warning=not resent.sent)
    if action == "revoke" and confirmed:
        revoked = pending.revoke_many(request.membership, chosen)
        return done(request, revoked_text(revoked), warning=not revoked.count)
    context = {"count": count, "selected": request.POST.getlist("selected"), "all": _wants_all(request), "nav": "users"}
    question = "invites/people_resend.html" if action == "resend" else "invites/people_revoke.html"
    return render(request, question, context | {"days": settings.INVITATION_DAYS})


def _invitation(request: MemberRequest, pk: int) -> Invitation:
    """One that the member may see and that waits for an answer: others have no page."""
    invitations = visible_invitations(request.membership).filter(not_being_undone(), state=Invitation.State.PENDING)
    return get_object_or_404(invitations.select_related("grant", "inviter", "organization"), pk=pk)


def _invitation_to_change(request: MemberRequest, pk: int, *, to: str) -> Invitation:
    """The same, for an action on it. Members who can't grant what it gives get 403. The service checks again."""
    invitation = _invitation(request, pk)
    check_may_touch(request.membership, invitation.grant, to=to)
    return invitation


def _chosen(request: MemberRequest) -> QuerySet[Invitation]:
    if _wants_all(request):
        wanted = PeopleFilter.read(request.GET, request.organization)
        # A list that is no longer narrowed by a role that was deleted meanwhile has people on it whom nobody selected.
        if not wanted.is_all_of(request.GET):
            return Invitation.objects.none()
        return matching_invitations(request.membership, wanted)
    return chosen_invitations(request.membership, request.POST.getlist("selected"))


def _wants_all(request: MemberRequest) -> bool:
    return request.POST.get("all") == "1"
