"""Hands messages to the configured mail server or provider, and sorts what it answers into three kinds.

The kinds: refused for good (about this recipient), not now (this recipient, later), and broken (the
connection, or the server as a whole).
"""

from __future__ import annotations

import contextlib
import smtplib
from collections.abc import Callable, Generator, Iterable, Sequence

from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from invites.mailing.message import OutgoingMessage
from invites.mailing.transports.errors import (
    MAIL_ERRORS,
    ConnectionFailure,
    DeliveryError,
    PermanentFailure,
    _about_recipient,
    classify_error,
)
from invites.mailing.transports.esp import send_in_bulk, sends_in_bulk
from invites.mailing.transports.smtp import Conversation, Waiting
from invites.mailing.transports.smtp import EmailBackend as SmtpBackend

Outcomes = Generator[tuple[OutgoingMessage, DeliveryError | None]]


class Sender:
    """One connection, opened at the first message and again when the server has had enough of it.

    Many servers close a connection after so many messages. So trouble on one that has worked is answered by one
    attempt on a fresh one.
    """

    def __init__(self, heard: Callable[[], object] = lambda: None, *, one_by_one: bool = False) -> None:
        """`heard` is called after each answer of a mail server: a slow one gives many before a mail is done.

        With `one_by_one` no server is told of the next mail either before this one has its outcome.
        """
        self._one_by_one = one_by_one
        try:
            self._connection = get_connection()
        except ImproperlyConfigured as error:
            self._connection = _Unusable(str(error))
        if isinstance(self._connection, SmtpBackend):
            self._connection.heard = heard
        self._sent_since_open = 0

    def deliver(self, parcels: Iterable[OutgoingMessage]) -> Outcomes:
        """Each of the parcels with the trouble there was, in their order.

        The next one is not sent before its predecessor's outcome was taken from here, though the server may know
        already to whom it goes. After Broken there is no use in going on.
        """
        waiting = Waiting(parcels)
        for parcel in waiting:
            is_apart = self._one_by_one or not parcel.is_plain
            if sends_in_bulk(self._connection) and not is_apart:
                yield from self._in_bulk(_alike(parcel, waiting))
                continue
            server = None if is_apart else self._pipelining_server()
            if server is None:
                yield parcel, self._trouble_with(parcel)
            else:
                waiting.requeue(parcel)
                yield from self._converse(server, waiting)

    def close(self) -> None:
        self._sent_since_open = 0
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self._connection.close()

    def _pipelining_server(self) -> smtplib.SMTP | None:
        if not isinstance(self._connection, SmtpBackend):
            return None
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self._connection.open()
            server = self._connection.connection
            assert server is not None
            server.ehlo_or_helo_if_needed()
            return server if server.has_extn("pipelining") else None
        # Whoever sends the message meets the same trouble, and tells it.
        return None

    def _converse(self, server: smtplib.SMTP, waiting: Waiting[OutgoingMessage]) -> Outcomes:
        conversation = Conversation(server, waiting)
        try:
            for parcel, refusal in conversation.outcomes():
                self._sent_since_open += 1
                yield parcel, _about_recipient(*refusal) if refusal else None
        except (smtplib.SMTPException, OSError) as error:
            has_worked = self._sent_since_open > 0
            waiting.requeue(*conversation.unresolved)
            if not has_worked:
                yield next(waiting), classify_error(error)
        finally:
            if conversation.unresolved:
                # In the middle of a message there is no other way to say that it will not come.
                server.close()
                self.close()

    def _in_bulk(self, parcels: Sequence[OutgoingMessage]) -> Outcomes:
        assert isinstance(self._connection, AnymailBaseBackend)
        try:
            refusals = send_in_bulk(self._connection, parcels)
        except AnymailError as error:
            failure = classify_error(error)
            if isinstance(failure, ConnectionFailure):
                yield parcels[0], failure
                return
            # Some address is at fault, and the provider has taken none: one by one it says which.
            refusals = None
        if refusals is None:
            for parcel in parcels:
                yield parcel, self._trouble_with(parcel)
        else:
            for parcel, refusal in zip(parcels, refusals, strict=True):
                yield parcel, PermanentFailure(refusal) if refusal else None

    def _trouble_with(self, parcel: OutgoingMessage) -> DeliveryError | None:
        failure = self._try(parcel)
        if isinstance(failure, ConnectionFailure) and self._sent_since_open:
            self.close()
            failure = self._try(parcel)
        if not isinstance(failure, ConnectionFailure):
            self._sent_since_open += 1
        return failure

    def _try(self, parcel: OutgoingMessage) -> DeliveryError | None:
        try:
            message = parcel.message()
            self._connection.open()
            self._connection.send_messages([message])
        except MAIL_ERRORS as error:
            return classify_error(error)
        except ValueError:
            return PermanentFailure("No mail can be sent to this address.")
        return None


class _Unusable(BaseEmailBackend):
    """What stands where the settings of mail are wrong: no recipient is to blame."""

    def __init__(self, error: str) -> None:
        super().__init__()
        self._error = error

    def open(self) -> bool:
        raise OSError(self._error)


def _alike(first: OutgoingMessage, waiting: Waiting[OutgoingMessage]) -> list[OutgoingMessage]:
    """It and those after it that can go in one call."""
    parcels = [first]
    while len(parcels) < settings.MAILS_PER_CALL and (parcel := next(waiting, None)):
        if not parcel.is_plain or parcel.letter is not first.letter:
            waiting.requeue(parcel)
            break
        parcels.append(parcel)
    return parcels
