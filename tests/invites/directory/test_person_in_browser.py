"""The page of a person in Chromium on the running stack: from a wrong address to a member who is deactivated."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from config.harness.driving import heading
from config.harness.running import Stack
from tests.invites.directory.test_in_browser import LINK, USERS, invite


def test_a_person_from_a_wrong_address_to_their_last_day(stack: Stack, admin_page: Any, new_context: Any) -> None:
    page, wrong, right = admin_page, "ada@wrong.example.com", "ada@right.example.com"
    invite(page, wrong, "Ada", "Person")
    stack.wait_for_mail(wrong)
    page.goto(f"{USERS}?q={wrong}")
    page.get_by_role("link", name="Ada Person").click()
    history = page.get_by_role("list").filter(has_text="Invited by Ines Martin")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Person")
    expect(history).to_contain_text("The link hasn’t been opened")

    # By keyboard: correct the address.
    page.get_by_role("link", name="Edit").press("Enter")
    expect(heading(page)).to_be_focused()
    page.get_by_label("Email", exact=True).fill(right)
    page.get_by_label("Description").fill("Night shift")
    page.get_by_role("button", name="Save changes").press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="Edit")).to_be_focused()
    expect(page.locator("#alerts")).to_contain_text(f"The invitation will be resent to {right}.")
    expect(page.locator(".rc-page-lead")).to_have_text(re.compile(f"{right} · Night shift"))
    expect(history).to_contain_text("Ines Martin corrected the address and resent the invitation")
    expect(history).to_contain_text(f"It was {wrong}.")

    mail = stack.wait_for_mail(right)
    invitee = new_context().new_page()
    invitee.goto(LINK.search(mail.text)[0])  # type: ignore[index]
    expect(invitee.get_by_label("Last name")).to_have_value("Person")
    page.reload()
    expect(history).to_contain_text("Link opened, not accepted yet")
    invitee.get_by_label("Password", exact=True).fill("a few plain words")
    invitee.get_by_role("button", name="Accept and sign in").click()
    expect(invitee.get_by_role("heading", level=1)).to_contain_text("Acme")

    # The address of the invitation leads to the member.
    page.reload()
    assert re.search(r"/o/acme/users/[0-9]+/$", page.url)
    expect(history).to_contain_text("Accepted the invitation")
    expect(history).to_contain_text("1 sign-in since")
    page.get_by_role("link", name="Deactivate").click()
    page.locator("#dialog").get_by_role("button", name="Deactivate").click()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(history).to_contain_text("Ines Martin deactivated Ada Person")
    expect(page.get_by_role("link", name="Reactivate")).to_be_visible()

    # Afterwards there is no page of this person anymore.
    page.get_by_role("link", name="Remove").click()
    page.locator("#dialog").get_by_role("button", name="Remove").click()
    expect(page).to_have_url(re.compile(r"/o/acme/users/$"))
    expect(page.locator("#alerts")).to_contain_text("Ada Person was removed from Acme.")


# Changes of the description, one a minute.
CHANGES = """
from datetime import timedelta
from django.db import transaction
from django.utils import timezone
from accounts.activity.actions import Action
from accounts.activity.log import Change, record
from invites.invitations.activity import about_invitation
from invites.models import Invitation
invitation = Invitation.objects.get(email="ear@one.example.com")
with transaction.atomic():
    for number in range(21):
        record(
            invitation.organization_id, Action.INVITATION_CHANGED, about_invitation(invitation), by=invitation.inviter,
            change=Change(after={"description": f"Shift {number}"}),
        )
"""


def test_earlier_events_are_shown_on_request(stack: Stack, admin_page: Any, browser: Any, signed_in_state: Any) -> None:
    page = admin_page
    invite(page, "ear@one.example.com", "Ear", "Lier")
    done = stack.manage("shell", "--no-imports", "-c", CHANGES)
    assert done.returncode == 0, done.stderr
    page.goto(f"{USERS}?q=ear@one")
    page.get_by_role("link", name="Ear Lier").click()
    history = page.locator("#history")
    expect(history).to_contain_text("Shift 20")
    expect(history).not_to_contain_text("Invited by")

    state = signed_in_state("admin@example.com")
    plain = browser.new_context(base_url=stack.url, storage_state=state, java_script_enabled=False).new_page()
    plain.goto(page.url)
    plain.get_by_role("link", name="Show earlier").click()
    expect(plain.locator("#history")).to_contain_text("Invited by Ines Martin")
    plain.context.close()

    page.get_by_role("link", name="Show earlier").press("Enter")
    expect(history).to_contain_text("Invited by Ines Martin")
    expect(history).to_contain_text("Shift 20")
    expect(page.get_by_role("link", name="Show earlier")).to_have_count(0)
