"""Organizations on the operators' site: create, rename, suspend, resume and delete them.

It calls the same services as the commands. Suspending, resuming and deleting ask for confirmation first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.admin.base import OperatorsAdmin
from accounts.errors import DomainError
from accounts.labels import LabelField
from accounts.models import Organization, User
from accounts.organizations.operators import (
    delete_organization,
    rename_by_operator,
    resume_organization,
    suspend_organization,
)
from accounts.organizations.organizations import add_first_admin, create_organization
from accounts.tasks import enqueue_emails
from accounts.users.account_email import request_reset
from accounts.users.addresses import AddressField


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg]
    """The name of an organization."""

    name = LabelField(max_length=150)

    class Meta:
        model = Organization
        fields: tuple[str, ...] = ("name",)


class NewOrganizationForm(OrganizationForm):
    """A new organization and its first admin."""

    admin_email = AddressField(
        label="Address of its first admin",
        help_text="Somebody without an account gets an email with a link to choose a password.",
    )
    first_name = LabelField(max_length=150, required=False)
    last_name = LabelField(max_length=150, required=False)

    class Meta(OrganizationForm.Meta):
        fields = ("name", "slug")
        help_texts: ClassVar[dict[str, str]] = {"slug": "Its name in URLs, such as acme. It can't be changed later."}

    def clean_slug(self) -> str:
        return str(self.cleaned_data["slug"]).lower()

    def clean_admin_email(self) -> str:
        email = str(self.cleaned_data["admin_email"])
        if User.objects.filter(email=email, is_active=False).exists():
            raise forms.ValidationError("This account is deactivated. The admin must be able to sign in.")
        return email


@dataclass(frozen=True)
class Question:
    """What an operator is asked before something is done. With `types_slug`, they have to type the slug."""

    verb: str
    text: str
    done: str
    act: Callable[[Organization, User], object]
    types_slug: bool = False


QUESTIONS = {
    "suspend": Question(
        "Suspend",
        "Its members can look at everything, but nothing can be changed and nothing is sent. The links of its "
        "invitations don't work. Imports and emails wait until you resume it.",
        "{name} is suspended.",
        lambda organization, by: suspend_organization(organization, by=by),
    ),
    "resume": Question(
        "Resume",
        "Its members can change things again. Imports and emails that waited go on within seconds.",
        "{name} is resumed.",
        lambda organization, by: resume_organization(organization, by=by),
    ),
    "delete": Question(
        "Delete",
        "Its users ({members}), invitations, imports and activity log are deleted, and so are accounts that belong "
        "to no other organization. Nobody sees it from then on. This can't be undone.",
        "Nobody sees {name} anymore. Workers are deleting it.",
        lambda organization, by: delete_organization(organization, by=by),
        types_slug=True,
    ),
}


@admin.register(Organization)
class OrganizationAdmin(OperatorsAdmin):
    """Operators change the name here. Everything else is up to the members."""

    list_display = ("name", "slug", "state", "time_zone", "created_at")
    search_fields = ("name", "slug")
    change_form_template = "admin/organization_change.html"

    @admin.display(description="state")
    def state(self, organization: Organization) -> str:
        if organization.deletion_started_at:
            return "Being deleted"
        return "Suspended" if organization.is_suspended else "Active"

    def get_form(
        self, request: HttpRequest, obj: Organization | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[Organization]]:
        kwargs["form"] = OrganizationForm if change else NewOrganizationForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Organization | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("name", "slug", "admin_email", "first_name", "last_name")
        return ("name", "slug", "state", "language", "time_zone", "created_at", "suspended_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Organization | None = None) -> tuple[str, ...]:
        return () if obj is None else ("slug", "state", "language", "time_zone", "created_at", "suspended_at")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None: Django's own deletion would load everything, and wouldn't ask for the slug."""
        return {}

    def has_change_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        is_there = obj is None or obj.deletion_started_at is None
        return is_there and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        is_there = obj is None or obj.deletion_started_at is None
        return is_there and super().has_delete_permission(request, obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Say what is wrong if another operator has deleted the organization in the meantime."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as broken:
            self.message_user(request, broken.message, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:accounts_organization_changelist"))

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        if change:
            rename_by_operator(obj, form.cleaned_data["name"], by=request.user)
        else:
            self._create(obj, form.cleaned_data, by=request.user)

    @transaction.atomic
    def _create(self, obj: Organization, values: dict[str, Any], *, by: User) -> None:
        obj.pk = create_organization(values["name"], values["slug"], by=by).pk
        obj.refresh_from_db()
        user = User.objects.filter(email=values["admin_email"]).first()
        if user is None:
            names = {name: values[name] for name in ("first_name", "last_name")}
            user = User.objects.create_user(values["admin_email"], **names)
            if asked := request_reset(user.email):
                enqueue_emails(asked.user_id)
        add_first_admin(obj, user, by=by)

    def get_urls(self) -> list[URLPattern]:
        asked = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(self.ask),
                {"name": name},
                name=f"accounts_organization_{name}",
            )
            for name in QUESTIONS
        ]
        return [*asked, *super().get_urls()]

    def ask(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask, and do it once the operator has confirmed it."""
        assert isinstance(request.user, User)
        organization = self.get_object(request, object_id)
        if organization is None or organization.deletion_started_at is not None:
            raise Http404
        may = self.has_delete_permission if name == "delete" else self.has_change_permission
        if not may(request, organization):
            raise PermissionDenied
        question, error = QUESTIONS[name], ""
        if request.method == "POST":
            if not question.types_slug or request.POST.get("slug", "").strip() == organization.slug:
                return self._act(request, organization, question)
            error = f"Type {organization.slug} to delete it."
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{question.verb} {organization}?",
            "organization": organization,
            "question": question,
            "text": question.text.format(members=f"{organization.memberships.count():,}"),
            "error": error,
        }
        return TemplateResponse(request, "admin/organization_ask.html", context, status=422 if error else 200)

    def _act(self, request: HttpRequest, organization: Organization, question: Question) -> HttpResponse:
        assert isinstance(request.user, User)
        try:
            question.act(organization, request.user)
        except DomainError as broken:
            self.message_user(request, broken.message, messages.ERROR)
        else:
            self.log_change(request, organization, question.verb)
            self.message_user(request, question.done.format(name=organization.name))
        return HttpResponseRedirect(reverse("admin:accounts_organization_changelist"))
