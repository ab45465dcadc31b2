"""Settings > Imports: how files are read in this organization, because an admin has chosen so."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from invites.imports.presentation.remembered import remembered_lines
from invites.imports.reading import forget


@requires(Permission.MANAGE_ORGANIZATION)
@require_safe
def remembered_readings(request: MemberRequest, organization: str) -> HttpResponse:
    """The columns of files that are read without asking, and who decided that."""
    return render(request, "imports/remembered.html", {"lines": remembered_lines(request.organization)})


@requires(Permission.MANAGE_ORGANIZATION)
@require_POST
def forget_reading(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask again about files with these columns."""
    if forget(request.membership, pk) is None:
        raise Http404
    messages.success(request, _("Forgotten. You’ll be asked about the next file with these columns."))
    return redirect("imports:remembered_readings", organization)
