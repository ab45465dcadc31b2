"""Hands single messages to the configured mail server, and sorts what it answers into three kinds.

The kinds: refused for good (about this recipient), not now (this recipient, later), and broken (the
connection, or the server as a whole).
"""

from __future__ import annotations

import contextlib
import smtplib

from anymail.exceptions import AnymailAPIError, AnymailInvalidAddress, AnymailRecipientsRefused
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from invites.services.letters import Rendered, one_line

REASON_LENGTH = 300


class Refused(Exception):
    """For good, and about this recipient alone."""


class NotNow(Exception):
    """This recipient is to be tried again later; the connection is fine."""


class Broken(Exception):
    """The connection or the server is of no use at present, whoever the recipient is."""


class Sender:
    """One connection, opened at the first message and again when the server has had enough of it."""

    def __init__(self) -> None:
        self._connection = get_connection()
        self._sent_since_open = 0

    @property
    def takes_bytes(self) -> bool:
        """Whether it is a mail server itself: it needs no message, only what goes over the line."""
        return isinstance(self._connection, SmtpBackend)

    def send(self, message: EmailMessage | Rendered) -> None:
        """Sends one message. Raises Refused, NotNow or Broken.

        Many servers close a connection after so many messages. So trouble on one that has worked is
        answered by one attempt on a fresh one.
        """
        try:
            self._send(message)
        except Broken:
            if not self._sent_since_open:
                raise
            self.close()
            self._send(message)
        self._sent_since_open += 1

    def close(self) -> None:
        self._sent_since_open = 0
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self._connection.close()

    def _send(self, message: EmailMessage | Rendered) -> None:
        try:
            self._connection.open()
            if isinstance(message, Rendered):
                assert isinstance(self._connection, SmtpBackend)
                assert self._connection.connection is not None
                send_bytes(self._connection.connection, message)
            else:
                self._connection.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()), (0, b""))
            raise _about_recipient(code, answer) from error
        except smtplib.SMTPDataError as error:
            raise _about_recipient(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused("The mail server cannot send to an address with such characters.") from error
        except (smtplib.SMTPException, OSError) as error:
            # Connecting, signing in or the sender was refused, or the line went dead: no recipient is to blame.
            raise Broken(_short(str(error))) from error
        except (AnymailRecipientsRefused, AnymailInvalidAddress) as error:
            raise Refused("The mail provider refused the address.") from error
        except AnymailAPIError as error:
            if error.status_code in {400, 422}:
                raise Refused("The mail provider refused the message.") from error
            raise Broken(f"The mail provider answered {error.status_code or 'nothing'}.") from error


def send_bytes(server: smtplib.SMTP, message: Rendered) -> None:
    """As `sendmail` of smtplib, in half as many round trips where the server takes commands in a row (RFC 2920)."""
    if not server.has_extn("pipelining"):
        server.sendmail(message.sender, [message.recipient], message.content)
        return
    server.send(f"MAIL FROM:<{message.sender}>\r\nRCPT TO:<{message.recipient}>\r\nDATA\r\n")
    sender, recipient, data = server.getreply(), server.getreply(), server.getreply()
    if data[0] == 354:
        # Without a recipient there is nothing to send, but the server waits for the end of it.
        server.send(b".\r\n" if recipient[0] >= 400 else _on_the_line(message.content))
        data = server.getreply()
    if sender[0] == 250 and recipient[0] in (250, 251) and data[0] == 250:
        return
    if server.sock is not None:
        server.rset()
    if sender[0] != 250:
        raise smtplib.SMTPSenderRefused(*sender, message.sender)
    if recipient[0] not in (250, 251):
        raise smtplib.SMTPRecipientsRefused({message.recipient: recipient})
    raise smtplib.SMTPDataError(*data)


def _on_the_line(content: bytes) -> bytes:
    """A dot that begins a line is doubled, and one on its own ends the message (RFC 5321, 4.5.2)."""
    content = content.replace(b"\r\n.", b"\r\n..")
    return content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")


def _about_recipient(code: int, answer: bytes | str) -> Exception:
    reason = _short(f"{code} {answer.decode('utf-8', 'replace') if isinstance(answer, bytes) else answer}")
    if code == 421:  # RFC 5321: the server closes the channel.
        return Broken(reason)
    return Refused(reason) if code >= 500 else NotNow(reason)


def _short(text: str) -> str:
    return one_line(text)[:REASON_LENGTH]
