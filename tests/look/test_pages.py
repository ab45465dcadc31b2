"""Theme, sidebar, sites and drop zone in a real browser, and axe on the pages that everyone sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from config.harness.running import Stack

OpenAs = Callable[..., Any]


def expect_theme(page: Any, name: str) -> None:
    background = {"light": "rgb(250, 250, 248)", "dark": "rgb(19, 19, 18)"}[name]
    expect(page.locator("body")).to_have_css("background-color", background)


def test_the_theme_follows_the_system_until_it_is_chosen(open_as: OpenAs) -> None:
    page = open_as(dark=True)
    page.goto("/o/acme/users/")
    expect_theme(page, "dark")
    page.emulate_media(color_scheme="light")
    expect_theme(page, "light")

    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Dark").click()
    expect_theme(page, "dark")
    page.reload()
    expect_theme(page, "dark")

    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="System").click()
    expect_theme(page, "light")


def test_without_a_script_the_theme_follows_the_system(stack: Stack, new_context: Any) -> None:
    page = new_context(java_script_enabled=False, color_scheme="dark").new_page()
    page.goto("/accounts/login/")
    expect_theme(page, "dark")


def test_a_printed_page_is_as_wide_as_the_paper(open_as: OpenAs) -> None:
    page = open_as(width=1000)
    page.goto("/o/acme/users/")
    page.emulate_media(media="print")

    expect(page.get_by_role("complementary", name="Sidebar")).to_be_hidden()
    assert page.locator("main").bounding_box()["width"] == 1000


@pytest.mark.parametrize("width", [390, 320])
def test_on_a_phone_the_sidebar_opens_and_nothing_is_wider_than_the_screen(open_as: OpenAs, width: int) -> None:
    page = open_as(width=width)
    page.goto("/o/acme/users/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("button", name="Menu", exact=True).click()
    sites = page.get_by_role("link", name="Sites", exact=True)
    expect(sites).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('sidebar').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(sites).to_be_hidden()
    expect(page.get_by_role("button", name="Menu", exact=True)).to_be_focused()

    page.get_by_role("link", name="Invite users").click()
    expect(page.locator("#dialog-title")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.getElementById('dialog-content').scrollWidth") <= width


def chosen_sites(page: Any) -> list[str]:
    found: list[str] = page.locator("#id_sites").evaluate(
        "select => [...select.selectedOptions].map(each => each.text)"
    )
    return found


def test_sites_are_searched_added_and_removed(open_as: OpenAs) -> None:
    page = open_as()
    page.goto("/o/acme/invite/")
    field = page.get_by_role("combobox", name="Sites")
    field.click()
    expect(page.get_by_role("option").first).to_have_text("All sites")

    field.press_sequentially("ghent")
    field.press("Enter")
    assert chosen_sites(page) == ["Ghent harbor"]

    field.press_sequentially("nowhere")
    expect(page.locator(".ts-dropdown")).to_have_text("No site matches “nowhere”")
    field.fill("")

    page.get_by_role("option", name="All sites").click()
    assert chosen_sites(page) == ["All sites"], "they stand alone"
    page.get_by_role("option", name=re.compile("Lyon depot")).click()
    assert chosen_sites(page) == ["Lyon depot"]
    page.get_by_role("button", name="Remove Lyon depot").click()
    assert chosen_sites(page) == []
    page.keyboard.press("Escape")
    expect(page.locator(".ts-dropdown")).to_be_hidden()


@pytest.fixture
def import_form(open_as: OpenAs) -> Any:
    page = open_as()
    page.goto("/o/acme/users/?q=admin@example.com")
    page.get_by_role("link", name="Invite users").click()
    page.get_by_role("link", name="Import CSV file").click()
    expect(page.get_by_role("heading", name="Import users")).to_be_focused()
    return page


def test_a_form_works_without_a_module_that_could_not_be_loaded(open_as: OpenAs) -> None:
    page = open_as()
    page.route("**/js/dropzone*.js", lambda route: route.abort())
    page.goto("/o/acme/users/?q=admin@example.com")
    page.get_by_role("link", name="Invite users").click()
    page.get_by_role("link", name="Import CSV file").click()
    expect(page.get_by_role("heading", name="Import users")).to_be_focused()
    expect(page.locator("#id_file")).to_have_css("opacity", "1")


DRAG = """(kind) => {
  const carried = new DataTransfer();
  carried.items.add(new File(["Email,First name,Last name\\r\\n"], "people.csv", { type: "text/csv" }));
  const init = { bubbles: true, cancelable: true, dataTransfer: carried };
  return document.querySelector(".rc-dialog-head").dispatchEvent(new DragEvent(kind, init));
}"""


def test_a_file_dropped_next_to_the_zone_is_accepted(import_form: Any) -> None:
    zone = import_form.locator("[data-dropzone]")
    import_form.evaluate(DRAG, "dragover")
    expect(zone).to_have_attribute("data-state", "over")
    taken_by_the_browser = import_form.evaluate(DRAG, "drop")
    assert not taken_by_the_browser
    expect(zone).to_have_attribute("data-state", "chosen")
    expect(import_form.locator("[data-drop-name]")).to_have_text("people.csv")
    expect(import_form.locator("[data-drop-file]")).to_be_focused()

    import_form.get_by_role("button", name="Remove the file").click()
    expect(zone).to_have_attribute("data-state", "idle")
    expect(import_form.locator("#id_file")).to_be_focused()


def test_an_unsupported_workbook_is_rejected_before_the_upload(import_form: Any) -> None:
    workbook = {"name": "field-team.xlsb", "mimeType": "application/zip", "buffer": b"PK\x03\x04" + bytes(64)}
    import_form.locator("#id_file").set_input_files(workbook)
    expect(import_form.locator("[data-drop-error]")).to_have_text(
        "This kind of Excel workbook can’t be read. In Excel, choose Save As, select Excel Workbook (.xlsx), and upload "
        "that file."
    )
    expect(import_form.locator("[data-drop-refused]")).to_have_text("field-team.xlsb was not uploaded")


def test_the_chosen_file_is_kept_after_an_error_in_another_field(import_form: Any) -> None:
    people = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"Email,First name,Last name\r\n"}
    import_form.locator("#id_file").set_input_files(people)
    import_form.get_by_role("button", name="Import").click()
    expect(import_form.locator("[data-problem-summary]")).to_be_focused()
    expect(import_form.locator("[data-drop-name]")).to_have_text("people.csv")
    assert import_form.locator("#id_file").evaluate("input => input.files.length") == 1


def test_an_upload_shows_its_progress_and_can_be_canceled(import_form: Any) -> None:
    session = import_form.context.new_cdp_session(import_form)
    session.send("Network.enable")
    slowly = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
    session.send("Network.emulateNetworkConditions", slowly)
    people = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"Email,First name,Last name\r\n" * 60_000}
    import_form.locator("#id_file").set_input_files(people)
    import_form.get_by_text("Can see everything on their sites, but can’t change anything.").click()
    import_form.get_by_role("combobox", name="Sites").click()
    import_form.get_by_role("option", name="All sites").click()
    import_form.keyboard.press("Escape")
    import_form.get_by_role("button", name="Import").click()

    expect(import_form.get_by_role("heading", name="Uploading people.csv")).to_be_focused()
    expect(import_form.locator("[data-upload-bytes]")).to_have_text(re.compile(r"^0\.[1-9] of 1\.6 MB$"))
    import_form.get_by_role("button", name="Cancel").click()
    expect(import_form.locator("[data-dropzone]")).to_have_attribute("data-state", "chosen")
    expect(import_form.get_by_role("button", name="Import")).to_be_visible()


MENU = "Actions for"


def test_a_menu_is_used_with_the_keyboard(open_as: OpenAs) -> None:
    page = open_as()
    page.goto("/o/acme/sites/")
    button = page.get_by_role("button", name=MENU).first
    items = page.locator(".rc-menu:popover-open .rc-menu-item")
    button.focus()
    page.keyboard.press("ArrowDown")
    expect(items.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(items.last).to_be_focused()
    page.keyboard.press("Home")
    expect(items.first).to_be_focused()
    page.keyboard.press("Escape")
    expect(items).to_have_count(0)
    expect(button).to_be_focused()

    page.keyboard.press("Enter")
    expect(items.first).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(items).to_have_count(0)


def test_a_menu_opens_at_its_button_and_stays_on_the_screen(open_as: OpenAs) -> None:
    page = open_as(width=390)
    page.goto("/o/acme/sites/")
    button = page.get_by_role("button", name=MENU).last
    button.click()
    menu = page.locator(".rc-menu:popover-open")
    expect(menu).to_be_visible()
    at, box = button.bounding_box(), menu.bounding_box()
    assert abs(box["x"] + box["width"] - at["x"] - at["width"]) < 4
    assert box["x"] >= 0
    assert min(abs(box["y"] - at["y"] - at["height"]), abs(box["y"] + box["height"] - at["y"])) < 8
    page.mouse.click(5, 5)
    expect(menu).to_have_count(0)


def test_a_menu_opens_without_a_script(stack: Stack, new_context: Any, signed_in_state: Any) -> None:
    page = new_context(storage_state=signed_in_state("admin@example.com"), java_script_enabled=False).new_page()
    page.goto("/o/acme/users/")
    page.get_by_role("button", name="Your menu").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_radio_buttons_without_an_answer_look_unselected(open_as: OpenAs) -> None:
    page = open_as()
    page.goto("/o/acme/invite/")
    page.evaluate(
        """() => document.getElementById("content").insertAdjacentHTML("beforeend", `<form id="question">
          <input class="form-check-input" type="radio" name="answer" value="yes" aria-label="Yes">
          <input class="form-check-input" type="radio" name="answer" value="no" aria-label="No"></form>`)"""
    )
    answers = page.locator("#question input")
    surface, accent = "rgb(255, 255, 255)", "rgb(47, 75, 199)"
    for answer in answers.all():
        expect(answer).to_have_css("background-color", surface)
    answers.first.check()
    expect(answers.first).to_have_css("background-color", accent)
    expect(answers.last).to_have_css("background-color", surface)
