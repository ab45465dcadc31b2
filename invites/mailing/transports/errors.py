"""What an answer of a mail server or of a provider means.

It is about this recipient, for good (`Refused`) or for now (`TemporaryFailure`), or about the connection (`Broken`).
"""

from __future__ import annotations

import smtplib

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused

from invites.mailing.template import one_line
from invites.mailing.transports.smtp import CLOSES

REASON_LENGTH = 300
# What providers answer when something is wrong with the message or an address of it, and not with the call.
ABOUT_MESSAGE = (400, 422)
MAIL_ERRORS = (smtplib.SMTPException, OSError, AnymailError)


class DeliveryError(Exception):
    """Why something was not delivered: one of the three below."""


class PermanentFailure(DeliveryError):
    """For good, and about this recipient alone."""


class TemporaryFailure(DeliveryError):
    """This recipient is to be tried again later; the connection is fine."""


class ConnectionFailure(DeliveryError):
    """The connection or the server is of no use at present, whoever the recipient is."""


def classify_error(error: Exception) -> DeliveryError:
    """What an exception of a mail server or of a provider means."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, answer = next(iter(error.recipients.values()), (0, b""))
            return _about_recipient(code, answer)
        case smtplib.SMTPDataError():
            return _about_recipient(error.smtp_code, error.smtp_error)
        case smtplib.SMTPNotSupportedError():
            return PermanentFailure("The mail server cannot send to an address with such characters.")
        case AnymailRecipientsRefused() | AnymailInvalidAddress():
            return PermanentFailure("The mail provider refused the address.")
        case AnymailAPIError() if error.status_code in ABOUT_MESSAGE:
            return PermanentFailure("The mail provider refused the message.")
        case AnymailAPIError():
            return ConnectionFailure(f"The mail provider answered {error.status_code or 'nothing'}.")
        case AnymailError():
            return PermanentFailure("The mail provider cannot send this message.")
    # Connecting, signing in or the sender was refused, or the line went dead: no recipient is to blame.
    return ConnectionFailure(_short(str(error)))


def _about_recipient(code: int, answer: bytes | str) -> DeliveryError:
    reason = _short(f"{code} {answer.decode('utf-8', 'replace') if isinstance(answer, bytes) else answer}")
    if code == CLOSES:  # RFC 5321: the server closes the channel.
        return ConnectionFailure(reason)
    return PermanentFailure(reason) if code >= 500 else TemporaryFailure(reason)


def _short(text: str) -> str:
    return one_line(text)[:REASON_LENGTH]
