"""The page of a person: a member or an invitation, with everything that happened to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.models import Membership, Role, Site
from accounts.numbers import number_in
from accounts.organizations.access import MemberRequest, requires, requires_any
from accounts.organizations.grants import GrantableAccess
from accounts.organizations.members import why_not_change_member
from accounts.permissions import Permission
from invites.directory.history.presentation.items import inviter_in, items_of, items_to_come
from invites.directory.history.timeline import find_history, invitations_of, with_history
from invites.directory.users import Person, Status, person_of, person_of_member
from invites.directory.views.person_actions import ActionLink, PersonLinks, actions_for
from invites.invitations.authorization import CANNOT_EDIT, selection_of
from invites.invitations.visibility import sees_everybody, visible_invitations
from invites.models import AccessGrant, Invitation

MOST_SITES = 8


@dataclass(frozen=True)
class Access:
    """Roles and sites. `hidden_sites` are those that are shown on request."""

    roles: Sequence[Role]
    sites: Sequence[Site]
    hidden_sites: Sequence[Site]
    all_sites: bool

    @classmethod
    def of(cls, holder: Membership | AccessGrant) -> Access:
        sites = [] if holder.all_sites else list(holder.sites.all())
        shown = len(sites) if len(sites) <= MOST_SITES else MOST_SITES
        return cls(list(holder.roles.all()), sites[:shown], sites[shown:], holder.all_sites)

    @property
    def site_count(self) -> int:
        return len(self.sites) + len(self.hidden_sites)


@requires(Permission.VIEW_USERS)
@require_safe
def member_page(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """A member."""
    members = request.organization.memberships.select_related("user").prefetch_related("roles", "sites")
    found = get_object_or_404(members, pk=pk)
    invitations = invitations_of(found.user, request.organization)
    why_not = ""
    if request.membership.has_permission(Permission.MANAGE_USERS):
        why_not = why_not_change_member(request.membership, found)
    return _page(
        request,
        person_of_member(found),
        invitations,
        joined=found,
        access=Access.of(found),
        why_not=why_not,
        is_own=found == request.membership,
    )


@requires_any(Permission.VIEW_USERS, Permission.INVITE_USERS)
@require_safe
def invitation_page(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """An invitation. Once it was accepted or replaced, leads to the page of the member or of the newer invitation.

    Without *See users*, members see only the invitations that they sent, and not what became of the invitee.
    """
    viewer = request.membership
    found = get_object_or_404(with_history(visible_invitations(viewer)), pk=pk)
    if sees_everybody(viewer) and found.state == Invitation.State.ACCEPTED:
        joined = request.organization.memberships.filter(user=found.accepted_by_id).first()
        if joined is None:
            raise Http404
        return redirect("directory:member", organization, joined.pk)
    if found.state == Invitation.State.REPLACED:
        newer = _newer(viewer, found)
        if newer is not None:
            return redirect("directory:invitation", organization, newer.pk)
    why_not = ""
    is_declined = found.state == Invitation.State.DECLINED and not found.is_unlisted
    is_listed = is_declined or visible_invitations(viewer).open().filter(pk=pk).exists()
    if is_listed and viewer.has_permission(Permission.INVITE_USERS):
        why_not = GrantableAccess(viewer).why_not_manage(selection_of(found.grant), CANNOT_EDIT)
    closed = found.state if found.state in (Invitation.State.ACCEPTED, Invitation.State.DECLINED) else "revoked"
    return _page(
        request,
        person_of(found),
        [found],
        access=Access.of(found.grant),
        why_not=why_not,
        closed="" if is_listed else closed,
    )


def _newer(viewer: Membership, replaced: Invitation) -> Invitation | None:
    """The invitation that has replaced it: it is pending, or was declined or accepted."""
    visible = visible_invitations(viewer)
    same = visible.filter(email_key=replaced.email_key)
    # One after the other, because each has an index of its own.
    open_or_declined = same.open().first() or same.declined().order_by("-pk").first()
    if open_or_declined is not None:
        return open_or_declined
    members = Membership.objects.filter(organization=replaced.organization_id, user__email=replaced.email_key)
    member = members.first()
    # One that somebody accepted who has left since has no page.
    accepted = visible.filter(accepted_by=member.user_id, pk__gt=replaced.pk) if member else visible.none()
    return accepted.order_by("-closed_at", "-pk").first()


def _page(
    request: MemberRequest,
    person: Person,
    invitations: Sequence[Invitation],
    *,
    joined: Membership | None = None,
    closed: str = "",
    **context: Any,
) -> HttpResponse:
    """`closed` is the status of an invitation that isn't on the list anymore."""
    viewer = request.membership
    start = number_in(request.GET.get("start")) or 0
    history = find_history(request.organization, invitations, joined, start=start)
    first = invitations[0] if invitations else None
    context |= {
        "person": person,
        "closed": closed,
        "is_pending": not closed and person.status == Status.PENDING,
        "links": [] if closed else _links(viewer, person),
        "invitation": first,
        "inviter": inviter_in(history, viewer),
        "may_see_import": _may_see_import(viewer, first),
        "items": items_of(history, viewer, person.name),
        "items_to_come": items_to_come(first) if first and not joined and not closed and not start else [],
        "start": start,
        "site_count": request.organization.sites.count(),
        "next_start": history.next_start,
    }
    return render(request, "directory/person.html", context)


def _links(viewer: Membership, person: Person) -> list[ActionLink]:
    actions = actions_for(viewer, GrantableAccess(viewer), person)
    return PersonLinks(viewer.organization.slug).links_of(person, actions)


def _may_see_import(viewer: Membership, invitation: Invitation | None) -> bool:
    if invitation is None or invitation.batch is None or not viewer.has_permission(Permission.INVITE_USERS):
        return False
    return sees_everybody(viewer) or invitation.batch.inviter_id == viewer.user_id
