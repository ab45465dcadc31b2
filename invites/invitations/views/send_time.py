"""The dialog with another time for an invitation or an import that is sent later."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from invites.invitations.forms.send_time import SendTimeForm


def ask_for_time(request: HttpRequest, form: SendTimeForm, *, lead: str, back_url: str) -> HttpResponse:
    """The dialog. `lead` says what is sent."""
    context = {
        "form": form,
        "lead": lead,
        "back_url": back_url,
        "question": _("Change the time"),
        "button": _("Change the time"),
        "busy": _("Saving…"),
    }
    return render(request, "invitations/send_time.html", context, status=422 if form.errors else 200)
