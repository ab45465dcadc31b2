"""The list of users, and inviting one person, in Chromium on the running stack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from config.harness.driving import heading
from config.harness.running import Stack
from tests.axe import EVERY_LOOK, examine, examine_in

LINK = re.compile(r"http://\S+/i/\S+")
USERS = "/o/acme/users/"


def choose_sites(page: Page, *names: str) -> None:
    field = page.get_by_role("combobox", name="Sites")
    field.click()
    for name in names:
        field.press_sequentially(name[:4])
        page.locator(".ts-dropdown").get_by_role("option", name=name).click()
    page.keyboard.press("Escape")


def line_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_text(name, exact=True))


def invite(page: Page, email: str, first_name: str, last_name: str) -> None:
    """Invite a person in the dialog, until the message says that they were invited."""
    page.goto(f"{USERS}?q={email}")
    page.get_by_role("link", name="Invite users").click()
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("First name").fill(first_name)
    page.get_by_label("Last name").fill(last_name)
    page.get_by_role("checkbox", name="ReadOnly").check()
    choose_sites(page, "Lyon depot")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.locator("#alerts")).to_contain_text(f"{email} was invited.")


@pytest.fixture(scope="module")
def somebody(stack: Stack, browser: Any, signed_in_state: Any) -> str:
    """The address of a person with a pending invitation: Noor Aziz."""
    context = browser.new_context(base_url=stack.url, storage_state=signed_in_state("admin@example.com"))
    invite(context.new_page(), "noor@one.example.com", "Noor", "Aziz")
    context.close()
    return "noor@one.example.com"


def test_one_person_is_invited_emailed_and_becomes_active(stack: Stack, admin_page: Page, new_context: Any) -> None:
    page, email = admin_page, "chiara@one.example.com"
    # Other tests fill the list, so this person may not be on its first page.
    page.goto(f"{USERS}?q=chiara+conti")
    page.get_by_role("link", name="Invite users").click()
    expect(heading(page)).to_have_text("Invite users")
    expect(heading(page)).to_be_focused()

    page.get_by_label("Email", exact=True).fill("chiara@one")
    page.get_by_label("First name").fill("Chiara")
    page.get_by_label("Description").fill("Night shift")
    page.get_by_role("checkbox", name="ReadOnly").check()
    choose_sites(page, "Turin works")
    page.get_by_role("button", name="Send invitation").click()

    # The problems are listed at the top, and nothing that was typed is lost.
    expect(page.locator("[data-problem-summary]")).to_be_focused()
    expect(page.get_by_role("link", name="Enter a last name.")).to_be_visible()
    expect(page.get_by_label("Email", exact=True)).to_have_value("chiara@one")
    expect(page.get_by_label("Description")).to_have_value("Night shift")
    expect(page.get_by_role("checkbox", name="ReadOnly")).to_be_checked()
    expect(page.locator(".ts-control .item")).to_contain_text("Turin works")
    page.get_by_role("link", name="Enter a last name.").click()
    expect(page.get_by_label("Last name")).to_be_focused()

    page.get_by_label("Last name").fill("Conti")
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_role("button", name="Send invitation").click()

    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#alerts")).to_contain_text(f"{email} was invited.")
    expect(page.get_by_role("link", name="Invite users")).to_be_focused()
    expect(line_of(page, "Chiara Conti")).to_contain_text("Invite pending")
    expect(line_of(page, "Chiara Conti")).to_contain_text("Night shift")

    mail = stack.wait_for_mail(email)
    assert mail.subject == "Ines Martin invited you to Acme"
    assert "join Acme as ReadOnly for Turin works" in mail.text
    invitee = new_context().new_page()
    invitee.goto(LINK.search(mail.text)[0])  # type: ignore[index]
    assert invitee.url == f"{stack.url}/invitation/"
    expect(invitee.get_by_label("Last name")).to_have_value("Conti")
    password = invitee.get_by_label("Password", exact=True)
    password.fill("a few plain words")
    invitee.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    invitee.get_by_role("button", name="Accept and sign in").click()
    expect(invitee.get_by_role("heading", level=1)).to_contain_text("Acme")

    page.goto(f"{USERS}?status=active&q=chiara+conti")
    expect(line_of(page, "Chiara Conti")).to_contain_text("Active")


def test_search_filters_and_tabs_work_together_without_losing_a_letter(admin_page: Page, somebody: str) -> None:
    page = admin_page
    page.goto(USERS)
    search = page.get_by_role("searchbox")

    search.press_sequentially("noor az", delay=90)

    expect(page.locator("#people tbody tr")).to_have_count(1)
    expect(search).to_have_value("noor az")
    expect(search).to_be_focused()
    expect(page.locator("#people-found")).to_have_text("1 user found")
    assert page.url.endswith("?q=noor%20az")

    page.get_by_role("link", name="Invite pending").click()
    expect(page.get_by_role("link", name="Invite pending")).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Site").click()
    page.get_by_role("link", name="Porto yard").click()
    expect(page.get_by_text("Nobody matches “noor az”")).to_be_visible()
    page.go_back()
    expect(page.locator("#people tbody tr")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value("noor az")
    page.get_by_role("searchbox").fill("nobody-at-all")
    page.get_by_role("link", name="Clear the search").click()
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_people_are_selected_and_revoked_from_the_keyboard(admin_page: Page) -> None:
    page = admin_page
    invite(page, "kim@one.example.com", "Kim", "Keyboard")
    page.goto(f"{USERS}?q=kim@one")
    box = page.get_by_role("checkbox", name="Select Kim Keyboard")

    box.focus()
    page.keyboard.press("Space")

    expect(page.locator("[data-selection-count]")).to_have_text("1 selected")
    expect(page.get_by_role("searchbox")).to_be_hidden()
    page.get_by_role("button", name="Clear").press("Enter")
    expect(page.get_by_role("searchbox")).to_be_visible()
    expect(box).not_to_be_checked()

    page.get_by_role("checkbox", name="Select everyone on this page").press("Space")
    expect(box).to_be_checked()
    page.get_by_role("button", name="More", exact=True).press("Enter")
    page.get_by_role("button", name="Revoke", exact=True).press("Enter")
    expect(heading(page)).to_have_text("Revoke the invitation for Kim Keyboard?")
    expect(heading(page)).to_be_focused()
    page.locator("#dialog").get_by_role("button", name="Revoke the invitation").press("Enter")

    expect(page.get_by_text("1 invitation was revoked.").first).to_be_visible()
    expect(page.get_by_text("Nobody matches “kim@one”")).to_be_visible()


def test_the_menu_changes_the_access_of_a_person(admin_page: Page, somebody: str) -> None:
    page = admin_page
    page.goto(f"{USERS}?q={somebody}")
    menu = page.get_by_role("button", name="Actions for Noor Aziz")
    menu.focus()

    page.keyboard.press("Enter")
    page.get_by_role("link", name="Edit").click()
    expect(heading(page)).to_have_text("Noor Aziz")
    expect(page.get_by_role("checkbox", name="ReadOnly")).to_be_checked()
    page.get_by_role("checkbox", name="Auditor").check()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Leave without saving?")).to_be_visible()
    page.get_by_role("button", name="Keep going").click()
    page.get_by_role("button", name="Save changes").click()

    expect(page.locator("#dialog")).to_be_hidden()
    expect(line_of(page, "Noor Aziz")).to_contain_text("ReadOnly + 1")
    expect(menu).to_be_focused()


def test_everything_works_without_javascript(stack: Stack, browser: Any, signed_in_state: Any) -> None:
    context = browser.new_context(
        base_url=stack.url, storage_state=signed_in_state("admin@example.com"), java_script_enabled=False
    )
    page = context.new_page()
    page.goto(USERS)
    page.get_by_role("link", name="Invite users").click()
    page.get_by_label("Email", exact=True).fill("paper@one.example.com")
    page.get_by_label("First name").fill("Paper")
    page.get_by_label("Last name").fill("Trail")
    page.get_by_role("checkbox", name="ReadOnly").check()
    page.get_by_role("listbox", name="Sites").select_option(label="Lyon depot")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("paper@one.example.com was invited.")).to_be_visible()

    page.get_by_role("searchbox").fill("paper trail")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    # A menu opens when its button gets the focus.
    page.get_by_role("button", name="Actions for Paper Trail").click()
    page.get_by_role("link", name="Resend", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Resend the invitation?")
    page.get_by_role("link", name="Cancel").click()

    page.goto(f"{USERS}?q=paper+trail")
    page.get_by_role("checkbox", name="Select Paper Trail").check()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke the invitation for Paper Trail?")
    page.get_by_role("button", name="Revoke the invitation").click()
    expect(page.get_by_text("1 invitation was revoked.").first).to_be_visible()
    context.close()


def test_axe_finds_nothing_and_nothing_scrolls_sideways(admin_page: Page, somebody: str) -> None:
    assert "\n".join(_each_dialog(admin_page, somebody)) == ""


def _each_dialog(page: Page, somebody: str) -> Iterator[str]:
    """Run axe on the list with its bars and menus, and on the dialogs about a person."""
    page.goto(f"{USERS}?q={somebody}")
    page.get_by_role("checkbox", name="Select Noor Aziz").check()
    expect(page.locator("[data-selection-count]")).to_have_text("1 selected")
    menu = page.get_by_role("button", name="Actions for Noor Aziz")
    menu.click()
    expect(page.get_by_role("link", name="Resend", exact=True)).to_be_visible()
    yield from examine_in(page, *EVERY_LOOK)
    page.get_by_role("link", name="Revoke").click()
    expect(heading(page)).to_contain_text("Revoke the invitation for Noor Aziz?")
    yield from examine_in(page, *EVERY_LOOK)
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    for query, name in ((somebody, "Noor Aziz"), ("amara", "Amara Okafor")):
        page.goto(f"{USERS}?q={query}")
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        yield from examine_in(page, *EVERY_LOOK)
        page.get_by_role("link", name="Edit").click()
        expect(heading(page)).to_have_text(name)
        yield from examine_in(page, *EVERY_LOOK)


def test_users_are_exported_as_they_are_filtered(admin_page: Page) -> None:
    admin_page.goto("/o/acme/users/?status=active")
    link = admin_page.get_by_role("link", name="Export")
    link.click()
    expect(heading(admin_page)).to_be_focused()
    expect(heading(admin_page)).to_have_text(re.compile(r"^\s*Export \d+ users\s*$"))
    expect(admin_page.locator("#dialog .rc-dialog-lead")).to_have_text("Status is Active")
    assert list(examine(admin_page)) == []

    admin_page.get_by_role("radio", name="Excel workbook").check()
    with admin_page.expect_download() as downloading:
        admin_page.get_by_role("button", name="Export").click()
    name = downloading.value.suggested_filename
    assert name.startswith("acme users ")
    assert name.endswith(".xlsx")
    # The page is as it was.
    expect(admin_page.locator("#dialog")).to_be_hidden()
    expect(link).to_be_focused()
    expect(admin_page).to_have_url(re.compile(r"status=active$"))


def test_users_are_exported_without_scripts(new_context: Any, signed_in_state: Any) -> None:
    page = new_context(storage_state=signed_in_state("admin@example.com"), java_script_enabled=False).new_page()
    page.goto("/o/acme/users/?q=admin")
    page.get_by_role("link", name="Export").click()
    expect(page.get_by_role("heading", name="Export 1 user")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export").click()
    assert b"admin@example.com" in downloading.value.path().read_bytes()
    page.get_by_role("link", name="Cancel").click()
    expect(page).to_have_url(re.compile(r"/users/\?q=admin$"))
