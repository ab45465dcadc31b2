"""Reactivate the deactivated members whom an import has skipped."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from accounts.htmx import asks_for_fragment
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.members import reactivate_many
from accounts.permissions import Permission
from accounts.wording import counted
from invites.imports.selectors.deactivated import still_deactivated
from invites.imports.views.lookup import batch_to_see

# In one request.
MOST = 500

_REACTIVATED = ngettext_lazy("{count} person was reactivated.", "{count} people were reactivated.")
_SKIPPED = ngettext_lazy(
    "{count} was skipped because they have access you don’t have.",
    "{count} were skipped because they have access you don’t have.",
)


@requires(Permission.INVITE_USERS, Permission.MANAGE_USERS, Permission.VIEW_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_reactivate(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then reactivate everyone whom the import skipped because they are deactivated."""
    batch = batch_to_see(request, pk)
    ids = list(still_deactivated(batch).values_list("pk", flat=True)[: MOST + 1])
    if request.method != "POST" or len(ids) > MOST:
        context = {"batch": batch, "count": len(ids), "most": MOST}
        return render(request, "imports/batch_reactivate.html", context)
    found = reactivate_many(request.membership, ids)
    sentences = [counted(_REACTIVATED, found.count) if found.count else _("Nobody was reactivated.")]
    if found.skipped:
        sentences.append(counted(_SKIPPED, found.skipped))
    (messages.success if found.count else messages.warning)(request, " ".join(sentences))
    if not asks_for_fragment(request):
        return redirect("imports:batch", organization, pk)
    response = HttpResponse(status=204)
    for event in ("dialog:close", "batch:ended", "shell:changed"):
        trigger_client_event(response, event)
    return response
