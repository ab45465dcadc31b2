"""What the dialogs of this app answer with, in the shell's dialog and as pages of their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django_htmx.http import trigger_client_event

from accounts.htmx import asks_for_fragment
from accounts.organizations.access import MemberRequest


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also where that is nothing at all; None where nothing was to be sent."""
    return request.POST if request.method == "POST" else None


def show(request: MemberRequest, template: str, form: forms.Form, **context: Any) -> HttpResponse:
    """The dialog with its form, which is an error of the sender's once it was sent and is shown again."""
    return render(request, template, {"form": form, **context}, status=422 if form.errors else 200)


def done(request: MemberRequest, message: str, *, event: str, page: str) -> HttpResponse:
    """Closes the dialog and lets the list behind it load anew, or goes back to the list; both say the message."""
    messages.success(request, message)
    if asks_for_fragment(request):
        response = HttpResponse(status=204)
        trigger_client_event(response, event)
        return trigger_client_event(response, "dialog:close")
    return redirect(page, request.organization.slug)
