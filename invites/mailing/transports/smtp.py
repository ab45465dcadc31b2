"""SMTP with pipelining: the end of a message and the beginning of the next are sent together (RFC 2920).

A message never ends before the caller has come back for its result. So a process that dies, or a connection that
breaks, leaves the result of one message unknown and no more.
"""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django.core.mail.backends.smtp import EmailBackend as DjangoEmailBackend

Reply = tuple[int, bytes]

START_INPUT = 354
CLOSING = 421
RESET = b"RSET\r\n"
END = b".\r\n"


class EmailBackend(DjangoEmailBackend):
    """Django's backend with a callback for each reply of the server, so that the caller can renew its lock.

    A slow server takes long for a message although no single reply is late. An address of the server that does not
    answer counts as a reply.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on_reply: Callable[[], object] = lambda: None

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        on_reply = self.on_reply
        protocol: type[smtplib.SMTP] = super().connection_class

        class Server(protocol):  # type: ignore[misc, valid-type]
            def getreply(self) -> Reply:
                reply: Reply = super().getreply()
                on_reply()
                return reply

            def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
                last_error = None
                for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                    try:
                        found: socket.socket = super()._get_socket(str(address[0]), port, timeout)
                    except OSError as error:
                        last_error = error
                        on_reply()
                    else:
                        return found
                raise last_error or OSError("The mail server has no address.")

        return Server


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A message as bytes, with CRLF line breaks, and its envelope."""

    sender: str
    recipient: str
    content: bytes


class PipelineMessage(Protocol):
    """A message to deliver. If it `is_simple`, it can be rendered, and its addresses are known before."""

    @property
    def is_simple(self) -> bool: ...

    @property
    def addresses(self) -> tuple[str, str]: ...

    def render(self) -> RenderedMessage: ...


M = TypeVar("M", bound=PipelineMessage)


class MessageQueue(Generic[M]):
    """An iterator over the messages to deliver, to which messages can be pushed back."""

    def __init__(self, messages: Iterable[M]) -> None:
        self._messages = iter(messages)
        self._pushed_back: list[M] = []

    def __iter__(self) -> Iterator[M]:
        return self

    def __next__(self) -> M:
        return self._pushed_back.pop(0) if self._pushed_back else next(self._messages)

    def push_back(self, *messages: M) -> None:
        self._pushed_back = [*messages, *self._pushed_back]


class Pipeline(Generic[M]):
    """Delivers simple messages from the queue, until it is empty or the next one is not simple.

    `in_flight` are the messages that were taken from the queue and have no result yet.
    """

    def __init__(self, server: smtplib.SMTP, queue: MessageQueue[M]) -> None:
        self.in_flight: list[M] = []
        self._server = server
        self._queue = queue

    def deliver(self) -> Iterator[tuple[M, Reply | None]]:
        """Each message with the reply that refused it, or None if it was accepted.

        Raises SMTPException or OSError when the connection fails or the sender is refused. Then the server may have
        accepted the first message of `in_flight`; of the second it knows no more than the address.
        """
        current = self._next()
        if current is None:
            return
        self._server.send(_envelope(current))
        content = current.render().content
        while current is not None:
            sender, recipient, data = self._reply(), self._reply(), self._reply()
            following = self._next()
            if data[0] != START_INPUT:
                end = RESET
            elif sender[0] == 250 and recipient[0] in (250, 251):
                end = dot_stuffed(content)
            else:
                # There is no recipient and nothing to send, but the server waits for the end of a message.
                end = END
            self._server.send(end + _envelope(following) if following else end)
            if following:
                # Rendered while the server works.
                content = following.render().content
            ended = self._reply()
            if sender[0] != 250:
                raise smtplib.SMTPSenderRefused(*sender, current.addresses[0])
            self.in_flight.remove(current)
            yield current, _refusal(recipient, data, ended)
            current = following

    def _next(self) -> M | None:
        message = next(self._queue, None)
        if message is not None and not message.is_simple:
            self._queue.push_back(message)
            return None
        if message is not None:
            self.in_flight.append(message)
        return message

    def _reply(self) -> Reply:
        reply = self._server.getreply()
        if reply[0] == CLOSING:
            raise smtplib.SMTPResponseException(*reply)
        return reply


def dot_stuffed(content: bytes) -> bytes:
    """The content and the end of the message; a dot at the beginning of a line is doubled (RFC 5321, 4.5.2)."""
    content = content.replace(b"\r\n.", b"\r\n..")
    return content + (END if content.endswith(b"\r\n") else b"\r\n" + END)


def _envelope(message: PipelineMessage) -> bytes:
    """DATA comes last, because what follows it depends on the reply."""
    return b"MAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nDATA\r\n" % tuple(address.encode() for address in message.addresses)


def _refusal(recipient: Reply, data: Reply, ended: Reply) -> Reply | None:
    if recipient[0] not in (250, 251):
        return recipient
    if data[0] != START_INPUT:
        return data
    return None if ended[0] == 250 else ended
