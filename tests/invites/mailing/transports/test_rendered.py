"""Messages as bytes are the same as messages that Django builds."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from typing import Any

import pytest

from accounts.models import Organization
from invites.mailing.content import content_of
from invites.mailing.template import InvitationTemplate
from invites.models import Batch, Invitation
from tests.files import csv_of
from tests.invites.mailing.mail_server import MailServer

LINK = "https://rollcall.example.com/i/abcdefghijklmnopqrstuvwxyzA/"
OPT_OUT = "12-abcdefghijklmnopqrstuvwxyzA"
NAMES = ["Ann", "Łukasz", "美咲", "O'Connor & Söhne", "<b>Bold</b>", "www.example.com", ".", "{link}", "to"]


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def parts(message: EmailMessage) -> list[tuple[str, str]]:
    return [
        (part.get_content_type(), part.get_content().replace("\r\n", "\n"))
        for part in message.walk()
        if not part.is_multipart()
    ]


@pytest.mark.parametrize("first_name", NAMES)
def test_rendered_bytes_equal_the_built_message(
    start: Callable[..., Batch], work: Callable[[Batch], Batch], first_name: str
) -> None:
    work(start(csv_of("ann@example.com,Ann,Lee,")))
    invitation = Invitation.objects.get()
    invitation.first_name = first_name
    template = InvitationTemplate(content_of(invitation))

    assert template.is_simple_for(invitation)
    fast = template.render(invitation, link=LINK, opt_out=OPT_OUT)

    slow = parsed(template.build(invitation, link=LINK, opt_out=OPT_OUT).message().as_bytes())
    assert parts(parsed(fast.content)) == parts(slow)
    headers = dict(parsed(fast.content).items())
    assert {**headers, "Date": "", "Content-Type": ""} == {**dict(slow.items()), "Date": "", "Content-Type": ""}
    assert headers["Date"]
    assert max(map(len, fast.content.split(b"\r\n"))) < 998
    assert (fast.recipient, fast.content.count(b"\r\n")) == ("ann@example.com", fast.content.count(b"\n"))


@pytest.mark.parametrize("message", ["見" * 500, "<'&\">" * 100, "word " * 100, "100%s {link} %", "a\n\nb", "."])
def test_messages_in_any_alphabet_are_sent_as_fast(run: Callable[..., Batch], message: str) -> None:
    run(csv_of("ann@example.com"))
    invitation = Invitation.objects.get()
    Organization.objects.update(email_message=message)
    Invitation.objects.update(message=message)
    template = InvitationTemplate(content_of(Invitation.objects.get()))

    assert template.is_simple_for(invitation)
    fast = template.render(invitation, link=LINK, opt_out=OPT_OUT)

    slow = parsed(template.build(invitation, link=LINK, opt_out=OPT_OUT).message().as_bytes())
    assert parts(parsed(fast.content)) == parts(slow)
    assert max(map(len, fast.content.split(b"\r\n"))) < 998
    text, html = (content for _kind, content in parts(slow))
    written = message.replace("\n", "").replace(" ", "")
    assert text.replace("\u2060", "").replace("\n", "").replace(" ", "").count(written) >= 2
    shown = unescape(html.replace("<wbr\n>", "").replace("<br>", "")).replace("\u2060", "")
    assert shown.replace("\n", "").replace(" ", "").count(written) >= 2


@pytest.mark.parametrize(
    ("email", "first_name"),
    [("jörg@example.com", "Jörg"), ("ann@example.com\nBcc: x@example.com", "Ann"), ("ann@example.com", "A" * 450)],
)
def test_an_unusual_invitee_is_not_simple(run: Callable[..., Batch], email: str, first_name: str) -> None:
    run(csv_of("ann@example.com"))
    invitation = Invitation.objects.get()
    template = InvitationTemplate(content_of(invitation))
    invitation.email, invitation.first_name = email, first_name

    assert not template.is_simple_for(invitation)


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_real_server_gets_the_others_when_it_refuses_some(
    run: Callable[..., Batch], settings: Any, pipelining: bool
) -> None:
    with MailServer() as server:
        server.pipelining = pipelining
        settings.EMAIL_BACKEND = "invites.mailing.transports.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 2
        server.answers = {"gone@example.com": ["550 5.1.1 Nobody"], "full@example.com": ["552 5.2.2 Full"]}

        batch = run(
            csv_of("ann@example.com", "gone@example.com", "zoe@example.com", "full@example.com", "x@example.com")
        )

    assert sorted(server.taken) == ["ann@example.com", "x@example.com", "zoe@example.com"]
    assert server.connections == 1
    failed = dict(batch.rows.filter(outcome="failed").values_list("email", "detail"))
    assert failed == {"gone@example.com": "550 5.1.1 Nobody", "full@example.com": "552 5.2.2 Full"}
