"""Roles, sites and signing in, in Chromium on the running stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from config.harness.running import Stack


def test_a_site_is_added_found_and_deleted_without_leaving_the_list(admin_page: Page) -> None:
    page, dialog = admin_page, admin_page.locator("#dialog")
    page.goto("/o/acme/sites/")
    page.get_by_role("link", name="Add site").click()
    expect(dialog.get_by_role("heading", name="Add site")).to_be_focused()
    dialog.get_by_role("button", name="Add site").click()
    expect(dialog).to_contain_text("Enter a name such as Lyon depot.")
    dialog.get_by_label("Name", exact=True).fill("Zagreb base")
    dialog.get_by_label("Country").fill("Croatia")
    dialog.get_by_role("button", name="Add site").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#alerts")).to_contain_text("The site Zagreb base was added.")
    expect(page.get_by_role("link", name="Add site")).to_be_focused()

    page.get_by_role("searchbox").fill("croatia")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name="Actions for Zagreb base").click()
    page.get_by_role("link", name="Delete site").click()
    dialog.get_by_role("button", name="Delete site").click()
    expect(page.locator("#alerts")).to_contain_text("The site Zagreb base was deleted.")
    expect(page.locator("#sites")).to_contain_text("No site matches “croatia”.")
    expect(page).to_have_url("/o/acme/sites/?q=croatia")


def test_a_role_is_added_viewed_and_deleted_with_the_keyboard(admin_page: Page) -> None:
    page, dialog = admin_page, admin_page.locator("#dialog")
    page.goto("/o/acme/roles/")
    page.get_by_role("link", name="Add role").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading", name="Add role")).to_be_focused()
    dialog.get_by_label("Name", exact=True).fill("Crane driver")
    dialog.get_by_role("checkbox", name="See work").focus()
    page.keyboard.press("Space")
    dialog.get_by_label("Name", exact=True).press("Enter")
    expect(page.locator("#roles")).to_contain_text("Crane driver")
    # If it is filled in faster than it opens, the dialog is still open when the list is new, and keeps the focus.
    expect(dialog).to_be_hidden()

    page.get_by_role("link", name="Org Admin", exact=True).press("Enter")
    expect(dialog.get_by_role("heading", name="Org Admin")).to_be_focused()
    expect(dialog).to_contain_text("This role always has every permission")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Org Admin", exact=True)).to_be_focused()

    page.get_by_role("link", name="Crane driver").press("Enter")
    expect(dialog.get_by_role("heading", name="Edit Crane driver")).to_be_focused()
    dialog.get_by_role("link", name="Delete role").press("Enter")
    expect(dialog.get_by_role("heading", name="Delete Crane driver?")).to_be_focused()
    dialog.get_by_role("button", name="Delete role").press("Enter")
    expect(page.locator("#alerts")).to_contain_text("The role Crane driver was deleted.")
    expect(page.locator("#roles")).not_to_contain_text("Crane driver")


def test_pages_of_the_account_work_without_javascript(stack: Stack, new_context: Any) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/o/acme/sites/")
    page.get_by_label("Email").fill("admin@example.com")
    page.get_by_label("Password", exact=True).fill(stack.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url("/o/acme/sites/")
    page.get_by_role("link", name="Add site").click()
    page.get_by_label("Name", exact=True).fill("Graz base")
    page.get_by_role("button", name="Add site").click()
    expect(page.get_by_text("The site Graz base was added.")).to_be_visible()
    page.get_by_role("link", name="Graz base").click()
    page.get_by_role("link", name="Delete site").click()
    page.get_by_role("button", name="Delete site").click()
    expect(page.get_by_text("The site Graz base was deleted.")).to_be_visible()


def test_the_time_zone_of_the_browser_is_suggested_and_saved(
    new_context: Any, signed_in_state: Callable[[str], Any]
) -> None:
    context = new_context(storage_state=signed_in_state("admin@globex.example.com"), timezone_id="America/New_York")
    page = context.new_page()
    page.goto("/o/globex/settings/")
    zone = page.get_by_label("Time zone")
    expect(zone).to_have_value("Europe/Amsterdam")
    expect(page.get_by_text("Your browser’s time zone")).to_have_count(0)
    zone.select_option("UTC")
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator("#alerts")).to_contain_text("The settings were saved.")

    expect(page.locator("main")).to_contain_text("Your browser’s time zone is New York (UTC-0")
    page.get_by_role("button", name="Use it").press("Enter")
    expect(zone).to_be_focused()
    expect(zone).to_have_value("America/New_York")
    expect(page.get_by_role("button", name="Use it")).to_have_count(0)
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_label("Time zone")).to_have_value("America/New_York")
