"""A real SMTP server that does what a test tells it to do."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from config.harness.running import free_port, wait_for

# A line for each command takes longer than the message.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class MailServer:
    """Accepts email on `port` of the loopback interface.

    `taken` are the recipients of accepted messages, in order, `taken_at` their times, and `asked` all recipients that
    a client named. `answers[address]` are replies to that recipient, one per try, before it is accepted. Everyone gets
    `answer_all`, and recipients at `busy_domains` are deferred. With `pipelining` it accepts several commands at once.
    With `hangs` it never replies, with `hangs_for` not to recipients of that domain. Each message takes
    `seconds_per_mail`. It closes a connection after `most_per_connection` messages, and once after `drops_after`
    messages in total, before it confirms the last one.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[str] = []
        self.taken_at: list[float] = []
        self.asked: list[str] = []
        self.connections = 0
        self.answers: dict[str, list[str]] = {}
        self.answer_all = ""
        self.hangs = False
        self.hangs_for = ""
        self.seconds_per_mail = 0.0
        self.busy_domains: set[str] = set()
        self.drops_after = 0
        self.most_per_connection = 0
        self.lingers = 0.0
        self.pipelining = True
        self._by_session: dict[Session, int] = {}
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def has_heard_of(self, address: str) -> bool:
        return address in self.asked

    def wait_for_mails(self, count: int) -> None:
        wait_for(lambda: len(self.taken) >= count, what=f"{count} mails")

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        await self._hang()
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.pipelining else responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._hang()
        self.asked.append(address)
        while self.hangs_for and address.endswith(f"@{self.hangs_for}"):
            await asyncio.sleep(0.05)
        if self.answer_all:
            return self.answer_all
        if address.rpartition("@")[2] in self.busy_domains:
            return "450 4.7.1 Too much mail from you"
        if waiting := self.answers.get(address):
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.seconds_per_mail)
        before = self._by_session.get(session, 0)
        if self.most_per_connection and before >= self.most_per_connection:
            assert server.transport is not None
            server.transport.close()
            return "421 4.7.0 Too many"
        self._by_session[session] = before + 1
        self.taken += envelope.rcpt_tos
        self.taken_at.append(time.monotonic())
        if self.drops_after == len(self.taken):
            assert server.transport is not None
            server.transport.close()
        await asyncio.sleep(self.lingers)
        return "250 OK"

    async def _hang(self) -> None:
        while self.hangs:
            await asyncio.sleep(0.05)
