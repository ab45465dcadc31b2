"""A dead link is not a dead end: the invitee asks for a new one, and an admin grants it with a click, in Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from config.harness.driving import banner
from config.harness.running import Stack, wait_for
from tests.files import csv_of
from tests.stories import ADMINS, import_file, link_in, run

EMAIL = "gil@asks.example.com"
TOLD = "If this link belongs to an invitation, its admins have been told."
EXPIRE = f"Invitation.objects.filter(email='{EMAIL}').update(expires_at=timezone.now(), mail_finished_at='2026-01-01T00:00Z')"
REVOKE = f"Invitation.objects.filter(email='{EMAIL}', state='pending').update(state='revoked')"
NOBODY = "Nobody is waiting for a new invitation"


def ask(page: Page, link: str) -> tuple[str, str]:
    """What the page of the link says, and the page that follows."""
    page.goto(link)
    said = page.locator("main").inner_text()
    page.get_by_role("button", name="Ask for a new invitation").click()
    expect(page.locator("main")).to_contain_text(TOLD)
    return said, page.locator("main").inner_text()


def test_a_dead_link_leads_to_a_new_one(stack: Stack, new_context: Any, signed_in_state: Any, tmp_path: Path) -> None:
    file = tmp_path / "asks.csv"
    file.write_bytes(csv_of(f"{EMAIL},Gil,Asks,"))
    import_file(stack, file, organization="globex")
    link = link_in(stack.wait_for_mail(EMAIL))
    run(stack, EXPIRE)
    # Without JavaScript, as some email programs open it.
    invitee = new_context(java_script_enabled=False).new_page()
    said = ask(invitee, link)
    assert "gil" not in " ".join(said).lower()
    assert "globex" not in " ".join(said).lower()
    assert ask(invitee, f"{stack.url}/i/{'x' * 27}/") == said, "Nobody learns which links exist."

    page = new_context(storage_state=signed_in_state(ADMINS["globex"])).new_page()
    page.goto("/o/globex/users/")
    banner(page, "1 person asked for a new invitation.").get_by_role("link", name="Review").click()
    asked = page.get_by_role("row").filter(has_text=EMAIL)
    expect(asked).to_contain_text("Gil Asks")
    asked.get_by_role("button", name="Send a new link").click()
    expect(page.locator("#alerts")).to_contain_text(f"The invitation to {EMAIL} will be resent.")
    expect(page.get_by_text(NOBODY)).to_be_visible()
    again = wait_for(lambda: stack.inbox(EMAIL)[1:], what="the new link")[0]
    invitee.goto(link_in(again))
    expect(invitee.get_by_role("heading", name="Join Globex")).to_be_visible()

    # After a revocation, the page is the same, and nobody is told.
    run(stack, REVOKE)
    assert ask(invitee, link_in(again)) == said
    page.reload()
    expect(page.get_by_text(NOBODY)).to_be_visible()
    assert len(stack.inbox(EMAIL)) == 2
