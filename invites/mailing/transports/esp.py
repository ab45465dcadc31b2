"""One call of a provider's API for many mails, where it puts each person's own values into one message itself.

The other providers are called once for each mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import AnymailRecipientsRefused
from anymail.message import AnymailMessage

from invites.mailing.message import OutgoingMessage

# How each marks the places of the values, by the name that Anymail has for it. None of them escapes what it puts in.
FORMS = {"Mailgun": "%recipient.{}%", "Mandrill": "*|{}|*", "SendGrid": "-rollcall.{}-"}
EXTRAS = {
    "Mandrill": {"message": {"merge_language": "mailchimp"}},
    "SendGrid": {"merge_field_format": FORMS["SendGrid"]},
}
REFUSED = ("invalid", "rejected", "failed")


def sends_in_bulk(connection: object) -> TypeGuard[AnymailBaseBackend]:
    """Whether the mail backend is that of such a provider."""
    return isinstance(connection, AnymailBaseBackend) and connection.esp_name in FORMS


def send_in_bulk(connection: AnymailBaseBackend, parcels: Sequence[OutgoingMessage]) -> list[str] | None:
    """Send plain parcels of one letter in one call: what the provider said against each, or "" if it was taken.

    None, with nothing sent, for a letter in which the provider would find marks that are none. Raises AnymailError when
    the whole call was refused or failed.
    """
    letter = parcels[0].letter
    message = letter.to_many(FORMS[connection.esp_name])
    if message is None:
        return None
    message.to = [parcel.due.email for parcel in parcels]
    message.merge_data = {parcel.due.email: letter.merged(parcel.due, link=parcel.link) for parcel in parcels}
    message.merge_metadata = {parcel.due.email: parcel.reference for parcel in parcels}
    message.esp_extra = EXTRAS.get(connection.esp_name, {})
    try:
        connection.send_messages([message])
    except AnymailRecipientsRefused:
        # All of them, and each has its status.
        return [_said_against(message, parcel) or "The mail provider refused the address." for parcel in parcels]
    return [_said_against(message, parcel) for parcel in parcels]


def _said_against(message: AnymailMessage, parcel: OutgoingMessage) -> str:
    found = message.anymail_status.recipients.get(parcel.due.email)
    refused = found is not None and found.status in REFUSED
    return f"The mail provider refused the address: {found.status}." if refused else ""
