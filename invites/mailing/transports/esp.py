"""Batches of messages in one call of a provider's API, for providers that merge each recipient's values themselves.

Other providers are called once per message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import AnymailRecipientsRefused
from anymail.message import AnymailMessage

from invites.mailing.message import OutgoingMessage
from invites.models import FailureReason

# The placeholder of each provider, by Anymail's name of it. None of them escapes the values that it inserts.
PLACEHOLDERS = {"Mailgun": "%recipient.{}%", "Mandrill": "*|{}|*", "SendGrid": "-rollcall.{}-"}
EXTRA_OPTIONS = {
    "Mandrill": {"message": {"merge_language": "mailchimp"}},
    "SendGrid": {"merge_field_format": PLACEHOLDERS["SendGrid"]},
}
REFUSED_STATUSES = ("invalid", "rejected", "failed")


def is_batch_provider(backend: object) -> TypeGuard[AnymailBaseBackend]:
    """Whether the email backend is that of a provider that takes batches."""
    return isinstance(backend, AnymailBaseBackend) and backend.esp_name in PLACEHOLDERS


def send_batch(backend: AnymailBaseBackend, messages: Sequence[OutgoingMessage]) -> list[str] | None:
    """Send simple messages of one template; returns the reason why each was refused, or "" if it was accepted.

    Returns None, with nothing sent, if the text of the template looks like a placeholder of the provider. Raises
    AnymailError when the whole call was refused or failed.
    """
    template = messages[0].template
    email = template.build_for_merge(PLACEHOLDERS[backend.esp_name])
    if email is None:
        return None
    email.to = [message.data.email for message in messages]
    email.merge_data = {
        message.data.email: template.merge_values(message.data, link=message.link, opt_out=message.opt_out)
        for message in messages
    }
    email.merge_metadata = {message.data.email: message.metadata for message in messages}
    email.esp_extra = EXTRA_OPTIONS.get(backend.esp_name, {})
    try:
        backend.send_messages([email])
    except AnymailRecipientsRefused:
        # All of them were refused, each with a status of its own.
        return [_refusal(email, message) or FailureReason.ADDRESS_REFUSED for message in messages]
    return [_refusal(email, message) for message in messages]


def _refusal(email: AnymailMessage, message: OutgoingMessage) -> str:
    recipient = email.anymail_status.recipients.get(message.data.email)
    if recipient is None or recipient.status not in REFUSED_STATUSES:
        return ""
    return FailureReason.ADDRESS_INVALID if recipient.status == "invalid" else FailureReason.ADDRESS_REFUSED
