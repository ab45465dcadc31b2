"""The dialog *Export users*, and the file."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.organizations.access import MemberRequest, changes_nothing, requires
from accounts.permissions import Permission
from invites.directory.export import ExportedUsers, described, record_export
from invites.directory.users import UserFilter
from invites.downloads import csv_download, workbook_download
from invites.invitations.views.responses import back_url, success_response
from invites.workbooks import MOST_ROWS

FORMATS = ("csv", "xlsx")


@changes_nothing
@requires(Permission.VIEW_USERS, Permission.EXPORT_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: MemberRequest, organization: str) -> HttpResponseBase:
    """Ask for the format, then download everyone who matches the filter in the query string, or is selected.

    `selected` has the keys of people. With `all`, or without any, the filter counts. With `format`, it is the download.
    """
    users = _users(request)
    count = users.count() if users else 0
    if not users or not count:
        return success_response(request, _("There is nobody to export."), warning=True)
    chosen = request.POST.get("format", "")
    fits_workbook = count < MOST_ROWS
    if chosen in FORMATS and (chosen != "xlsx" or fits_workbook):
        return _download(request, users, count=count, file_format=chosen)
    context = {
        "count": count,
        "described": described(users.facts()),
        "selected": users.keys,
        "fits_workbook": fits_workbook,
        "most": MOST_ROWS - 1,
        "back": f"{back_url(request.membership)}?{users.wanted.query_string()}".removesuffix("?"),
    }
    return render(request, "directory/export.html", context, status=422 if chosen else 200)


def _users(request: MemberRequest) -> ExportedUsers | None:
    """Those to export; None if a role or site of the filter was deleted, because then the list shows others."""
    wanted = UserFilter.read(request.GET, request.organization)
    keys = () if request.POST.get("all") == "1" else tuple(request.POST.getlist("selected"))
    if keys:
        return ExportedUsers(request.organization, UserFilter(), keys)
    return ExportedUsers(request.organization, wanted) if wanted.is_all_of(request.GET) else None


def _download(request: MemberRequest, users: ExportedUsers, *, count: int, file_format: str) -> HttpResponseBase:
    record_export(request.membership, users, count=count, file_format=file_format)
    name = f"{request.organization.slug} users {timezone.localdate()}.{file_format}"
    if file_format == "csv":
        return csv_download(users.rows(), name=name)
    return workbook_download(users.rows(), name=name, sheet=_("Users"))
