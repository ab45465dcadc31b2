"""The page Activity in Chromium: search, filters and the keyboard, with and without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.harness.running import Stack

PAGE = "/o/acme/activity/"


@pytest.fixture
def activity(admin_page: Page, stack: Stack) -> Page:
    admin_page.goto(stack.url + PAGE)
    return admin_page


def test_it_looks_like_other_lists_and_can_be_exported(activity: Page) -> None:
    # It links their style sheet: the magnifier is inside the search field, and cells have space around them.
    expect(activity.locator(".rc-search svg")).to_have_css("position", "absolute")
    expect(activity.locator(".rc-table-activity tbody td").first).not_to_have_css("padding-top", "0px")
    with activity.expect_download() as download:
        activity.get_by_role("link", name="Export CSV").click()
    assert re.fullmatch(r"acme activity \d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)


def test_search_and_filters_go_together(activity: Page) -> None:
    rows = activity.locator(".rc-table-activity tbody tr")
    expect(rows.first).to_be_visible()
    activity.get_by_role("searchbox").fill("nobody-is-called-so")
    expect(activity.get_by_text("No activity matches these filters")).to_be_visible()
    expect(activity.get_by_role("link", name="Export CSV")).to_have_count(0)
    expect(activity.locator("#activity-found")).to_have_text("0 entries")
    activity.get_by_role("searchbox").fill("Ines")
    expect(rows.first).to_contain_text("Ines")
    expect(activity).to_have_url(re.compile(r"\?q=Ines$"))
    # By keyboard. The filter keeps the search.
    activity.get_by_role("button", name="Action").focus()
    activity.keyboard.press("Enter")
    activity.get_by_role("link", name="Sign-in").focus()
    activity.keyboard.press("Enter")
    expect(activity).to_have_url(re.compile(r"q=Ines&action=sign_in"))
    expect(rows.first).to_contain_text("Signed in")
    expect(rows.filter(has_text="Invited a user")).to_have_count(0)
    activity.go_back()
    expect(activity).to_have_url(re.compile(r"\?q=Ines$"))
    expect(rows.first).to_contain_text("Ines")


def test_an_entry_has_a_page(activity: Page, stack: Stack) -> None:
    # Other tests have filled the first page.
    activity.goto(f"{stack.url}{PAGE}?action=settings")
    activity.locator("tr", has_text="Created the organization").get_by_role("link").first.click()
    expect(activity.get_by_role("heading", level=1)).to_have_text("Created the organization")
    activity.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Activity").click()
    expect(activity).to_have_url(re.compile(rf"{PAGE}$"))


def test_works_without_javascript(new_context: Any, signed_in_state: Any) -> None:
    page: Page = new_context(java_script_enabled=False, storage_state=signed_in_state("admin@example.com")).new_page()
    page.goto(PAGE)
    page.get_by_role("searchbox").fill("nobody-is-called-so")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text("No activity matches these filters")).to_be_visible()
    page.goto(f"{PAGE}?period=custom")
    page.get_by_label("From", exact=True).fill("2026-03-02")
    page.get_by_label("To", exact=True).fill("2026-03-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("The end is before the start")).to_be_visible()
