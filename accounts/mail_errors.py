"""Errors of mail servers and providers, whatever an email is about."""

from __future__ import annotations

from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused

MAIL_ERRORS = (SMTPException, OSError, AnymailError)


def is_refused_for_good(error: Exception) -> bool:
    """Whether the recipient of a message will never be accepted."""
    match error:
        case SMTPRecipientsRefused():
            return all(code >= 500 for code, _reply in error.recipients.values())
        case SMTPDataError():
            return error.smtp_code >= 500
    return isinstance(error, AnymailRecipientsRefused | AnymailInvalidAddress)
