"""Two hundred thousand people of one organization never keep another's twenty waiting."""

from __future__ import annotations

import time

from tests.batches.conftest import many
from tests.batches.mail_server import MailServer
from tests.batches.work import Work
from tests.running import wait_for

MANY = 200_000
SECONDS = 30


def test_twenty_are_invited_within_seconds_while_another_organization_invites_two_hundred_thousand(
    work: Work, server: MailServer
) -> None:
    large = work.invite(many(MANY, domain="large.example.com"))
    # Once while the large file is read, and once while its people are mailed.
    for organization_is in ("checked", "mailed"):
        if organization_is == "mailed":
            wait_for(lambda: any("@large." in to for to in server.taken), what="mail of the large batch", seconds=300)
        domain = f"{organization_is}.example.com"
        began = time.monotonic()

        small = work.invite(many(20, domain=domain), organization="globex")
        work.wait_for_end(small)

        assert time.monotonic() - began < SECONDS, f"While the other file is {organization_is}."
        assert sum(to.endswith(f"@{domain}") for to in server.taken) == 20
    assert work.ask(f"SELECT count(*) FROM invites_batch WHERE id = {large} AND state = 'inviting'") == [1]
