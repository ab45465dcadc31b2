"""An organization invites only its own email domains, or is warned about others, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.harness.driving import heading
from config.harness.running import Stack
from tests.files import csv_of
from tests.stories import ADMINS, import_file, run

OURS, OTHER = "ours.example.com", "other.example.com"


@pytest.fixture
def globex(stack: Stack, new_context: Any, signed_in_state: Any) -> Iterator[Page]:
    """A page of Globex's admin. Afterwards, every domain is allowed again."""
    yield new_context(storage_state=signed_in_state(ADMINS["globex"])).new_page()
    run(stack, "Organization.objects.filter(slug='globex').update(email_domains=[])")


def save_domains(page: Page, choice: str) -> None:
    page.goto("/o/globex/settings/email-domains/")
    page.get_by_label("Email domains").fill(OURS)
    page.get_by_role("radio", name=choice).check()
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator("#alerts")).to_contain_text("Email domains saved.")


def test_other_domains_are_refused_or_asked_about(stack: Stack, globex: Page, tmp_path: Path) -> None:
    page, guest = globex, f"guest@{OTHER}"
    save_domains(page, "Can’t be invited")
    file = tmp_path / "domains.csv"
    file.write_bytes(csv_of(f"own@{OURS},Own,Domain,", f"{guest},Other,Domain,"))
    batch = import_file(stack, file, organization="globex")
    page.goto(f"/o/globex/batches/{batch}/problems/")
    expect(page.get_by_role("link", name="Domain not allowed 1")).to_be_visible()
    expect(page.get_by_role("grid")).to_contain_text(f"Your organization doesn’t invite addresses at {OTHER}")
    page.goto(f"/o/globex/batches/{batch}/")
    page.get_by_role("button", name="Invite the 1 valid user").click()
    stack.wait_for_mail(f"own@{OURS}")

    page.goto("/o/globex/users/")
    page.get_by_role("link", name="Invite users").first.click()
    expect(heading(page)).to_be_focused()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Email", exact=True).fill(guest)
    dialog.get_by_label("First name").fill("Gus")
    dialog.get_by_label("Last name").fill("Guest")
    dialog.get_by_role("checkbox", name="Dispatcher").check()
    dialog.get_by_role("combobox", name="Sites").click()
    page.locator(".ts-dropdown").get_by_role("option", name="All sites").click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Send invitation").last.click()
    expect(dialog).to_contain_text(f"doesn’t invite addresses at {OTHER}")
    assert stack.inbox(guest) == []

    # Somebody else relaxes the rule. The dialog then asks once.
    run(stack, "Organization.objects.filter(slug='globex').update(other_domains='warned')")
    dialog.get_by_role("button", name="Send invitation").last.click()
    expect(dialog).to_contain_text(f"{OTHER} isn’t one of your organization’s email domains.")
    dialog.get_by_role("button", name="Send invitation").last.click()
    expect(page.locator("#alerts")).to_contain_text(f"{guest} was invited.")
    stack.wait_for_mail(guest)
