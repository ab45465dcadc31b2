"""Responses of dialogs, which are pages of their own without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.organizations.access import MemberRequest
from accounts.organizations.forms import PlainForm


def posted(request: HttpRequest) -> QueryDict | None:
    """The data of a POST, even if it is empty; None for other methods."""
    return request.POST if request.method == "POST" else None


def about(question: str, **names: str) -> SafeString:
    """The question as the heading of a dialog. Names keep their direction among the words."""
    return format_html(question, **{key: format_html("<bdi>{}</bdi>", name) for key, name in names.items()})


def show(request: MemberRequest, template: str, form: forms.Form, **context: Any) -> HttpResponse:
    """The dialog with its form. The status is 422 if the form has errors."""
    return render(request, template, {"form": form, **context}, status=422 if form.errors else 200)


def ask_to_delete(
    request: MemberRequest,
    delete: Callable[[], None],
    *,
    in_use: str,
    deleted: str,
    event: str,
    page: str,
    **context: Any,
) -> HttpResponse:
    """Ask, then delete a role or a site, or say why it can't be. `deleted` is the message afterwards."""
    form = PlainForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            delete()
        except DomainError as broken:
            form.add_error(None, broken.message)
        else:
            return done(request, deleted, event=event, page=page)
    if in_use or form.errors:
        context |= {"button": ""}
    context |= {"in_use": in_use, "busy": _("Deleting…"), "is_danger": True}
    context["back_url"] = reverse(page, args=[request.organization.slug])
    return show(request, "organizations/delete.html", form, **context)


def open_page(request: HttpRequest, address: str) -> HttpResponse:
    """Let the browser open this page, also if htmx wanted a fragment."""
    return HttpResponseClientRedirect(address) if asks_for_fragment(request) else redirect(address)


def done(request: MemberRequest, message: str, *, event: str, page: str) -> HttpResponse:
    """Close the dialog and reload the list behind it, or without JavaScript go back to the list. Shows the message."""
    messages.success(request, message)
    if asks_for_fragment(request):
        response = HttpResponse(status=204)
        trigger_client_event(response, event)
        return trigger_client_event(response, "dialog:close")
    return redirect(page, request.organization.slug)
