"""The organization's settings, and one's own account."""

from __future__ import annotations

from django.conf import settings as site_settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import MemberRequest, requires, signed_in
from accounts.forms import OrganizationForm, PersonForm
from accounts.permissions import Permission
from accounts.queries import my_memberships
from accounts.services.organizations import rename_organization
from accounts.views.dialogs import posted


@requires(Permission.MANAGE_ORGANIZATION)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: MemberRequest, organization: str) -> HttpResponse:
    """What the organization is called."""
    form = OrganizationForm(posted(request), organization=request.organization)
    if request.method == "POST" and form.is_valid():
        rename_organization(request.organization, form.cleaned_data["name"])
        messages.success(request, "The name was changed.")
        return redirect("settings", request.organization.slug)
    address = f"{site_settings.BASE_URL}{reverse('member_home', args=[request.organization.slug])}"
    context = {"form": form, "address": address, "nav": "settings"}
    return render(request, "accounts/settings.html", context, status=422 if form.errors else 200)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: MemberRequest) -> HttpResponse:
    """One's own name, the way to another password, and where one belongs."""
    user = request.user
    form = PersonForm(posted(request), user=user)
    if request.method == "POST" and form.is_valid():
        user.first_name, user.last_name = form.cleaned_data["first_name"], form.cleaned_data["last_name"]
        user.save(update_fields=["first_name", "last_name"])
        messages.success(request, "Your name was changed.")
        return redirect("account")
    context = {"form": form, "memberships": my_memberships(user).prefetch_related("sites"), "nav": "account"}
    return render(request, "accounts/account.html", context, status=422 if form.errors else 200)
