"""Reactivate the deactivated members whom an import has skipped."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from accounts.wording import counted
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.selection import PeopleIds
from invites.directory.views import bulk_actions
from invites.imports.selectors.deactivated import still_deactivated
from invites.imports.views.dialogs import import_question
from invites.imports.views.lookup import batch_to_see

_REACTIVATE = ngettext_lazy("Reactivate {count} person?", "Reactivate {count} people?")


@requires(Permission.INVITE_USERS, Permission.MANAGE_USERS, Permission.VIEW_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_reactivate(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then reactivate everyone whom the import skipped because they are deactivated, as a bulk action."""
    batch = batch_to_see(request, pk)
    ids = list(still_deactivated(batch).order_by("person_key", "pk").values_list("pk", flat=True))
    if request.method != "POST" or not ids:
        context = {
            **import_question(batch, counted(_REACTIVATE, len(ids)) if ids else _("Reactivate people")),
            "button": _("Reactivate") if ids else "",
            "busy": _("Reactivating…"),
            "count": len(ids),
        }
        return render(request, "imports/batch_reactivate.html", context)
    then = reverse("imports:batch", args=[organization, pk])
    return bulk_actions.start(request, BulkChange(Kind.REACTIVATE), PeopleIds(ids, []), then=then)
