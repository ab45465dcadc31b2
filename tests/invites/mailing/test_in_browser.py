"""The settings of the invitation email in Chromium, and its preview: beside them, and in the dialogs, by keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from config.harness.driving import ROLE, SITE
from config.harness.running import Stack, wait_for
from tests.files import csv_of
from tests.stories import ADMINS, import_file

SETTINGS = "/o/acme/settings/email/"
EVIL = '<img src=x onerror="alert(1)">'


def email_in(page: Page) -> FrameLocator:
    return page.frame_locator("[data-frames] > iframe:not(.rc-loading)")


def choose_access(page: Page) -> None:
    page.get_by_role("checkbox", name=ROLE).first.check()
    page.get_by_role("combobox", name="Sites").click()
    page.locator(".ts-dropdown").get_by_role("option", name=SITE).click()
    page.keyboard.press("Escape")


def test_the_preview_follows_what_is_typed_and_a_test_is_sent(admin_page: Page, stack: Stack) -> None:
    page = admin_page
    alerts: list[str] = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    page.goto(stack.url + SETTINGS)
    expect(email_in(page).get_by_text("Choose a password to get started.").last).to_be_visible()
    page.get_by_label("Message for everyone").fill(f"Call 4100. {EVIL}")
    expect(page.get_by_text(f"{len(EVIL) + 11} of 500")).to_be_visible()
    expect(email_in(page).get_by_text(f"Call 4100. {EVIL}")).to_be_visible()
    page.get_by_label("Sender name").fill("Acme Energy")
    expect(email_in(page).get_by_text("Acme Energy via Rollcall")).to_be_visible()
    expect(page.locator("[data-frames] > iframe")).to_have_count(1)
    assert alerts == [], "Nothing that was typed has run."
    assert email_in(page).locator("a[href], button, input").count() == 0
    box = page.locator("[data-frames] > iframe").bounding_box()
    assert box is not None
    assert box["height"] > 500, "It is as high as the email."

    page.get_by_role("button", name="Send a test to me").click()

    expect(page.get_by_text("Test sent. Check your inbox.")).to_be_visible()
    expect(page.get_by_label("Sender name")).to_have_value("Acme Energy")
    mail = wait_for(
        lambda: [each for each in stack.inbox("admin@example.com") if each.subject.startswith("[Test]")],
        what="the test",
    )[-1]
    assert "Call 4100." in mail.text


def test_replies_come_to_an_address_once_it_is_confirmed(
    stack: Stack, new_context: Any, signed_in_state: Any, tmp_path: Path
) -> None:
    page, desk = new_context(storage_state=signed_in_state(ADMINS["globex"])).new_page(), "desk@replies.example.com"
    page.goto("/o/globex/settings/email/")
    page.get_by_label("Message for everyone").fill("See evil.com today.")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Remove “evil.com”. Messages can’t contain links.").first).to_be_visible()
    page.get_by_label("Message for everyone").fill("")
    page.get_by_label("Reply-to address").fill(desk)
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text(f"{desk} isn’t confirmed yet.")).to_be_visible()
    file = tmp_path / "replies.csv"

    def replies_go_to(email: str) -> str:
        file.write_bytes(csv_of(email))
        import_file(stack, file, organization="globex")
        return stack.wait_for_mail(email).reply_to

    assert desk not in replies_go_to("one@replies.example.com")
    link = re.search(r"http://\S+/reply-to/\S+", stack.wait_for_mail(desk).text)
    assert link
    theirs = new_context().new_page()
    theirs.goto(link[0])
    # Email programs open links by themselves.
    page.reload()
    expect(page.get_by_text(f"{desk} isn’t confirmed yet.")).to_be_visible()
    theirs.get_by_role("button", name="Confirm this address").click()
    expect(theirs.get_by_role("heading", name="The address is confirmed")).to_be_visible()
    page.reload()
    expect(page.get_by_text("isn’t confirmed yet.")).to_have_count(0)
    assert desk in replies_go_to("two@replies.example.com")


def test_an_invitation_is_previewed_in_its_dialog(admin_page: Page, stack: Stack) -> None:
    page = admin_page
    page.goto(f"{stack.url}/o/acme/users/")
    page.get_by_role("link", name="Invite users").click()
    expect(page.locator("#dialog-title")).to_be_focused()
    # The script that counts shows the preview in the dialog, too. Before it is loaded, the preview opens in a tab.
    page.get_by_label("Personal message").fill("Hello")
    expect(page.get_by_text("5 of 500")).to_be_visible()
    page.get_by_role("button", name="Preview email").press("Enter")
    expect(page.get_by_role("heading", name="Preview email")).to_be_focused()
    expect(email_in(page).get_by_text("first name")).to_be_visible()
    page.get_by_role("button", name="Back").press("Enter")
    expect(page.get_by_role("button", name="Preview email")).to_be_focused()

    page.get_by_label("Email", exact=True).fill("preview@people.example.com")
    page.get_by_label("First name").fill("Petra")
    page.get_by_label("Last name").fill("Kraus")
    choose_access(page)
    page.get_by_label("Personal message").fill("See you on Tuesday.")
    page.get_by_role("button", name="Preview email").click()
    expect(page.get_by_text("This is what preview@people.example.com will get.")).to_be_visible()
    expect(email_in(page).get_by_text("Hi Petra")).to_be_visible()
    expect(email_in(page).get_by_text("See you on Tuesday.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Leave without inviting?")).to_be_visible()
    page.get_by_role("button", name="Keep going").click()
    page.get_by_role("button", name="Send invitation").click()

    expect(page.get_by_text("preview@people.example.com was invited.")).to_be_visible()
    assert "See you on Tuesday." in stack.wait_for_mail("preview@people.example.com").text


def test_a_chosen_file_stays_during_the_preview(admin_page: Page, stack: Stack) -> None:
    page = admin_page
    page.goto(f"{stack.url}/o/acme/import/")
    page.get_by_label("CSV file", exact=True).set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"Email,First name,Last name\r\n"}
    )
    page.get_by_label("Personal message").fill("Welcome.")
    # The script that counts draws the preview, too.
    expect(page.get_by_text("8 of 500")).to_be_visible()
    page.get_by_role("button", name="Preview email").click()
    expect(email_in(page).get_by_text("Welcome.")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.locator("[data-drop-name]")).to_have_text("a.csv")
    expect(page.get_by_label("Personal message")).to_have_value("Welcome.")


@pytest.mark.parametrize("path", [SETTINGS, "/o/acme/invite/"])
def test_without_javascript(path: str, new_context: Any, signed_in_state: Any, stack: Stack) -> None:
    state = signed_in_state("admin@example.com")
    page: Page = new_context(java_script_enabled=False, storage_state=state).new_page()
    page.goto(stack.url + path)
    page.locator("#id_message").fill("Typed, not saved.")
    if path == SETTINGS:
        page.get_by_role("button", name="Update preview").click()
        expect(page.frame_locator("[data-frames] > iframe").get_by_text("Typed, not saved.")).to_be_visible()
        return
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Preview email").click()
    expect(opened.value.get_by_text("Typed, not saved.")).to_be_visible()
    expect(page.locator("#id_message")).to_have_value("Typed, not saved.")


@pytest.mark.parametrize("in_dialog", [True, False])
def test_before_its_script_is_loaded_the_preview_opens_in_a_tab_and_what_was_typed_stays(
    admin_page: Page, stack: Stack, in_dialog: bool
) -> None:
    page = admin_page
    page.route("**/js/email*.js", lambda route: route.abort())
    page.goto(f"{stack.url}/o/acme/{'users' if in_dialog else 'invite'}/")
    if in_dialog:
        page.get_by_role("link", name="Invite users").click()
        expect(page.locator("#dialog-title")).to_be_focused()
    page.get_by_label("Personal message").fill("Typed before.")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Preview email").click()
    expect(opened.value.get_by_text("Typed before.")).to_be_visible()
    opened.value.close()
    expect(page.get_by_label("Personal message")).to_have_value("Typed before.")
    expect(page.get_by_role("button", name="Send invitation")).to_be_visible()
