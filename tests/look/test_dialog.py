"""The dialog with the keyboard: where the focus goes, and when closing asks first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

OpenAs = Callable[..., Any]
# A short list, which opens in half the time.
USERS = "/o/acme/users/?q=admin@example.com"


@pytest.fixture
def invite(open_as: OpenAs) -> Any:
    """The page of users with *Invite users* opened from the keyboard."""
    page = open_as()
    page.goto(USERS)
    page.get_by_role("link", name="Invite users").press("Enter")
    expect(page.locator("#dialog-title")).to_be_focused()
    return page


def is_behind(page: Any) -> bool:
    """Whether the focus is on what the dialog covers. The browser's own controls count as the page's body."""
    return bool(
        page.evaluate(
            "document.activeElement !== document.body &&"
            " !document.getElementById('dialog').contains(document.activeElement)"
        )
    )


def test_tab_reaches_everything_inside_and_nothing_behind(invite: Any) -> None:
    stops = []
    for _ in range(40):
        invite.keyboard.press("Tab")
        assert not is_behind(invite)
        stops.append(invite.evaluate("document.activeElement.outerHTML"))
    assert len(set(stops)) < len(stops), "it came round"
    invite.get_by_role("button", name="Close", exact=True).focus()
    invite.keyboard.press("Shift+Tab")
    assert not is_behind(invite)


# What is cut off after something has the focus or is scrolled into view: only the body of a dialog may scroll.
CUT_OFF = """() => {
  const dialog = document.getElementById("dialog"), frame = dialog.getBoundingClientRect();
  const head = dialog.querySelector(".rc-dialog-head").getBoundingClientRect();
  const foot = dialog.querySelector(".rc-dialog-foot").getBoundingClientRect();
  const found = [dialog.scrollTop && "the dialog", Math.abs(head.top - frame.top) > 1 && "the head"];
  return [...found, Math.abs(foot.bottom - frame.bottom) > 1 && "the foot"].filter(Boolean);
}"""
SHOW_EACH = """() => {
  for (const each of document.querySelectorAll("#dialog .rc-dialog-body *")) each.scrollIntoView();
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_its_head_and_foot_stay_whatever_is_scrolled_into_view(open_as: OpenAs, width: int) -> None:
    """Also fields that are only hidden from view, such as the list of sites below its own field."""
    page = open_as(width=width)
    page.set_viewport_size({"width": width, "height": 420})
    page.goto(USERS)
    page.get_by_role("link", name="Invite users").click()
    expect(page.locator("#dialog-title")).to_be_focused()
    page.get_by_role("button", name="Send invitation").click()
    page.get_by_role("link", name="Choose at least one site, or All sites.").click()
    expect(page.get_by_role("combobox", name="Sites")).to_be_focused()
    assert page.evaluate(CUT_OFF) == []
    page.evaluate(SHOW_EACH)
    assert page.evaluate(CUT_OFF) == []
    page.goto(USERS)
    page.get_by_role("link", name="Invite users").click()
    page.get_by_role("link", name="Import CSV file").click()
    expect(page.get_by_role("heading", name="Import users")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        assert page.evaluate(CUT_OFF) == []
    page.evaluate(SHOW_EACH)
    assert page.evaluate(CUT_OFF) == []


def test_escape_closes_the_dialog_and_restores_the_focus(invite: Any) -> None:
    invite.keyboard.press("Escape")
    expect(invite.locator("#dialog")).to_be_hidden()
    expect(invite.get_by_role("link", name="Invite users")).to_be_focused()


def test_closing_asks_before_typed_text_is_lost(invite: Any) -> None:
    invite.get_by_role("textbox", name="Email").fill("chiara@example.com")
    invite.keyboard.press("Escape")
    expect(invite.get_by_role("heading", name="Leave without inviting?")).to_be_focused()

    invite.get_by_role("button", name="Keep going").click()
    expect(invite.get_by_role("textbox", name="Email")).to_have_value("chiara@example.com")
    expect(invite.get_by_role("textbox", name="Email")).to_be_focused()

    invite.get_by_role("button", name="Close", exact=True).click()
    invite.get_by_role("button", name="Leave").click()
    expect(invite.locator("#dialog")).to_be_hidden()
    expect(invite.get_by_role("link", name="Invite users")).to_be_focused()


def test_the_next_step_of_the_dialog_focuses_its_heading(invite: Any) -> None:
    invite.get_by_role("link", name="Import CSV file").click()
    title = invite.get_by_role("heading", name="Import users")
    expect(title).to_be_focused()
    invite.get_by_role("link", name="Back").click()
    expect(invite.get_by_role("heading", name="Invite users", level=2)).to_be_focused()


def test_the_error_summary_gets_the_focus_and_links_to_the_field(invite: Any) -> None:
    invite.get_by_role("button", name="Send invitation").click()
    summary = invite.locator("[data-problem-summary]")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Choose at least one site, or All sites.").click()
    expect(invite.get_by_role("combobox", name="Sites")).to_be_focused()


def test_a_dialog_that_cannot_be_loaded_says_so(open_as: OpenAs) -> None:
    page = open_as()
    page.goto(USERS)
    page.route("**/invite/", lambda route: route.abort())
    page.get_by_role("link", name="Invite users").click()
    expect(page.get_by_role("heading", name="Can’t reach Rollcall")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()


def test_an_expired_session_leads_to_sign_in_and_back(open_as: OpenAs) -> None:
    page = open_as()
    page.goto("/o/acme/users/")
    page.context.clear_cookies()
    page.get_by_role("link", name="Invite users").click()
    page.wait_for_url("**/accounts/login/?next=%2Fo%2Facme%2Fusers%2F")


def test_the_url_of_a_dialog_shows_it_as_a_page(open_as: OpenAs) -> None:
    page = open_as()
    page.goto("/o/acme/invite/")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.locator("[data-problem-summary]")).to_be_focused()
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url("**/o/acme/users/")


def test_an_error_disappears_when_its_field_is_edited(invite: Any) -> None:
    invite.get_by_role("button", name="Send invitation").click()
    summary = invite.locator("[data-problem-summary]")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("listitem")).to_have_count(5)

    invite.get_by_role("textbox", name="Email").fill("chiara@example.com")
    expect(summary.get_by_role("listitem")).to_have_count(4)
    expect(invite.get_by_role("textbox", name="Email")).not_to_have_attribute("aria-invalid", "true")
    expect(invite.get_by_text("Enter an address such as", exact=False)).to_have_count(0)

    invite.get_by_role("checkbox", name="ReadOnly").check()
    sites = invite.get_by_role("combobox", name="Sites")
    sites.click()
    invite.locator(".ts-dropdown").get_by_role("option", name="All sites").click()
    expect(summary.get_by_role("listitem")).to_have_count(2)
    expect(invite.locator("#dialog .rc-lines.is-invalid, #dialog .ts-wrapper.is-invalid")).to_have_count(0)

    invite.get_by_role("textbox", name="First name").fill("Chiara")
    invite.get_by_role("textbox", name="Last name").fill("Rossi")
    expect(summary).to_have_count(0)
    expect(invite.locator("#dialog .rc-error")).to_have_count(0)


def test_a_dialog_can_be_opened_while_another_closes(open_as: OpenAs) -> None:
    page = open_as()
    page.goto(USERS)
    page.get_by_role("link", name="Invite users").click()
    expect(page.get_by_role("heading", name="Invite users", level=2)).to_be_focused()
    page.evaluate(
        "() => { document.querySelector('#dialog [data-dialog-close]').click();"
        " document.getElementById('invite-users').click(); }"
    )
    page.wait_for_timeout(600)
    expect(page.get_by_role("heading", name="Invite users", level=2)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="Invite users")).to_be_focused()


def test_escape_closes_the_dialog_even_when_the_focused_element_is_gone(invite: Any) -> None:
    """A live update may remove the element that had the focus, which is then the page's body."""
    invite.evaluate("document.activeElement.blur()")
    invite.keyboard.press("Escape")
    expect(invite.locator("#dialog")).to_be_hidden()


def test_escape_twice_means_keep_going(invite: Any) -> None:
    """A browser closes a <dialog> on the second Escape, whatever the page says."""
    invite.get_by_role("textbox", name="Email").fill("chiara@example.com")
    for _ in range(2):
        invite.keyboard.press("Escape")
        expect(invite.get_by_role("heading", name="Leave without inviting?")).to_be_focused()
        invite.keyboard.press("Escape")
        expect(invite.get_by_role("textbox", name="Email")).to_have_value("chiara@example.com")
        expect(invite.locator("#dialog")).to_be_visible()


def test_with_little_height_nothing_stands_still(open_as: OpenAs) -> None:
    """A window of 1280 by 1024 pixels at 400% zoom."""
    page = open_as(width=320)
    page.set_viewport_size({"width": 320, "height": 256})
    page.goto(USERS)
    expect(page.locator(".rc-topbar")).to_have_css("position", "static")
    page.locator("[data-select-row]").first.check()
    expect(page.locator(".rc-selection")).to_have_css("position", "static")

    page.get_by_role("link", name="Invite users").first.click()
    expect(page.locator("#dialog-title")).to_be_focused()
    for standing in (".rc-dialog-head", ".rc-dialog-foot"):
        page.locator("#dialog").get_by_label("Last name").scroll_into_view_if_needed()
        expect(page.locator(f"#dialog {standing}")).not_to_be_in_viewport()
    page.locator("#dialog").get_by_role("button", name="Send invitation").last.scroll_into_view_if_needed()
    expect(page.locator("#dialog .rc-dialog-foot")).to_be_in_viewport(ratio=1)
