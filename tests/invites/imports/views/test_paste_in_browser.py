"""Pasting in Chromium on the running stack: cells and lists, with the keyboard, on a phone, for axe, and without
JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from config.harness.driving import (
    DROP,
    IMPORT_SECONDS,
    ROLE,
    SITE,
    choose_roles_and_sites,
    open_import,
    press_import,
    summary,
)
from config.harness.running import Stack
from tests.axe import EVERY_LOOK, Look, examine_in, wear

TAB = "\t"


def cells_of(domain: str, *, wrong: bool = True) -> str:
    """Cells as a spreadsheet copies them, with names that are read from right to left."""
    people = [
        ("Chiara", "Rossi", f"chiara.rossi@{domain}.example.com"),
        ("花", "小林", f"hana@{domain}.example.com"),
        ("فرح", "ناصر", f"farah@{domain}.example.com"),
        ("Lena", "Hoff", f"lena{' ' if wrong else '.'}hoff@{domain}.example.com"),
    ]
    return "\n".join(map(TAB.join, [("First name", "Last name", "Email"), *people])) + "\n"


def rows(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Pasted rows")


def figures(page: Page) -> Locator:
    return page.locator("#understood-figures")


def understood(page: Page) -> Locator:
    return page.locator("#understood-rows")


def choose(page: Page, segment: str) -> None:
    page.locator("label", has_text=segment).click()


def open_paste(page: Page) -> None:
    open_import(page)
    choose(page, "Paste from a spreadsheet")
    expect(rows(page)).to_be_visible()


def open_paste_page(page: Page) -> None:
    """The same without the dialog, in less time."""
    page.goto("/o/acme/import/")
    # Its scripts are loaded.
    page.wait_for_load_state("networkidle")
    choose(page, "Paste from a spreadsheet")


def paste(page: Page, text: str) -> None:
    """Replace everything in the field from the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    rows(page).focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.press("ControlOrMeta+V")


def numbers(page: Page, selector: str = "span") -> list[str]:
    return page.locator(f"[data-paste-numbers] > {selector}").all_inner_texts()


def invited(page: Page) -> dict[str, int]:
    expect(page.get_by_role("heading", name="Results")).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    return summary(page)


def is_focused(target: Locator) -> bool:
    return bool(target.evaluate("element => element === document.activeElement"))


def test_cells_are_fixed_and_imported(stack: Stack, admin_page: Page) -> None:
    page = admin_page
    open_paste(page)
    choose_roles_and_sites(page)
    paste(page, cells_of("cells"))

    expect(figures(page)).to_have_text(re.compile(r"3 people\s*,\s*1 row needs fixing"))
    assert numbers(page)[:6] == ["1", "2", "3", "4", "5", "6"]
    assert numbers(page, ".is-invalid") == ["5"]
    expect(understood(page).get_by_role("listitem").first).to_contain_text("An email address can’t contain a space.")
    expect(understood(page)).to_contain_text("فرح ناصر")

    understood(page).get_by_role("button", name="Remove the space").click()
    expect(figures(page)).to_have_text("4 people, no problems")
    assert numbers(page, ".is-invalid") == []
    assert "lenahoff@cells.example.com" in rows(page).input_value()
    assert is_focused(figures(page))

    press_import(page)
    expect(page.locator("#banners")).to_contain_text("4 users were invited to Acme", timeout=IMPORT_SECONDS * 1000)
    expect(page.locator("#banners")).to_contain_text("Pasted ")
    stack.wait_for_mail("farah@cells.example.com")


def test_a_list_of_a_mail_program_is_understood(admin_page: Page) -> None:
    page = admin_page
    open_paste_page(page)
    paste(page, 'Ann Ek <ann@list.example.com>; "Li, Bo" <bo@list.example.com>, Ludwig van Dyk <l@list.example.com>')

    expect(figures(page)).to_have_text("3 people, no problems")
    expect(understood(page)).to_contain_text("Bo Li")


def test_names_come_from_the_addresses(admin_page: Page) -> None:
    page = admin_page
    open_paste_page(page)
    paste(page, "chiara.rossi@x.example.com\nbo.lind@x.example.com\ninfo@x.example.com")
    expect(figures(page)).to_have_text("3 people, names missing")

    page.get_by_role("button", name="Use the names in the addresses").click()
    expect(figures(page)).to_have_text(re.compile(r"2 people\s*,\s*1 row needs fixing"))
    assert rows(page).input_value().startswith("Chiara Rossi <chiara.rossi@x.example.com>\nBo Lind <")
    assert numbers(page, ".is-invalid") == ["3"]

    page.get_by_role("button", name="Clear").click()
    expect(figures(page)).to_be_empty()
    expect(understood(page)).to_be_empty()
    assert is_focused(rows(page))


def test_a_text_with_letters_outside_of_the_basic_plane_is_fixed_in_its_place(admin_page: Page) -> None:
    page = admin_page
    open_paste_page(page)
    paste(page, "𠮷 𠮷 <a@x.example.com>, Ann Ek <ann@@x.example.com>, Bo Li <b@x.example.com>")
    page.get_by_role("button", name="Keep one @").click()

    expect(rows(page)).to_have_value("𠮷 𠮷 <a@x.example.com>, Ann Ek <ann@x.example.com>, Bo Li <b@x.example.com>")


def test_five_hundred_rows_are_imported_and_no_more(admin_page: Page) -> None:
    page = admin_page
    lines = [f"Ann{TAB}Ek{TAB}p{at}@many.example.com" for at in range(501)]
    header = f"First name{TAB}Last name{TAB}Email"
    open_paste(page)
    choose_roles_and_sites(page)
    paste(page, "\n".join([header, *lines]))
    expect(figures(page)).to_contain_text("That’s 501 rows. Save the cells as a file and upload it")
    press_import(page)
    expect(page.locator("#id_pasted_error")).to_contain_text("That’s 501 rows.")
    assert rows(page).input_value().count("\n") == 501

    paste(page, "\n".join([header, *lines[:500]]))
    expect(figures(page)).to_have_text("500 people, no problems")
    page.get_by_role("button", name="Show all 500 rows").click()
    expect(understood(page).get_by_role("listitem")).to_have_count(500)
    rows(page).evaluate("area => { area.scrollTop = area.scrollHeight; }")
    expect(page.locator("[data-paste-numbers]")).to_contain_text("501")
    press_import(page)
    expect(page.locator("#dialog")).to_contain_text("500 rows, no problems", timeout=IMPORT_SECONDS * 1000)
    # Other tests don't have to wait for its emails.
    page.get_by_role("link", name="Stop inviting").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#dialog")).to_contain_text("Stopped", timeout=IMPORT_SECONDS * 1000)


def test_a_very_long_text_is_refused_and_kept(admin_page: Page) -> None:
    page = admin_page
    open_paste_page(page)
    page.evaluate(
        """() => {
          const area = document.getElementById("id_pasted");
          area.value = `ann@x.example.com, Ann, Ek, ${"and more ".repeat(40)}\\n`.repeat(1_400);
          area.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    expect(figures(page)).to_contain_text("That’s 1,400 rows.")
    press_import(page)
    expect(page.locator("#id_pasted_error")).to_contain_text("That’s 1,400 rows.")
    assert rows(page).evaluate("area => area.value.length") > 500_000


def test_both_segments_keep_what_they_have(admin_page: Page) -> None:
    page = admin_page
    open_import(page)
    file: Any = {"name": "team.csv", "mimeType": "text/csv", "buffer": b"Email,First name,Last name\r\na@b@c,A,B\r\n"}
    page.get_by_label("CSV file", exact=True).set_input_files(file)
    expect(page.locator("[data-drop-name]")).to_have_text("team.csv")
    choose(page, "Paste from a spreadsheet")
    paste(page, "Ann Ek <ann@both.example.com>")
    expect(figures(page)).to_have_text("1 person, no problems")
    choose(page, "Upload a file")
    expect(page.locator("[data-drop-name]")).to_have_text("team.csv")
    expect(rows(page)).to_be_hidden()
    choose(page, "Paste from a spreadsheet")
    expect(rows(page)).to_have_value("Ann Ek <ann@both.example.com>")

    # Something else is missing: the form comes back with both.
    press_import(page)
    expect(page.get_by_text("Choose at least one role.").first).to_be_visible()
    expect(rows(page)).to_have_value("Ann Ek <ann@both.example.com>")
    choose_roles_and_sites(page)
    with page.expect_request(re.compile("/import/$")) as sent:
        press_import(page)
    assert b"team.csv" not in (sent.value.post_data_buffer or b"")
    expect(page.locator("#banners")).to_contain_text("1 user was invited to Acme", timeout=IMPORT_SECONDS * 1000)


def test_only_text_can_be_pasted(admin_page: Page) -> None:
    page = admin_page
    open_paste_page(page)
    refused = page.get_by_text("Only text can be pasted here. To import a file, choose Upload a file.")
    page.evaluate(DROP, ["#id_pasted", "team.csv", "QUJD"])
    expect(refused).to_be_visible()
    expect(page.locator("[data-drop-name]")).to_have_text("")
    rows(page).fill("ann.ek@x.example.com")
    expect(refused).to_be_hidden()
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["x"], "picture.png", { type: "image/png" }));
          const options = { clipboardData: data, bubbles: true, cancelable: true };
          document.getElementById("id_pasted").dispatchEvent(new ClipboardEvent("paste", options));
        }"""
    )
    expect(refused).to_be_visible()


def test_leaving_asks_if_something_was_pasted(admin_page: Page) -> None:
    page = admin_page
    open_paste(page)
    paste(page, "Ann Ek <ann@x.example.com>")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Leave without importing?")).to_be_focused()
    page.get_by_role("button", name="Keep going").click()
    expect(rows(page)).to_have_value("Ann Ek <ann@x.example.com>")


def test_pasting_works_with_the_keyboard(admin_page: Page) -> None:
    page = admin_page
    open_import(page)
    segment = page.get_by_role("radio", name="Upload a file")
    for _ in range(40):
        if is_focused(segment):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Paste from a spreadsheet")).to_be_checked()
    page.keyboard.press("Tab")
    assert is_focused(rows(page))

    # Typed figures come after a pause, and Tab leaves the field.
    page.keyboard.type("Ann Ek <ann@@keys.example.com>")
    expect(figures(page)).to_have_text("1 row needs fixing")
    page.keyboard.press("Tab")
    assert "\t" not in rows(page).input_value()
    fix = understood(page).get_by_role("button", name="Keep one @")
    for _ in range(3):
        if is_focused(fix):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(figures(page)).to_have_text("1 person, no problems")
    expect(figures(page)).to_be_focused()


def test_a_restored_page_shows_its_figures(admin_page: Page) -> None:
    page = admin_page
    open_paste_page(page)
    paste(page, "Ann Ek <ann@x.example.com>")
    expect(figures(page)).to_have_text("1 person, no problems")
    page.goto("/o/acme/batches/")
    page.go_back()
    expect(rows(page)).to_have_value("Ann Ek <ann@x.example.com>")
    expect(figures(page)).to_have_text("1 person, no problems")


def test_pasting_fits_every_screen(admin_page: Page) -> None:
    page = admin_page
    open_paste(page)
    assert list(examine_in(page, *EVERY_LOOK)) == []
    paste(page, cells_of("screens"))
    expect(figures(page)).to_contain_text("1 row needs fixing")
    assert list(examine_in(page, *EVERY_LOOK)) == []
    paste(page, "ann.ek@x.example.com")
    expect(figures(page)).to_contain_text("names missing")
    choose(page, "Upload a file")
    dialog = page.locator("#dialog .rc-dialog-body")
    for look in (*EVERY_LOOK, Look("light", 390)):
        wear(page, look)
        assert dialog.evaluate("body => body.scrollWidth <= body.clientWidth"), look


@pytest.fixture
def plain_page(new_context: Any, signed_in_state: Callable[[str], Any]) -> Page:
    """Without JavaScript."""
    page: Page = new_context(storage_state=signed_in_state("admin@example.com"), java_script_enabled=False).new_page()
    return page


def test_rows_are_pasted_without_javascript(plain_page: Page) -> None:
    page = plain_page
    page.goto("/o/acme/import/")
    page.get_by_role("checkbox", name=re.compile(rf"^{ROLE}\b")).check()
    page.locator("select[name=sites]").select_option(label=SITE)
    expect(rows(page)).to_be_hidden()
    choose(page, "Paste from a spreadsheet")
    expect(page.get_by_label("CSV file", exact=True)).to_be_hidden()
    rows(page).fill("")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Paste at least one row.").first).to_be_visible()

    rows(page).fill(cells_of("plain"))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="1 row needs fixing")).to_be_visible()
    page.get_by_role("button", name="Remove the space").click()
    page.get_by_role("button", name=re.compile("invite 4")).click()
    assert invited(page)["Invited"] == 4
