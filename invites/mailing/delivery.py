"""Hands messages to the configured mail server or provider, and yields the result of each."""

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

from accounts.mail_errors import MAIL_ERRORS
from invites.mailing.message import OutgoingMessage
from invites.mailing.transports.errors import (
    ConnectionFailure,
    DeliveryError,
    PermanentFailure,
    classify_error,
    classify_reply,
)
from invites.mailing.transports.esp import is_batch_provider, send_batch
from invites.mailing.transports.smtp import EmailBackend as SmtpBackend
from invites.mailing.transports.smtp import MessageQueue, Pipeline
from invites.models import FailureReason

Results = Generator[tuple[OutgoingMessage, DeliveryError | None]]


class MailConnection:
    """One connection, opened for the first message and reopened when the server has closed it.

    Many servers close a connection after a number of messages. So if one fails that has worked before, the message is
    tried once more on a new one.
    """

    def __init__(self, on_reply: Callable[[], object] = lambda: None, *, one_by_one: bool = False) -> None:
        """`on_reply` is called after each reply of a mail server. A slow server sends several before a message is done.

        With `one_by_one`, the server isn't even told the next recipient before a message has its result.
        """
        self._one_by_one = one_by_one
        try:
            self._backend = get_connection()
        except ImproperlyConfigured as error:
            self._backend = _UnusableBackend(str(error))
        if isinstance(self._backend, SmtpBackend):
            self._backend.on_reply = on_reply
        self._sent_since_open = 0

    def deliver(self, messages: Iterable[OutgoingMessage]) -> Results:
        """Each message with its error, or None if it was accepted, in their order.

        No message is sent before the caller has received the result of the one before, although the server may
        already know its recipient. After a ConnectionFailure, further messages would fail too.
        """
        queue = MessageQueue(messages)
        for message in queue:
            is_single = self._one_by_one or not message.is_simple
            if is_batch_provider(self._backend) and not is_single:
                yield from self._deliver_batch(_take_batch(message, queue))
                continue
            server = None if is_single else self._pipelining_server()
            if server is None:
                yield message, self._deliver_with_retry(message)
            else:
                queue.push_back(message)
                yield from self._deliver_pipelined(server, queue)

    def close(self) -> None:
        self._sent_since_open = 0
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self._backend.close()

    def _pipelining_server(self) -> smtplib.SMTP | None:
        if not isinstance(self._backend, SmtpBackend):
            return None
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self._backend.open()
            server = self._backend.connection
            assert server is not None
            server.ehlo_or_helo_if_needed()
            return server if server.has_extn("pipelining") else None
        # Sending the message will fail with the same error and report it.
        return None

    def _deliver_pipelined(self, server: smtplib.SMTP, queue: MessageQueue[OutgoingMessage]) -> Results:
        pipeline = Pipeline(server, queue)
        try:
            for message, refusal in pipeline.deliver():
                self._sent_since_open += 1
                yield message, classify_reply(*refusal) if refusal else None
        except (smtplib.SMTPException, OSError) as error:
            has_worked = self._sent_since_open > 0
            queue.push_back(*pipeline.in_flight)
            if not has_worked:
                yield next(queue), classify_error(error)
        finally:
            if pipeline.in_flight:
                # SMTP has no other way to abort a message that has begun.
                server.close()
                self.close()

    def _deliver_batch(self, messages: Sequence[OutgoingMessage]) -> Results:
        assert isinstance(self._backend, AnymailBaseBackend)
        try:
            refusals = send_batch(self._backend, messages)
        except AnymailError as error:
            failure = classify_error(error)
            if isinstance(failure, ConnectionFailure):
                yield messages[0], failure
                return
            # The provider refused all of them because of one address. Single calls tell which one.
            refusals = None
        if refusals is None:
            for message in messages:
                yield message, self._deliver_with_retry(message)
        else:
            for message, refusal in zip(messages, refusals, strict=True):
                yield message, PermanentFailure(refusal) if refusal else None

    def _deliver_with_retry(self, message: OutgoingMessage) -> DeliveryError | None:
        failure = self._deliver_one(message)
        if isinstance(failure, ConnectionFailure) and self._sent_since_open:
            self.close()
            failure = self._deliver_one(message)
        if not isinstance(failure, ConnectionFailure):
            self._sent_since_open += 1
        return failure

    def _deliver_one(self, message: OutgoingMessage) -> DeliveryError | None:
        try:
            email = message.build()
            self._backend.open()
            self._backend.send_messages([email])
        except MAIL_ERRORS as error:
            return classify_error(error)
        except ValueError:
            return PermanentFailure(FailureReason.ADDRESS_UNUSABLE)
        return None


class _UnusableBackend(BaseEmailBackend):
    """Replaces a backend whose settings are wrong, so no recipient is blamed."""

    def __init__(self, error: str) -> None:
        super().__init__()
        self._error = error

    def open(self) -> bool:
        raise OSError(self._error)


def _take_batch(first: OutgoingMessage, queue: MessageQueue[OutgoingMessage]) -> list[OutgoingMessage]:
    """The message and those after it that can be sent in the same call."""
    messages = [first]
    while len(messages) < settings.EMAILS_PER_CALL and (message := next(queue, None)):
        if not message.is_simple or message.template is not first.template:
            queue.push_back(message)
            break
        messages.append(message)
    return messages
