"""Settings > Invitation email."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.views.dialogs import posted
from accounts.permissions import Permission
from invites.invitations.reminders import fall_on_same_day
from invites.mailing.email_settings import change_email_settings, renew_reply_to_request
from invites.mailing.forms import EmailSettingsForm, typed_reminders
from invites.mailing.reminders.switching import count_within_a_day
from invites.mailing.reply_to_email import send_reply_to_link
from invites.models import ReplyToRequest


@requires(Permission.MANAGE_ORGANIZATION)
@require_http_methods(["GET", "HEAD", "POST"])
def email_settings(request: MemberRequest, organization: str) -> HttpResponse:
    """The form, beside a preview that follows what is typed."""
    waiting = ReplyToRequest.objects.filter(organization=request.organization).first()
    requested = waiting.email if waiting else ""
    form = EmailSettingsForm(posted(request), organization=request.organization, requested=requested)
    if request.method == "POST" and form.is_valid():
        try:
            new_request = change_email_settings(request.membership, form.chosen())
        except DomainError as broken:
            form.add_error(None, broken.message)
        else:
            saved = format_html(
                "{} <span>{}</span>",
                _("Invitation email saved."),
                _("Invitations already sent don’t change."),
            )
            messages.success(request, saved)
            if new_request:
                _send_link(request, new_request)
            return redirect("mailing:settings", organization)
    if request.method == "POST":
        after, before = typed_reminders(request.POST)
    else:
        after, before = request.organization.reminder_days_after, request.organization.reminder_days_before
    context = {"form": form, "waiting": waiting} | _note(request, after, before)
    return render(request, "mailing/settings.html", context, status=422 if form.errors else 200)


@requires(Permission.MANAGE_ORGANIZATION)
@require_POST
def reminder_note(request: MemberRequest, organization: str) -> HttpResponse:
    """What the reminders that are typed would do, as a fragment."""
    after, before = typed_reminders(request.POST)
    return render(request, "mailing/_reminder_note.html", _note(request, after, before))


def _note(request: MemberRequest, after: int | None, before: int | None) -> dict[str, Any]:
    return {
        "is_same_day": fall_on_same_day(after, before),
        "is_on": after is not None or before is not None,
        "reminders_soon": count_within_a_day(request.organization, after, before),
    }


@requires(Permission.MANAGE_ORGANIZATION)
@require_POST
def resend_reply_to_link(request: MemberRequest, organization: str) -> HttpResponse:
    """Send the link once more to the address that isn't confirmed yet."""
    if waiting := renew_reply_to_request(request.membership):
        _send_link(request, waiting)
    return redirect("mailing:settings", organization)


def _send_link(request: MemberRequest, waiting: ReplyToRequest) -> None:
    try:
        send_reply_to_link(waiting)
    except DomainError as broken:
        text = _("The link to {email} couldn’t be sent. {reason}")
        messages.error(request, text.format(email=waiting.email, reason=broken.message))
    else:
        text = _("We sent a link to {email}. Replies go there once it is confirmed.")
        messages.info(request, text.format(email=waiting.email))
