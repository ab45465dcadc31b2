"""The admin site for operators, who look things up in every organization.

Organizations are changed only by their own admins, in the product, which checks the rules. An operator can deactivate
an account, reactivate it, and correct a name. Passwords are neither shown nor set here.
"""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.activity.log import Change
from accounts.admin import organizations  # noqa: F401 - registers the organizations
from accounts.admin.base import OperatorsAdmin, ReadOnlyAdmin
from accounts.errors import DomainError
from accounts.labels import LabelField
from accounts.models import Membership, Role, Site, User
from accounts.organizations.members import check_may_deactivate
from accounts.permissions import permission_summary
from accounts.users.account_changes import change_account, record_change_by_operator

admin.site.site_header = "Rollcall: operators"
admin.site.site_title = "Rollcall"
admin.site.index_title = "What is there"
# Operators use the normal sign-in page with its rate limits. The admin's own page has none.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def to_own_password_page(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Operators use the normal page for that, too."""
    return redirect("account_change_password")


admin.site.password_change = to_own_password_page  # type: ignore[method-assign,assignment]
# Permissions come from the roles of an organization, not from Django's groups.
admin.site.unregister(Group)
# A second address could open an account, too, so users have only one.
admin.site.unregister(EmailAddress)


class UserForm(forms.ModelForm):  # type: ignore[type-arg]
    """Names follow the same rules as on the account page."""

    first_name = LabelField(max_length=150, required=False)
    last_name = LabelField(max_length=150, required=False)

    def clean(self) -> dict[str, Any] | None:
        """The admin saves the form in the same transaction, so the locks of the check last until then."""
        cleaned = super().clean()
        if self.instance.is_active and not self.cleaned_data.get("is_active", True):
            try:
                check_may_deactivate(self.instance)
            except DomainError as broken:
                self.add_error("is_active", broken.message)
        return cleaned


@admin.register(User)
class UserAdmin(OperatorsAdmin):
    """Users. Their address can't be changed, because invitations refer to it. New accounts come from invitations."""

    form = UserForm
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "organizations")
    search_fields = ("email", "person_key")
    ordering = ("email",)
    fields = (
        "email",
        "first_name",
        "last_name",
        "language",
        "is_active",
        "is_staff",
        "is_superuser",
        "date_joined",
        "last_login",
    )
    readonly_fields = ("email", "language", "is_staff", "is_superuser", "date_joined", "last_login")

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        """Also record the change in the activity log of the user's organizations."""
        assert isinstance(request.user, User)
        names = {name: getattr(obj, name) for name in form.changed_data if name in ("first_name", "last_name")}
        if names:
            change_account(User.objects.get(pk=obj.pk), names, by=request.user)
        super().save_model(request, obj, form, change)
        before = {name: form.initial.get(name) for name in form.changed_data if name not in names}
        if before:
            changed = Change(before=before, after={name: getattr(obj, name) for name in before})
            record_change_by_operator(request.user, obj, changed)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # It would delete what they did, including imports. Deactivate the account instead.
        return False


@admin.register(Role)
class RoleAdmin(ReadOnlyAdmin):
    list_display = ("name", "organization", "allows", "is_default")
    list_filter = ("is_default", "organization")
    search_fields = ("name", "organization__name")
    list_select_related = ("organization",)

    @admin.display(description="allows")
    def allows(self, role: Role) -> str:
        return permission_summary(role.allowed)


@admin.register(Site)
class SiteAdmin(ReadOnlyAdmin):
    list_display = ("name", "country", "organization")
    list_filter = ("organization",)
    search_fields = ("name", "country", "organization__name")
    list_select_related = ("organization",)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "organization", "all_sites", "joined_at", "last_seen_at", "deactivated_at")
    list_filter = ("organization", "all_sites")
    search_fields = ("user__email", "person_key", "organization__name")
    list_select_related = ("user", "organization")
