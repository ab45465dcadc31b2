"""The settings of an organization."""

from __future__ import annotations

from django.conf import settings as site_settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.forms import OrganizationForm
from accounts.organizations.organizations import change_organization
from accounts.organizations.views.dialogs import posted
from accounts.permissions import Permission


@requires(Permission.MANAGE_ORGANIZATION)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: MemberRequest, organization: str) -> HttpResponse:
    """The name and the time zone of the organization."""
    form = OrganizationForm(posted(request), organization=request.organization)
    if request.method == "POST" and form.is_valid():
        change_organization(request.membership, **form.cleaned_data)
        messages.success(request, _("The settings were saved."))
        return redirect("organizations:settings", request.organization.slug)
    address = f"{site_settings.BASE_URL}{reverse('organizations:member_home', args=[request.organization.slug])}"
    context = {"form": form, "address": address}
    return render(request, "organizations/settings.html", context, status=422 if form.errors else 200)
