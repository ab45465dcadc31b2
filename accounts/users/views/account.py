"""The account page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.languages import in_language
from accounts.organizations.access import MemberRequest, signed_in
from accounts.organizations.selectors import deactivated_in, memberships_of
from accounts.organizations.views.dialogs import posted
from accounts.users.account_changes import change_account
from accounts.users.forms import PersonForm
from accounts.wording import listed


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: MemberRequest) -> HttpResponse:
    """The user's name and language, the link to change the password, and their organizations."""
    user = request.user
    form = PersonForm(posted(request), user=user)
    if request.method == "POST" and form.is_valid():
        change_account(user, form.cleaned_data)
        with in_language(user.language, get_language_from_request(request)):
            messages.success(request, _("Your changes were saved."))
        return redirect("users:account")
    context = {
        "form": form,
        "memberships": memberships_of(user).prefetch_related("sites"),
        "deactivated_in": listed(deactivated_in(user)),
    }
    return render(request, "users/account.html", context, status=422 if form.errors else 200)
