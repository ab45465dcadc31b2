"""An admin deactivates a member, imports them again, and reactivates them from the results, in Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.harness.driving import ROLE, SITE, heading
from config.harness.running import Stack
from tests.axe import examine

pytestmark = pytest.mark.browser
EMAIL, NAME = "wanjiru.kamau@example.com", "Wanjirũ Kamau"


def test_a_member_is_deactivated_and_reactivated_from_an_import(
    stack: Stack, admin_page: Page, browser: Any, tmp_path: Path
) -> None:
    theirs = browser.new_context(base_url=stack.url).new_page()
    theirs.goto("/accounts/login/")
    theirs.locator("input[name=login]").fill(EMAIL)
    theirs.locator("input[name=password]").fill(stack.password)
    theirs.locator("input[name=password]").press("Enter")
    expect(theirs.locator("#content")).to_contain_text("Acme")

    # With the keyboard, from the menu of the list.
    page = admin_page
    page.goto(f"/o/acme/users/?q={EMAIL}")
    page.get_by_role("button", name=f"Actions for {NAME}").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Deactivate", exact=True).focus()
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text(f"Deactivate {NAME}?")
    expect(heading(page)).to_be_focused()
    assert list(examine(page)) == []
    page.get_by_role("button", name="Deactivate").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#alerts")).to_contain_text(f"{NAME} was deactivated.")
    expect(page.get_by_role("row").filter(has_text=EMAIL)).to_contain_text("Deactivated")

    theirs.reload()
    expect(theirs.get_by_role("heading", name="Page not found")).to_be_visible()
    theirs.get_by_role("link", name="Go to Rollcall").click()
    expect(theirs.get_by_role("heading", name="Your access has been deactivated")).to_be_visible()

    file = tmp_path / "deactivated-again.csv"
    file.write_text(f"Email,First name,Last name\n{EMAIL},Wanjirũ,Kamau\n", encoding="utf-8")
    arguments = ("--organization", "acme", "--role", ROLE, "--site", SITE, "--as", "admin@example.com", "--wait")
    answer = stack.manage("invite_csv", str(file), *arguments)
    assert "because that person is deactivated" in answer.stdout, answer.stderr
    page.goto("/o/acme/batches/")
    page.get_by_role("link", name="deactivated-again.csv").click()
    expect(page.locator("#batch")).to_contain_text("1 person in this file is deactivated")
    assert list(examine(page)) == []
    page.get_by_role("link", name="Reactivate row 2").click()
    expect(heading(page)).to_have_text(f"Reactivate {NAME}?")
    page.get_by_role("button", name="Reactivate").click()
    # The page behind the dialog is up to date without a reload.
    expect(page.locator("#alerts")).to_contain_text(f"{NAME} was reactivated.")
    expect(page.locator("#batch")).not_to_contain_text("in this file is deactivated")
    expect(page.get_by_role("link", name="Reactivate row 2")).to_have_count(0)

    theirs.goto("/")
    expect(theirs.locator("#content")).to_contain_text("Acme")
