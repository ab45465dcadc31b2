"""Saying no with the links of a real email, and what admins then see, in Chromium on the running stack."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from config.harness.driving import choose_roles_and_sites
from config.harness.running import Stack, wait_for
from tests.stories import link_in, opt_out_link_in


def invite(page: Page, email: str) -> None:
    page.goto("/o/acme/invite/")
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("First name").fill("Nora")
    page.get_by_label("Last name").fill("Oh")
    choose_roles_and_sites(page)
    page.get_by_role("button", name="Send invitation").last.click()


def test_declining_asking_again_and_reporting_abuse(stack: Stack, admin_page: Page, new_context: Any) -> None:
    address = "nora.oh@people.example.com"
    invite(admin_page, address)
    mail = stack.wait_for_mail(address)
    invitee = new_context().new_page()
    invitee.goto(opt_out_link_in(mail, "decline"))
    expect(invitee.get_by_role("heading", name="Decline the invitation to Acme?")).to_be_visible()
    assert "/i/" not in invitee.url
    invitee.get_by_role("button", name="Decline this invitation").click()
    expect(invitee.get_by_role("heading", name="You declined the invitation to Acme")).to_be_visible()

    # The link that accepts is dead, and asking reaches nobody.
    invitee.goto(link_in(mail))
    invitee.get_by_role("button", name="Ask for a new invitation").click()
    expect(invitee.get_by_text("If this link belongs to an invitation, its admins have been told.")).to_be_visible()
    admin_page.goto("/o/acme/users/requests/")
    expect(admin_page.get_by_role("heading", level=1)).to_have_text("Requests for a new invitation")
    expect(admin_page.get_by_text(address)).to_have_count(0)

    invite(admin_page, address)
    expect(admin_page.get_by_text(re.compile(rf"{address} declined an invitation to Acme on"))).to_be_visible()
    admin_page.goto("/o/acme/users/?status=declined&q=nora.oh")
    line = admin_page.get_by_role("row").filter(has_text=address)
    expect(line).to_contain_text("Invite declined")
    line.get_by_role("button", name="Actions for Nora Oh").click()
    admin_page.get_by_role("link", name="Invite again").click()
    admin_page.get_by_role("button", name="Invite again").click()
    expect(admin_page.get_by_text(f"{address} was invited.")).to_be_visible()
    second = wait_for(lambda: stack.inbox(address)[1:], what="the second email")[0]

    invitee.goto(opt_out_link_in(second, "report"))
    invitee.get_by_role("button", name="Report abuse and stop invitations").click()
    expect(invitee.get_by_role("heading", name="You reported this invitation")).to_be_visible()
    admin_page.goto("/o/acme/users/?q=nora.oh")
    undelivered = admin_page.get_by_role("row").filter(has_text=address).get_by_text("Not delivered")
    expect(undelivered).to_have_attribute("title", "This address doesn’t accept invitations.")
    line.get_by_role("button", name="Actions for Nora Oh").click()
    admin_page.get_by_role("link", name="Resend", exact=True).click()
    expect(admin_page.get_by_text("This address doesn’t accept invitations.").first).to_be_visible()
    assert len(stack.inbox(address)) == 2
