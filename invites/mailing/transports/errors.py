"""Sorts the errors of mail servers and providers by what they are about.

PermanentFailure and TemporaryFailure are about one recipient; ConnectionFailure is about the connection, or about the
server as a whole.
"""

from __future__ import annotations

import smtplib

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused

from invites.mailing.template import one_line
from invites.mailing.transports.smtp import CLOSING
from invites.models import FailureReason

REASON_LENGTH = 300
# Statuses by which providers refuse the message or one of its addresses, rather than the call.
MESSAGE_STATUSES = (400, 422)


class DeliveryError(Exception):
    """Why a message was not delivered: one of the three below."""


class PermanentFailure(DeliveryError):
    """This recipient will never be accepted; the connection is fine."""


class TemporaryFailure(DeliveryError):
    """This recipient may be accepted later; the connection is fine."""


class ConnectionFailure(DeliveryError):
    """The connection or the server cannot be used now, for any recipient."""


def classify_error(error: Exception) -> DeliveryError:
    """The meaning of an exception of smtplib, a socket or Anymail."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return classify_reply(*next(iter(error.recipients.values()), (0, b"")))
        case smtplib.SMTPDataError():
            return classify_reply(error.smtp_code, error.smtp_error)
        case smtplib.SMTPNotSupportedError():
            return PermanentFailure(FailureReason.ADDRESS_UNSUPPORTED)
        case AnymailRecipientsRefused() | AnymailInvalidAddress():
            return PermanentFailure(FailureReason.ADDRESS_REFUSED)
        case AnymailAPIError() if error.status_code in MESSAGE_STATUSES:
            return PermanentFailure(FailureReason.MESSAGE_REFUSED)
        case AnymailAPIError():
            return ConnectionFailure(f"The email provider answered {error.status_code or 'nothing'}.")
        case AnymailError():
            return PermanentFailure(FailureReason.MESSAGE_UNSUPPORTED)
    # Connecting, signing in or the sender failed, which is no recipient's fault.
    return ConnectionFailure(_shortened(str(error)))


def classify_reply(code: int, text: bytes | str) -> DeliveryError:
    """The meaning of a reply by which an SMTP server refused a recipient or a message."""
    reason = _shortened(f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}")
    if code == CLOSING:
        return ConnectionFailure(reason)
    return PermanentFailure(reason) if code >= 500 else TemporaryFailure(reason)


def _shortened(text: str) -> str:
    return one_line(text)[:REASON_LENGTH]
