"""What all dialogs that ask about an import have in common."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import trigger_client_event

from accounts.htmx import asks_for_fragment
from accounts.organizations.access import MemberRequest
from invites.imports.presentation.names import import_name
from invites.models import Batch


def import_question(batch: Batch, question: str) -> dict[str, Any]:
    """The context of dialog_question.html for an import, which leads back to its page."""
    page = reverse("imports:batch", args=[batch.organization.slug, batch.pk])
    return {"batch": batch, "question": question, "lead": import_name(batch), "back_url": page}


def message_response(request: MemberRequest, batch: Batch, message: str, *, warning: bool) -> HttpResponse:
    """Show the message on the page of the import, and close the dialog."""
    (messages.warning if warning else messages.success)(request, message)
    if not asks_for_fragment(request):
        return redirect("imports:batch", request.organization.slug, batch.pk)
    response = HttpResponse(status=204)
    for event in ("dialog:close", "batch:ended", "shell:changed"):
        trigger_client_event(response, event)
    return response
