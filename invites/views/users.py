"""The people of an organization: the list, and what can be done with a member."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import MemberRequest, requires
from accounts.context import asks_for_fragment
from accounts.errors import RuleBroken
from accounts.forms import GrantForm
from accounts.models import Membership
from accounts.permissions import Permission
from accounts.services.grants import GrantChoice
from accounts.services.members import change_membership, reaches, remove_membership
from invites.queries.people import PeopleFilter, Person, Status, count_people, people_page
from invites.views.answers import done, refused


@dataclass(frozen=True)
class Line:
    """A person in the list, with what the viewer may do."""

    person: Person
    may_change: bool
    may_remove: bool
    may_answer_for: bool

    @property
    def has_menu(self) -> bool:
        return self.may_change or self.may_remove or self.may_answer_for


@requires(Permission.VIEW_USERS)
@require_GET
def users(request: MemberRequest, organization: str) -> HttpResponse:
    """Members and open invitations: a page of them, searched and filtered by the query string."""
    here, wanted = request.organization, PeopleFilter.read(request.GET, request.organization)
    counts = count_people(here, wanted)
    page = people_page(here, wanted, number=request.GET.get("page", 1), counts=counts)
    prefetch_related_objects([request.membership], "sites")
    context = {
        "nav": "users",
        "wanted": wanted,
        "query": wanted.query_string(),
        "tabs": [
            (label, wanted.query_string(status=status), counts.of(status), wanted.status == status)
            for label, status in (("All", None), *((status.label, status) for status in Status))
        ],
        "page": page,
        "lines": [_line(request.membership, person) for person in page.object_list],
        "site_count": here.sites.count(),
        "roles": [(role, wanted.query_string(role=role), wanted.role == role) for role in here.roles.all()],
        "sites": [(site, wanted.query_string(site=site), wanted.site == site) for site in here.sites.all()],
        "without_role": wanted.query_string(role=None),
        "without_site": wanted.query_string(site=None),
        "without_search": wanted.query_string(search="", role=None, site=None),
        "all_statuses": wanted.query_string(status=None),
        "is_alone": counts.total <= 1 and not wanted.is_narrow,
    }
    template = "invites/users_list.html" if asks_for_fragment(request) else "invites/users.html"
    return render(request, template, context)


def _line(viewer: Membership, person: Person) -> Line:
    if person.membership is None:
        may_invite = viewer.may(Permission.INVITE_USERS)
        return Line(person, may_change=False, may_remove=False, may_answer_for=may_invite)
    may_manage = viewer.may(Permission.MANAGE_USERS) and reaches(viewer, person.membership)
    return Line(
        person, may_change=may_manage, may_remove=may_manage and person.membership != viewer, may_answer_for=False
    )


@requires(Permission.MANAGE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def member_edit(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Other roles and sites for a member."""
    member = _member(request, pk)
    held = GrantChoice.of(member.roles.all(), member.sites.all(), all_sites=member.all_sites)
    form = GrantForm(request.POST or None, membership=request.membership, initial=GrantForm.initial_for(held))
    if request.method == "POST" and form.is_valid():
        try:
            change_membership(request.membership, member, form.grant())
        except RuleBroken as broken:
            form.add_error(None, broken.message)
        else:
            return done(request, f"The roles and sites of {member.user} were changed.")
    context = {"form": form, "member": member, "nav": "users", "reachable": reaches(request.membership, member)}
    return render(request, "invites/member_edit.html", context, status=422 if form.errors else 200)


@requires(Permission.MANAGE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Asks, then ends a membership."""
    member = _member(request, pk)
    if request.method == "POST":
        try:
            remove_membership(request.membership, member)
        except RuleBroken as broken:
            return refused(request, broken, title=f"{member.user} was not removed")
        if member == request.membership:
            return redirect("home")
        return done(request, f"{member.user} was removed from {request.organization.name}.")
    return render(request, "invites/member_remove.html", {"member": member, "nav": "users"})


def _member(request: MemberRequest, pk: int) -> Membership:
    members = request.organization.memberships.select_related("user").prefetch_related("roles", "sites")
    return get_object_or_404(members, pk=pk)
