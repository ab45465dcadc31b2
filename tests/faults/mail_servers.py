"""A mail server that remembers every message, and fails at the worst moments."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections import defaultdict
from collections.abc import Callable, Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.invites.mailing.mail_server import MailServer

LINK = re.compile(r"http\S+/i/[\w-]{27}/")


class CloseMailServer(MailServer):
    """`links[address]` are the links of every mail to it, `senders[address]` who sent the last one.

    To an address among `silent_after` it takes the mail whole, once, and drops the line before it says so: the worst
    moment, for nobody can know. `before_each` is called with every recipient, and the port of the client, before
    the server answers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.links: defaultdict[str, list[str]] = defaultdict(list)
        self.senders: dict[str, str] = {}
        self.silent_after: set[str] = set()
        self.before_each: Callable[[str, int], object] | None = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.before_each is not None:
            assert session.peer is not None
            self.before_each(address, int(session.peer[1]))
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        assert isinstance(envelope.content, bytes)
        message: EmailMessage = message_from_bytes(envelope.content, policy=policy.default)
        text = message.get_body(("plain",))
        assert text is not None
        for address in envelope.rcpt_tos:
            self.links[address] += LINK.findall(text.get_content())
            self.senders[address] = envelope.mail_from or ""
            if address in self.silent_after:
                self.silent_after.remove(address)
                assert server.transport is not None
                server.transport.close()
        return answer


def at_port(port: int, pids: Iterable[int]) -> set[int]:
    """Those of the processes that hold the TCP connection from that port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{line[9]}]" for line in lines if int(line[1].rpartition(":")[2], 16) == port}
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            if sockets & {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}:
                found.add(pid)
    return found


def kill(pids: Iterable[int]) -> None:
    """As `kill -9` does; one that has ended already is no trouble."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
