"""Settings > Email domains: which addresses the organization invites."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.views.dialogs import posted
from accounts.permissions import Permission
from invites.invitations.allowed_domains import change_allowed_domains
from invites.invitations.forms.allowed_domains import AllowedDomainsForm


@requires(Permission.MANAGE_ORGANIZATION)
@require_http_methods(["GET", "HEAD", "POST"])
def allowed_domains(request: MemberRequest, organization: str) -> HttpResponse:
    """Restrict invitations to email domains, or ask for a warning about others."""
    here = request.organization
    initial = {"domains": "\n".join(here.email_domains), "other_domains": here.other_domains}
    form = AllowedDomainsForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        change_allowed_domains(request.membership, form.cleaned_data["domains"], form.cleaned_data["other_domains"])
        messages.success(request, _("Email domains saved. Invitations already sent don’t change."))
        return redirect("invitations:allowed_domains", here.slug)
    return render(request, "invitations/allowed_domains.html", {"form": form}, status=422 if form.errors else 200)
