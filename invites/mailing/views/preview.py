"""Previews and tests of invitation emails, for what is typed in a form."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from invites.mailing.content import EmailContent, EmailSettings
from invites.mailing.forms import (
    EXAMPLE_PERSON,
    EmailSettingsForm,
    MessageForm,
    example_content,
    typed_invitation,
    typed_send_time,
    typed_settings,
    wants_reminder,
)
from invites.mailing.preview import Person, preview_html
from invites.mailing.trial import send_trial
from invites.models import Reminder

# An email has its styles inside, and nothing else that a browser could run or load. Without scripts, the origin only
# lets the page around it read how high it is.
PREVIEW_POLICY = {
    **{kind: [NONE] for kind in ("default-src", "script-src", "img-src", "connect-src", "frame-src")},
    "style-src": [UNSAFE_INLINE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-same-origin"],
}


@requires(Permission.MANAGE_ORGANIZATION)
@require_http_methods(["GET", "HEAD", "POST"])
@xframe_options_sameorigin
@csp_replace(PREVIEW_POLICY)  # type: ignore[arg-type]
def settings_preview(request: MemberRequest, organization: str) -> HttpResponse:
    """The email with the saved settings, or with those that are typed."""
    return HttpResponse(preview_html(_example(request, _settings_of(request)), EXAMPLE_PERSON))


@requires(Permission.MANAGE_ORGANIZATION)
@require_POST
def settings_test(request: MemberRequest, organization: str) -> HttpResponse:
    """Send the email with the settings that are typed, saved or not, to the admin."""
    form = EmailSettingsForm(request.POST, organization=request.organization)
    if not form.is_valid():
        return _tested(request, _first_error(form))
    return _test(request, _example(request, form.chosen()), EXAMPLE_PERSON)


@requires(Permission.INVITE_USERS)
@require_POST
@xframe_options_sameorigin
@csp_replace(PREVIEW_POLICY)  # type: ignore[arg-type]
def invitation_preview(request: MemberRequest, organization: str) -> HttpResponse:
    """The email of the invitation or import that is typed in a dialog. Without JavaScript, it is a page of its own."""
    content, person = typed_invitation(request.membership, request.POST)
    sent_at = typed_send_time(request.membership, request.POST)
    return HttpResponse(preview_html(content, person, sent_at=sent_at))


@requires(Permission.INVITE_USERS)
@require_POST
def invitation_test(request: MemberRequest, organization: str) -> HttpResponse:
    """Send the same email to the admin."""
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _tested(request, _first_error(form))
    content, person = typed_invitation(request.membership, request.POST)
    return _test(request, content, person, as_sent_at=typed_send_time(request.membership, request.POST))


def _example(request: MemberRequest, chosen: EmailSettings) -> EmailContent:
    kind = Reminder.Kind.AFTER.value if wants_reminder(request.POST) else ""
    return replace(example_content(request.membership, chosen), reminder=kind)


def _settings_of(request: MemberRequest) -> EmailSettings:
    return typed_settings(request.POST) if request.method == "POST" else EmailSettings.of(request.organization)


def _test(
    request: MemberRequest, content: EmailContent, person: Person, *, as_sent_at: datetime | None = None
) -> HttpResponse:
    error = ""
    content = replace(content, is_test=True)
    try:
        send_trial(request.membership, content, first_name=person.first_name, as_sent_at=as_sent_at)
    except DomainError as broken:
        error = broken.message
    return _tested(request, error)


def _first_error(form: forms.Form) -> str:
    return str(next(iter(form.errors.values()))[0])


def _tested(request: MemberRequest, error: str) -> HttpResponse:
    template = "mailing/_test_result.html" if asks_for_fragment(request) else "mailing/test_sent.html"
    return render(request, template, {"error": error})
