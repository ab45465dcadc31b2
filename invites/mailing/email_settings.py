"""How an organization appears in its invitation emails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import ORGANIZATION, Change, record
from accounts.errors import DomainError
from accounts.labels import clean_message, clean_sender_name
from accounts.models import Membership, Organization
from accounts.organizations.organizations import lock_settings
from invites.invitations.reminders import Kind, most_reminder_days, reminder_days, reminder_days_text
from invites.invitations.tokens import derive_token, hash_token, new_seed
from invites.mailing.content import EmailSettings
from invites.mailing.reminders.switching import follow_settings, lock_cursors
from invites.models import ReplyToRequest

LINK_LASTS = timedelta(days=3)


@transaction.atomic
def change_email_settings(by: Membership, wanted: EmailSettings) -> ReplyToRequest | None:
    """Save the settings. A new reply-to address isn't used before its owner has confirmed it.

    Returns the request for it if there is a new one; the caller sends the link. Invitations that were sent already
    don't change. Raises AccessDenied, and DomainError("bad_value").
    """
    lock_cursors(by.organization_id)
    organization = lock_settings(by)
    try:
        sender_name, message = clean_sender_name(wanted.sender_name), clean_message(wanted.message)
    except ValidationError as error:
        raise DomainError("bad_value", error.messages[0]) from error
    after: dict[str, Any] = {
        # Empty, so that a new name of the organization is used immediately.
        "email_sender_name": "" if sender_name == organization.name else sender_name,
        "email_message": message,
        "language": wanted.language or organization.language,
        "reminder_days_after": wanted.reminder_days_after,
        "reminder_days_before": wanted.reminder_days_before,
    }
    chosen = (wanted.reminder_days_after, wanted.reminder_days_before)
    if not all(days is None or 1 <= days <= most_reminder_days() for days in chosen):
        raise DomainError("bad_value", reminder_days_text())
    changed = [kind for kind in Kind if reminder_days(organization, kind) != after[f"reminder_days_{kind.value}"]]
    if not wanted.reply_to:
        after["email_reply_to"] = ""
    _save(organization, after, by=by)
    follow_settings(organization, changed)
    return _request(organization, wanted.reply_to, by=by)


def _save(organization: Organization, after: dict[str, Any], *, by: Membership | None) -> None:
    before = {name: getattr(organization, name) for name in after}
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return
    for name in changed:
        setattr(organization, name, after[name])
    organization.save(update_fields=changed)
    change = Change(before={name: before[name] for name in changed}, after={name: after[name] for name in changed})
    record(organization.pk, Action.SETTINGS_CHANGED, ORGANIZATION, by=by, change=change)


def _request(organization: Organization, email: str, *, by: Membership) -> ReplyToRequest | None:
    """Replace the request for another address. None if this one is confirmed or was requested before."""
    requests = ReplyToRequest.objects.filter(organization=organization)
    if email and requests.filter(email=email).exists():
        return None
    requests.delete()
    if email in ("", organization.email_reply_to):
        return None
    seed = new_seed()
    change = Change(after={"reply_to_requested": email})
    record(organization.pk, Action.SETTINGS_CHANGED, ORGANIZATION, by=by, change=change)
    return ReplyToRequest.objects.create(
        organization=organization,
        email=email,
        requested_by=by.user,
        token_seed=seed,
        token_hash=hash_token(derive_token(seed)),
        expires_at=timezone.now() + LINK_LASTS,
    )


@transaction.atomic
def renew_reply_to_request(by: Membership) -> ReplyToRequest | None:
    """Let the link work for the full time again, before it is resent. None if no address waits for confirmation."""
    organization = lock_settings(by)
    request = ReplyToRequest.objects.filter(organization=organization).first()
    if request is None:
        return None
    # A new secret key changes the token of a seed.
    request.token_hash = hash_token(derive_token(request.token_seed))
    request.expires_at = timezone.now() + LINK_LASTS
    request.save(update_fields=["token_hash", "expires_at"])
    return request


def find_reply_to_request(token: str) -> ReplyToRequest | None:
    """The request that the link belongs to; None if it has expired, was replaced, or was confirmed.

    While the organization is suspended, the link doesn't work.
    """
    valid = ReplyToRequest.objects.filter(token_hash=hash_token(token), expires_at__gt=timezone.now())
    valid = valid.filter(organization__in=Organization.objects.active())
    return valid.select_related("organization", "requested_by").first()


@transaction.atomic
def confirm_reply_to(token: str) -> ReplyToRequest | None:
    """Use the address from now on. None if the link no longer works."""
    found = find_reply_to_request(token)
    if found is None:
        return None
    organization = Organization.objects.select_for_update(no_key=True).get(pk=found.organization_id)
    # Again under the lock: an admin may have chosen another address meanwhile.
    if not ReplyToRequest.objects.filter(pk=found.pk, token_hash=found.token_hash).delete()[0]:
        return None
    _save(organization, {"email_reply_to": found.email}, by=None)
    return found
