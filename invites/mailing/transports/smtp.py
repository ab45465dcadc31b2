"""Many messages over one SMTP connection: the end of one and the beginning of the next travel together (RFC 2920).

The next message never ends before whoever asked has come back for it. So a process that dies, or a line that drops,
leaves one message in doubt and no more.
"""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django.core.mail.backends.smtp import EmailBackend as DjangoEmailBackend

Reply = tuple[int, bytes]

GO_ON = 354
CLOSES = 421
RESET = b"RSET\r\n"
END = b".\r\n"


class EmailBackend(DjangoEmailBackend):
    """Django's, which tells of each answer of the server: many slow ones, none of them too late, take a long time.

    An address of the server where nobody answers counts as one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heard: Callable[[], object] = lambda: None

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        heard = self.heard
        protocol: type[smtplib.SMTP] = super().connection_class

        class Server(protocol):  # type: ignore[misc, valid-type]
            def getreply(self) -> Reply:
                reply: Reply = super().getreply()
                heard()
                return reply

            def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
                trouble = None
                for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                    try:
                        found: socket.socket = super()._get_socket(str(address[0]), port, timeout)
                    except OSError as error:
                        trouble = error
                        heard()
                    else:
                        return found
                raise trouble or OSError("The mail server has no address.")

        return Server


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it goes over the line."""

    sender: str
    recipient: str
    content: bytes


class Plain(Protocol):
    """Something to deliver. It can be rendered if `is_plain`, which it knows before, as well as its addresses."""

    @property
    def is_plain(self) -> bool: ...

    @property
    def addresses(self) -> tuple[str, str]: ...

    def rendered(self) -> Rendered: ...


P = TypeVar("P", bound=Plain)


class Waiting(Generic[P]):
    """What is still to be delivered; a parcel that was taken too early can be requeued."""

    def __init__(self, parcels: Iterable[P]) -> None:
        self._parcels = iter(parcels)
        self._back: list[P] = []

    def __iter__(self) -> Iterator[P]:
        return self

    def __next__(self) -> P:
        return self._back.pop(0) if self._back else next(self._parcels)

    def requeue(self, *parcels: P) -> None:
        self._back = [*parcels, *self._back]


class Conversation(Generic[P]):
    """Delivers what waits, as long as it is plain. `unresolved` is what was taken up and has no outcome yet."""

    def __init__(self, server: smtplib.SMTP, waiting: Waiting[P]) -> None:
        self.unresolved: list[P] = []
        self._server = server
        self._waiting = waiting

    def outcomes(self) -> Iterator[tuple[P, Reply | None]]:
        """Each parcel with what the server said against it or its recipient, or None if it was taken.

        Raises SMTPException or OSError when the connection, or the sender, is no good any more: then the first of
        `unresolved` is in doubt, and of the second the server knows no more than the address.
        """
        current = self._next()
        if current is None:
            return
        self._server.send(_beginning_of(current))
        content = current.rendered().content
        while current is not None:
            sender, recipient, data = self._reply(), self._reply(), self._reply()
            following = self._next()
            if data[0] != GO_ON:
                end = RESET
            elif sender[0] == 250 and recipient[0] in (250, 251):
                end = on_the_line(content)
            else:
                # Without a recipient there is nothing to send, but the server waits for the end of it.
                end = END
            self._server.send(end + _beginning_of(following) if following else end)
            if following:
                # While the server is at it.
                content = following.rendered().content
            ended = self._reply()
            if sender[0] != 250:
                raise smtplib.SMTPSenderRefused(*sender, current.addresses[0])
            self.unresolved.remove(current)
            yield current, _refusal(recipient, data, ended)
            current = following

    def _next(self) -> P | None:
        parcel = next(self._waiting, None)
        if parcel is not None and not parcel.is_plain:
            self._waiting.requeue(parcel)
            return None
        if parcel is not None:
            self.unresolved.append(parcel)
        return parcel

    def _reply(self) -> Reply:
        reply = self._server.getreply()
        if reply[0] == CLOSES:
            raise smtplib.SMTPResponseException(*reply)
        return reply


def on_the_line(content: bytes) -> bytes:
    """A dot that begins a line is doubled, and one on its own ends the message (RFC 5321, 4.5.2)."""
    content = content.replace(b"\r\n.", b"\r\n..")
    return content + (END if content.endswith(b"\r\n") else b"\r\n" + END)


def _beginning_of(parcel: Plain) -> bytes:
    """DATA is last: what comes after it depends on the answer."""
    return b"MAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nDATA\r\n" % tuple(address.encode() for address in parcel.addresses)


def _refusal(recipient: Reply, data: Reply, ended: Reply) -> Reply | None:
    if recipient[0] not in (250, 251):
        return recipient
    if data[0] != GO_ON:
        return data
    return None if ended[0] == 250 else ended
