"""A test goes to the admin alone, in a real conversation with a mail server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Membership, Organization, User
from accounts.users import rate_limits
from invites.mailing.content import EmailContent, EmailSettings, Inviter
from invites.mailing.trial import send_trial
from invites.models import Invitation
from tests.invites.mailing.mail_server import MailServer
from tests.rules import domain_error


@pytest.fixture
def content(acme: Organization, admin: User) -> EmailContent:
    settings = EmailSettings(sender_name="Acme Energy", reply_to="help@example.com", message="Call 4100.")
    return EmailContent("Acme", settings, Inviter.of(admin), roles=("ReadOnly",), sites=("Lyon",), is_test=True)


def test_goes_to_the_admin_with_a_link_that_leads_nowhere(
    by: Membership, content: EmailContent, client_of: Callable[..., Client]
) -> None:
    send_trial(by, content, first_name="Chiara")

    (message,) = mail.outbox
    assert message.to == ["admin@example.com"]
    assert message.subject == "[Test] Ines Martin invited you to Acme"
    assert message.reply_to == ["help@example.com"]
    assert "Hi Chiara," in message.body
    assert "/i/test/" in message.body
    assert "This is a test. Nobody was invited." in client_of(None).get("/i/test/").content.decode()
    assert not Invitation.objects.exists()


def test_five_an_hour(by: Membership, content: EmailContent) -> None:
    for _each in range(5):
        send_trial(by, content, first_name="Chiara")

    with domain_error("too_many", match=r"Too many tests\. Try again in (59|60) minutes\."):
        send_trial(by, content, first_name="Chiara")

    assert len(mail.outbox) == 5
    assert rate_limits.seconds_left(rate_limits.TEST_EMAILS_OF_USER, "somebody else") == 0


def test_a_mail_server_takes_it(by: Membership, content: EmailContent, server: MailServer) -> None:
    send_trial(by, content, first_name="Chiara")

    assert server.taken == ["admin@example.com"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("550 5.7.1 Not today", "The test couldn’t be sent. The mail server said: 550 5.7.1 Not today"),
        ("451 4.3.0 Busy", "The test couldn’t be sent. The mail server said: 451 4.3.0 Busy"),
    ],
)
def test_repeats_what_the_mail_server_said(
    by: Membership, content: EmailContent, server: MailServer, answer: str, words: str
) -> None:
    server.answers = {"admin@example.com": [answer]}

    with domain_error("mail_failed") as raised:
        send_trial(by, content, first_name="Chiara")

    assert raised.value.message == words


def test_says_that_the_mail_server_is_away(by: Membership, content: EmailContent, server: MailServer) -> None:
    server.stop()

    with domain_error("mail_failed") as raised:
        send_trial(by, content, first_name="Chiara")
    assert "couldn’t be reached" in str(raised.value)


def test_a_server_that_never_answers_keeps_no_page_waiting_for_long(
    by: Membership, content: EmailContent, server: MailServer, settings: Any
) -> None:
    server.hangs = True
    settings.EMAIL_TIMEOUT = 1

    with domain_error("mail_failed"):
        send_trial(by, content, first_name="Chiara")
