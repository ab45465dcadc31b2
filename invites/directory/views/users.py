"""The Users page, and the dialog to change a member."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.models import Membership, Role, Site
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.access_changes import action_for, change_between
from accounts.organizations.grants import AccessSelection, GrantableAccess
from accounts.organizations.members import (
    change_membership,
    check_can_manage_member,
    why_not_change_member,
)
from accounts.organizations.views.dialogs import posted
from accounts.permissions import Permission
from invites.directory.counts import StatusCounts, count_users
from invites.directory.users import Status, UserFilter
from invites.directory.users_page import find_users_page
from invites.directory.views.rows import rows_of
from invites.invitations.forms.member import MemberForm
from invites.invitations.views.responses import success_response

# Each has an action for those who are selected.
SELECTING = (Permission.INVITE_USERS, Permission.MANAGE_USERS, Permission.EXPORT_USERS)


@requires(Permission.VIEW_USERS)
@require_safe
def users(request: MemberRequest, organization: str) -> HttpResponse:
    """A page of members and open invitations, searched and filtered by the query string."""
    here = request.organization
    roles, sites = list(here.roles.all()), list(here.sites.all())
    wanted = UserFilter.read(request.GET, here, roles=roles, sites=sites)
    counts = count_users(here, wanted)
    page = find_users_page(
        here,
        wanted,
        number=request.GET.get("page", 1),
        counts=counts,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        roles=roles,
        sites=sites,
    )
    grantable = GrantableAccess(request.membership, roles=roles, sites=sites)
    context = {
        "wanted": wanted,
        "query": wanted.query_string(),
        "tabs": _tabs(request.path, wanted, counts),
        "filters": [
            _role_filter(request.path, wanted, roles),
            _site_filter(request.path, wanted, sites),
            _expiry_filter(request.path, wanted),
        ],
        "page": page,
        "lines": list(rows_of(request.membership, grantable, page.object_list, site_count=len(sites))),
        "selectable": any(request.membership.has_permission(each) for each in SELECTING),
        # Without JavaScript, the button "Select all" leads here.
        "is_all_selected": request.GET.get("select") == "all",
        "everywhere": wanted.query_string(status=None) if wanted.status else "",
        "unnarrowed": wanted.query_string(search="", role=None, site=None, expires_soon=False),
        "is_alone": counts.total <= 1 and not wanted.is_narrow and wanted.status in (None, Status.ACTIVE),
        "is_part": asks_for_fragment(request),
    }
    template = "directory/users_list.html" if asks_for_fragment(request) else "directory/users.html"
    return render(request, template, context)


@dataclass(frozen=True)
class FilterLink:
    """A link to the list with another filter."""

    key: str
    label: str
    url: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True)
class Filter:
    """One of the menus beside the search. `chosen` is the name of the current choice, or empty."""

    name: str
    label: str
    icon: str
    chosen: str
    choices: list[FilterLink]


def _tabs(here: str, wanted: UserFilter, counts: StatusCounts) -> list[FilterLink]:
    statuses: list[tuple[str, str, Status | None]] = [("all", _("All"), None)]
    # Most organizations have none of these.
    rare = (Status.SCHEDULED, Status.DECLINED)
    shown = [status for status in Status if status not in rare or counts.of(status) or wanted.status == status]
    statuses += [(status.value, str(status.label), status) for status in shown]
    return [
        FilterLink(key, label, _url(here, wanted, status=status), wanted.status == status, counts.of(status))
        for key, label, status in statuses
    ]


def _role_filter(here: str, wanted: UserFilter, roles: Iterable[Role]) -> Filter:
    links = [FilterLink("any", _("Any role"), _url(here, wanted, role=None), wanted.role is None)]
    links += [FilterLink(str(each.pk), each.name, _url(here, wanted, role=each), wanted.role == each) for each in roles]
    return Filter("role", _("Role"), "shield-check", wanted.role.name if wanted.role else "", links)


def _site_filter(here: str, wanted: UserFilter, sites: Iterable[Site]) -> Filter:
    links = [FilterLink("any", _("Any site"), _url(here, wanted, site=None), wanted.site is None)]
    links += [FilterLink(str(each.pk), each.name, _url(here, wanted, site=each), wanted.site == each) for each in sites]
    return Filter("site", _("Site"), "map-pin", wanted.site.name if wanted.site else "", links)


def _expiry_filter(here: str, wanted: UserFilter) -> Filter:
    soon = _("Within three days")
    links = [
        FilterLink("any", _("Any time"), _url(here, wanted, expires_soon=False), not wanted.expires_soon),
        FilterLink("soon", soon, _url(here, wanted, expires_soon=True), wanted.expires_soon),
    ]
    return Filter("expires", _("Expires"), "clock", soon if wanted.expires_soon else "", links)


def _url(here: str, wanted: UserFilter, **changes: object) -> str:
    query = wanted.query_string(**changes)
    return f"{here}?{query}" if query else here


@requires(Permission.MANAGE_USERS, Permission.VIEW_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def member_edit(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Change the names, the description, the roles and the sites of a member."""
    member = member_to_change(request, pk) if request.method == "POST" else _member(request, pk)
    held, is_own = AccessSelection.held_by(member), member == request.membership
    form = MemberForm(posted(request), membership=request.membership, member=member)
    page = reverse("directory:member", args=(organization, pk))
    if request.method == "POST" and form.is_valid():
        try:
            changed = change_membership(
                request.membership,
                member,
                form.selection(),
                details=form.details(),
                confirmed=request.POST.get("confirmed") == "1",
            )
        except DomainError as broken:
            if broken.code == "gives_up":
                chosen = [(name, value) for name in form.fields for value in request.POST.getlist(name)]
                context = {
                    "broken": broken,
                    "chosen": chosen,
                    "question": _("Give up your own permissions?"),
                    "lead": request.organization.name,
                    "button": _("Give up"),
                    "busy": _("Saving…"),
                    "is_danger": True,
                    "back_url": page,
                }
                return render(request, "directory/member_give_up.html", context)
            form.add_error(None, broken.message)
        else:
            if is_own and action_for(change_between(held, AccessSelection.held_by(changed))):
                messages.success(request, _("Your roles and sites were changed."))
                return reload_whole_page(request, reverse("organizations:member_home", args=(organization,)))
            saved = _("The changes to {user} were saved.").format(user=changed.get_full_name())
            return success_response(request, saved, page=page)
    why_not = why_not_change_member(request.membership, member)
    context = {"form": form, "member": member, "why_not_change": why_not, "back_url": page}
    return render(request, "directory/member_edit.html", context, status=422 if form.errors else 200)


def reload_whole_page(request: MemberRequest, address: str) -> HttpResponse:
    """Load a whole page, because the page behind the dialog is outdated once users change their own permissions."""
    return HttpResponseClientRedirect(address) if asks_for_fragment(request) else redirect(address)


def _member(request: MemberRequest, pk: int) -> Membership:
    members = request.organization.memberships.select_related("user").prefetch_related("roles", "sites")
    return get_object_or_404(members, pk=pk)


def member_to_change(request: MemberRequest, pk: int) -> Membership:
    """The same, for an action. Raises AccessDenied for users who can't grant all access of the member."""
    member = _member(request, pk)
    check_can_manage_member(request.membership, member)
    return member
