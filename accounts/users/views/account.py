"""The account page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.organizations.access import MemberRequest, signed_in
from accounts.organizations.selectors import memberships_of
from accounts.organizations.views.dialogs import posted
from accounts.users.forms import PersonForm


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: MemberRequest) -> HttpResponse:
    """The user's name, the link to change the password, and their organizations."""
    user = request.user
    form = PersonForm(posted(request), user=user)
    if request.method == "POST" and form.is_valid():
        user.first_name, user.last_name = form.cleaned_data["first_name"], form.cleaned_data["last_name"]
        user.save(update_fields=["first_name", "last_name"])
        messages.success(request, "Your name was changed.")
        return redirect("users:account")
    context = {"form": form, "memberships": memberships_of(user).prefetch_related("sites")}
    return render(request, "users/account.html", context, status=422 if form.errors else 200)
