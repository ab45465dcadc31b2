"""Inviting or reminding 200,000 people never keeps 20 people of another organization waiting."""

from __future__ import annotations

import time

from config.harness.running import wait_for
from tests.files import many
from tests.invites.imports.work import Work
from tests.invites.mailing.mail_server import MailServer

MANY = 200_000
SECONDS = 10
RESENT = 3_000
# How long tasks may pile up first.
GOING_SECONDS = 25


def test_invites_twenty_within_seconds_while_another_organization_invites_200_000(
    work: Work, server: MailServer
) -> None:
    def invite_twenty(domain: str) -> float:
        """Seconds until they are invited and mailed, with what the command takes to start."""
        began = time.monotonic()
        work.wait_for_end(work.invite(many(20, domain=domain), organization="globex"))
        assert sum(to.endswith(f"@{domain}") for to in server.taken) == 20
        return time.monotonic() - began

    alone = invite_twenty("alone.example.com")
    large = work.invite(many(MANY, domain="large.example.com"))
    # Once while the large file is checked, and once while its emails are sent.
    for organization_is in ("checked", "mailed"):
        if organization_is == "mailed":
            wait_for(lambda: any("@large." in to for to in server.taken), what="mail of the large batch", seconds=300)
        delay = invite_twenty(f"{organization_is}.example.com") - alone
        assert delay < SECONDS, f"While the other file is {organization_is}."
    assert work.ask(f"SELECT count(*) FROM invites_batch WHERE id = {large} AND state = 'inviting'") == [1]


def test_emails_twenty_single_invitations_within_seconds_while_another_organization_resends_thousands(
    work: Work, server: MailServer
) -> None:
    large = work.invite(many(RESENT, domain="large.example.com"))
    work.wait_for_end(large)
    server.seconds_per_mail = 0.1
    assert work.resend(large) == RESENT
    time.sleep(GOING_SECONDS)

    work.invite_singly(20, domain="small.example.com", organization="globex")
    began = time.monotonic()
    wait_for(lambda: sum("@small." in to for to in server.taken) == 20, what="mail to the twenty", seconds=60)

    # The twenty alone take two seconds, and no time slice of the others takes more than three.
    assert time.monotonic() - began < 10
    assert len(server.taken) < RESENT * 2, "The others are still being sent."
