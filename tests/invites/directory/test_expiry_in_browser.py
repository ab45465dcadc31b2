"""Invitations that expire don't go unnoticed: the banner, the email once a day, and *Resend all*, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from config.harness.driving import banner, heading
from config.harness.running import Stack, wait_for
from tests.daylight import zone_by_day
from tests.files import csv_of
from tests.stories import ADMINS, import_file, link_in, run

DOMAIN = "expiring.example.com"
# Twelve days pass, and for one of them more.
PASS = """
now, sent = timezone.now(), Invitation.objects.filter(email__endswith="@expiring.example.com")
assert sent.update(mail_finished_at=now - timedelta(days=12), expires_at=now + timedelta(days=2)) == 2
sent.filter(email__startswith="eli@").update(expires_at=now - timedelta(hours=1))
Organization.objects.filter(slug="globex").update(time_zone="{zone}", expiry_email_at=now)
"""


@pytest.fixture
def by_day(stack: Stack) -> Iterator[str]:
    """The name of a time zone for Globex where it is by day, when the email is sent. Afterwards, it has its own."""
    yield zone_by_day()
    run(stack, "Organization.objects.filter(slug='globex').update(time_zone='Europe/Amsterdam')")


def check_that_closing_a_message_keeps_the_focus(page: Any) -> None:
    """Closes the banner of the import. Then all banners are loaded again, also the one that gets the focus."""
    page.locator("#banners > .rc-banners").evaluate("element => element.setAttribute('data-old', '')")
    banner(page, "2 users were invited to").get_by_role("button").press("Enter")
    expect(page.locator("[data-old]")).to_have_count(0)
    expect(page.locator("#banners :focus")).to_have_count(1)


def test_the_inviter_learns_what_expires_and_resends_all(
    stack: Stack, by_day: str, new_context: Any, signed_in_state: Any, tmp_path: Path
) -> None:
    admin, people = ADMINS["globex"], (f"eli@{DOMAIN}", f"soo@{DOMAIN}")
    file = tmp_path / "expiring.csv"
    file.write_bytes(csv_of(f"{people[0]},Eli,Expired,", f"{people[1]},Soo,Soon,"))
    import_file(stack, file, organization="globex")
    first = [stack.wait_for_mail(email) for email in people]
    run(stack, PASS.format(zone=by_day))

    mail = stack.wait_for_mail(admin)
    assert mail.subject == "Globex: 1 invitation expires within three days"
    assert "1 has expired." in mail.text
    assert f"{stack.url}/o/globex/users/expiring/" in mail.text

    page = new_context(storage_state=signed_in_state(admin)).new_page()
    page.goto("/o/globex/users/")
    told = banner(page, "1 invitation expires within three days.")
    expect(told).to_contain_text("1 has expired.")
    check_that_closing_a_message_keeps_the_focus(page)
    told.get_by_role("link", name="Resend all").press("Enter")
    expect(heading(page)).to_have_text("Resend 2 invitations?")
    page.locator("#dialog").get_by_role("button", name="Resend 2 invitations").press("Enter")
    expect(banner(page, "2 invitations will be resent.")).to_be_visible()
    expect(told).to_have_count(0)
    wait_for(lambda: all(len(stack.inbox(email)) == 2 for email in people), what="a second email to each")
    assert not {link_in(stack.inbox(email)[1]) for email in people} & {link_in(mail) for mail in first}
    invitee = new_context().new_page()
    invitee.goto(link_in(stack.inbox(people[0])[1]))
    expect(invitee.get_by_role("heading", name="Join Globex")).to_be_visible()

    # The link of the email leads to the same question, and now there is nothing to do.
    page.goto("/o/globex/users/expiring/")
    expect(page.locator("#alerts")).to_contain_text("No invitation has expired or expires within three days.")
    assert len(stack.inbox(admin)) == 1
