"""The page *Activity*, the page of one entry, and the export."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.activity.actions import Action, Group
from accounts.activity.log import ORGANIZATION, record
from accounts.models import ActivityEntry
from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from invites.activity.export import rows_of
from invites.activity.filters import DEFAULT_PERIOD, ActivityFilter, Period, find_entries
from invites.activity.wording import changes_of, line_of, names_in, total_text
from invites.downloads import csv_download

PER_PAGE = 25


@dataclass(frozen=True)
class Choice:
    """A link to the page with another filter."""

    label: str
    query: str
    is_current: bool


@requires(Permission.VIEW_USERS, Permission.MANAGE_USERS)
@require_safe
def activity(request: MemberRequest, organization: str) -> HttpResponse:
    """A page of the log, searched and filtered by the query string."""
    here, wanted = request.organization, ActivityFilter.read(request.GET)
    entries = ActivityEntry.objects.none() if wanted.ends_before_it_starts else find_entries(here, wanted)
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "wanted": wanted,
        "query": wanted.query_string(),
        "page": page,
        "lines": [line_of(entry, here.slug) for entry in page],
        "groups": _group_choices(wanted),
        "periods": _period_choices(wanted),
        "is_custom": wanted.period == Period.CUSTOM,
        "is_period_set": wanted.period != DEFAULT_PERIOD,
        "zone": timezone.get_current_timezone_name(),
        "found": total_text(page.paginator.count),
    }
    return render(request, "activity/activity.html", context, status=422 if wanted.ends_before_it_starts else 200)


def _group_choices(wanted: ActivityFilter) -> list[Choice]:
    choices = [Choice(_("Any action"), wanted.query_string(group=None), wanted.group is None)]
    return choices + [
        Choice(str(group.label), wanted.query_string(group=group), wanted.group == group) for group in Group
    ]


def _period_choices(wanted: ActivityFilter) -> list[Choice]:
    return [Choice(str(period.label), wanted.query_string(period=period), wanted.period == period) for period in Period]


@requires(Permission.VIEW_USERS, Permission.MANAGE_USERS)
@require_safe
def activity_entry(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """One entry with all of its details."""
    entry = get_object_or_404(ActivityEntry, pk=pk, organization_id=request.organization.pk)
    context = {
        "entry": entry,
        "line": line_of(entry, request.organization.slug),
        "added": names_in(entry.details.get("added", {})),
        "removed": names_in(entry.details.get("removed", {})),
        "changes": changes_of(entry),
        "zone": timezone.get_current_timezone_name(),
    }
    return render(request, "activity/entry.html", context)


@requires(Permission.VIEW_USERS, Permission.MANAGE_USERS)
@require_safe
def activity_export(request: MemberRequest, organization: str) -> StreamingHttpResponse:
    """What the filter shows, all pages, as a CSV file."""
    here = request.organization
    entries = find_entries(here, ActivityFilter.read(request.GET))
    if request.method == "GET":
        _record_export(request)
    return csv_download(rows_of(entries, here.slug), name=f"{here.slug} activity {timezone.localdate()}.csv")


@transaction.atomic
def _record_export(request: MemberRequest) -> None:
    record(request.organization.pk, Action.ACTIVITY_EXPORTED, ORGANIZATION, by=request.membership)
