"""The SMTP server behind the stack that tests share: it keeps what it takes where `Stack.inbox` looks."""

from __future__ import annotations

import json
import secrets
import time
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.invites.mailing.mail_server import MailServer

_HEADERS = BytesHeaderParser(policy=policy.default)


class MailCatcher(MailServer):
    """Keeps each message in the directory before it says that it has it, in the files of the development inbox."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / f"{time.time_ns()}-{secrets.token_hex(4)}.eml"
        path.write_bytes(envelope.content)
        subject = str(_HEADERS.parsebytes(envelope.content)["Subject"])
        # Renamed, so that no reader finds half of it.
        described = path.with_suffix(".new")
        described.write_text(json.dumps({"to": envelope.rcpt_tos, "subject": subject}))
        described.rename(path.with_suffix(".json"))
        return await super().handle_DATA(server, session, envelope)
