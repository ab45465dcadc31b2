"""Sends one email while a page waits, so that the page can say what the mail server answered."""

from __future__ import annotations

from smtplib import SMTPRecipientsRefused, SMTPResponseException

from anymail.exceptions import AnymailError
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.mail_errors import MAIL_ERRORS
from invites.mailing.transports.errors import classify_error, classify_reply
from invites.mailing.transports.smtp import EmailBackend as SmtpBackend
from invites.models import FailureReason

# A page shouldn't wait longer for a single reply.
TIMEOUT_SECONDS = 5


def send_now(message: EmailMessage) -> None:
    """Send the message. Raises DomainError("mail_failed"), with the words of the mail server if it refused."""
    try:
        connection = get_connection()
        if isinstance(connection, SmtpBackend):
            connection.timeout = min(connection.timeout or TIMEOUT_SECONDS, TIMEOUT_SECONDS)
        connection.send_messages([message])
    except (*MAIL_ERRORS, ImproperlyConfigured) as error:
        raise DomainError("mail_failed", _explained(error)) from error


def _explained(error: Exception) -> str:
    match error:
        case SMTPResponseException():
            reply = str(classify_reply(error.smtp_code, error.smtp_error))
        case SMTPRecipientsRefused() | AnymailError():
            reply = str(classify_error(error))
        case _:
            return _("The mail server couldn’t be reached.")
    sentence = FailureReason.text_of(reply)
    return sentence if sentence != reply else _("The mail server said: {reply}").format(reply=reply)
