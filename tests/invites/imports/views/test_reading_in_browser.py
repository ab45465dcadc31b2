""" "Check how we read this file" in Chromium on the running stack: each question with the keyboard, on a phone, for axe,
and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from config.harness.driving import (
    IMPORT_SECONDS,
    ROLE,
    choose_roles_and_sites,
    drop,
    heading,
    import_by_dropping,
    open_import,
    press_import,
    summary,
)
from config.harness.running import Stack
from tests.axe import EVERY_LOOK, examine_in
from tests.stories import import_file
from tests.workbooks import sheet_of, workbook_of, xls_of

TITLE = "Check how we read this file"
# Too many for a check in the request.
MANY = 6_000


def personnel(domain: str) -> list[list[str]]:
    """A Hungarian table: a title, full names with the last name first, and a column that we don't use."""
    people = (("Hegedűs Péter", "Villanyszerelő"), ("Kőszegi Borbála", "Műszakvezető"), ("Szűcs Ilona", ""))
    lines = [[f"{1000 + at}", name, f"p{at}@{domain}.example.com", job] for at, (name, job) in enumerate(people)]
    return [["Terepi csapat"], ["Törzsszám", "Teljes név", "E-mail cím", "Beosztás"], *lines]


def as_csv(rows: list[list[str]], encoding: str) -> bytes:
    return "".join(";".join(row) + "\r\n" for row in rows).encode(encoding)


def spelled(domain: str) -> bytes:
    """Three names that Windows-1250 and others spell differently, below our own column names."""
    names = (("Péter", "Hegedűs"), ("Borbála", "Kőszegi"), ("Ilona", "Szűcs"))
    lines = [[f"p{at}@{domain}.example.com", *name] for at, name in enumerate(names)]
    return as_csv([["Email", "First name", "Last name"], *lines], "cp1250")


def two_sheets(domain: str) -> bytes:
    """Two sheets with people; in the first one, a filter hides a row."""
    names = ["Email", "First name", "Last name"]
    first = sheet_of([names, [f"a@{domain}.example.com", "Ann", "Lee"], [f"b@{domain}.example.com", "Bob", "Fox"]])
    second = sheet_of([names, [f"c@{domain}.example.com", "Cat", "Moe"]])
    return workbook_of(first.replace('<row r="3">', '<row r="3" hidden="1">'), second)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the control has the focus."""
    for _ in range(60):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {target}.")


def choose_by_typing(picker: Locator, start: str) -> None:
    """Type the first letters of an option. The browser forgets letters after a second, which a busy machine can take."""
    for _ in range(5):
        picker.press_sequentially(start)
        if str(picker.evaluate("picker => picker.selectedOptions[0].text.trim()")).startswith(start):
            return
        picker.page.wait_for_timeout(1_500)
    raise AssertionError(f"No option that starts with {start} was chosen.")


def bar(page: Page) -> Locator:
    return page.locator(".rc-bar-text")


def invited(page: Page) -> dict[str, int]:
    expect(page.get_by_role("heading", name="Results")).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    return summary(page)


@pytest.fixture
def in_doubt(stack: Stack, tmp_path: Path) -> Callable[[str, bytes], str]:
    """Imports a file that is in doubt with a command. Returns the address of the page that asks about it."""

    def in_doubt(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        return f"/o/acme/batches/{import_file(stack, tmp_path / name)}/reading/"

    return in_doubt


@pytest.fixture
def open_columns(admin_page: Page, in_doubt: Callable[[str, bytes], str]) -> Callable[[str, bytes], None]:
    """Opens the page that asks about a file whose columns are in doubt."""

    def open_columns(name: str, content: bytes) -> None:
        admin_page.goto(in_doubt(name, content))
        expect(admin_page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
        # Its script is loaded.
        admin_page.wait_for_load_state("networkidle")

    return open_columns


def test_a_hungarian_workbook_with_a_title_and_full_names_is_invited(stack: Stack, admin_page: Page) -> None:
    page = admin_page
    import_by_dropping(page, "személyzet.xlsx", workbook_of(sheet_of(personnel("magyar"))))

    # First an error that says what is wrong.
    expect(heading(page)).to_have_text("személyzet.xlsx needs your answer")
    expect(page.locator("#dialog")).to_contain_text("Nobody has been invited yet.")
    expect(page.locator("#dialog .rc-well")).to_contain_text("Teljes név")
    expect(page.get_by_role("link", name="Choose another file")).to_be_visible()
    page.get_by_role("link", name="Match the columns here").click()

    expect(page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    expect(page.get_by_role("textbox", name="Column names are in row")).to_have_value("2")
    expect(page.get_by_role("combobox", name="Column B")).to_have_value("full_name")
    expect(page.get_by_role("radio", name="Last name first")).to_be_checked()
    expect(bar(page)).to_have_text("Ready to check · 3 rows")
    page.get_by_role("button", name="Continue").click()

    assert invited(page)["Invited"] == 3
    expect(page.get_by_text("Read as XLSX.")).to_be_visible()
    stack.wait_for_mail("p0@magyar.example.com")
    expect(page.get_by_role("row", name=re.compile("Péter Hegedűs"))).to_be_visible()


def test_columns_are_matched_with_the_keyboard(
    stack: Stack, admin_page: Page, open_columns: Callable[[str, bytes], None], tmp_path: Path
) -> None:
    page, next_file = admin_page, tmp_path / "keys-2.csv"
    open_columns("keys.csv", as_csv(personnel("by-keys"), "utf-8-sig"))
    row = page.get_by_role("textbox", name="Column names are in row")
    said = page.locator("body > [data-live-line]")

    # Enter shows the rows again, and doesn't continue.
    tab_to(page, row)
    page.keyboard.type("1")
    press(page, "Enter")
    expect(bar(page)).not_to_contain_text("Ready to check")
    expect(row).to_be_focused()
    press(page, "ControlOrMeta+A")
    page.keyboard.type("2")
    press(page, "Enter")
    expect(said).to_have_text("Row 2: 4 columns, everything required is matched.")
    expect(row).to_be_focused()

    # A picker changes what the bar and the list say, and keeps the focus.
    names = page.get_by_role("combobox", name="Column B")
    tab_to(page, names)
    choose_by_typing(names, "Not")
    expect(bar(page)).to_have_text("2 things are missing")
    expect(page.get_by_role("group", name="Which comes first in a full name?")).to_have_count(0)
    expect(names).to_be_focused()
    expect(page.get_by_role("group", name="Column B")).to_contain_text("Chosen by you")

    # Pressed too early, Continue says what is missing, and the links lead there.
    tab_to(page, page.get_by_role("button", name="Continue"))
    press(page, "Enter")
    problem = page.get_by_role("group", name="There is a problem")
    expect(problem).to_be_focused()
    expect(problem.get_by_role("link")).to_have_text(
        ["Choose the column that has the first names", "Choose the column that has the last names"]
    )
    press(page, "Tab", "Enter")
    expect(page.locator(":focus")).to_have_attribute("id", re.compile("^column-"))
    tab_to(page, names)
    choose_by_typing(names, "Full")
    order = page.get_by_role("group", name="Which comes first in a full name?")
    expect(order).to_be_visible()
    tab_to(page, order.get_by_role("radio", name="Last name first"))
    press(page, "ArrowDown")
    expect(order.get_by_role("radio", name="First name first")).to_be_checked()
    expect(order.get_by_role("radio", name="First name first")).to_be_focused()
    press(page, "ArrowUp")
    expect(order.get_by_role("radio", name="Last name first")).to_be_checked()
    remember = page.get_by_role("checkbox", name="Remember this for files with these columns")
    tab_to(page, remember)
    press(page, "Space")
    expect(remember).to_be_checked()
    expect(remember).to_have_accessible_description(
        "The next file with the same column names is read this way, without asking."
    )
    tab_to(page, page.get_by_role("button", name="Continue"))
    press(page, "Enter")
    assert invited(page)["Invited"] == 3

    # The next file with these columns is read the same way.
    next_file.write_bytes(as_csv(personnel("by-keys-2"), "utf-8-sig"))
    page.goto(f"/o/acme/batches/{import_file(stack, next_file)}/")
    expect(page.get_by_text("Read as remembered from keys.csv.")).to_be_visible()
    page.goto("/o/acme/settings/")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Imports").click()
    forget = page.get_by_role("button", name="Forget")
    expect(forget).to_have_accessible_description("Törzsszám, Teljes név, E-mail cím, Beosztás")
    forget.press("Enter")
    expect(page.get_by_text("Nothing is remembered yet")).to_be_visible()


def test_an_answer_given_while_the_questions_are_drawn_again_is_kept(
    admin_page: Page, open_columns: Callable[[str, bytes], None]
) -> None:
    page = admin_page
    open_columns("quick.csv", as_csv(personnel("quick"), "utf-8-sig"))
    held: list[Any] = []
    page.route("**/reading/", lambda route: held.append(route) if not held else route.continue_())
    page.get_by_role("combobox", name="Column A").select_option("description")
    page.get_by_role("checkbox", name="Remember this for files with these columns").check()
    page.wait_for_timeout(100)
    held[0].continue_()

    expect(page.get_by_role("group", name="Column A")).to_contain_text("Chosen by you")
    expect(page.get_by_role("checkbox", name="Remember this for files with these columns")).to_be_checked()


def test_the_spelling_is_chosen_with_the_keyboard(admin_page: Page) -> None:
    page = admin_page
    import_by_dropping(page, "spelling.csv", spelled("spelling"))
    expect(heading(page)).to_have_text(TITLE)
    expect(heading(page)).to_be_focused()
    question = page.get_by_role("group", name="Which of these is spelled right?")
    expect(question.get_by_role("radio", checked=True)).to_have_count(0)

    # Nothing is chosen for the admin.
    press(page, "Tab", "Tab")
    page.get_by_role("button", name="Continue").press("Enter")
    problem = page.get_by_role("group", name="There is a problem")
    expect(problem).to_be_focused()
    press(page, "Tab", "Enter")
    right = question.get_by_role("radio", name=re.compile("Hegedűs.*Windows-1250"))
    expect(right).to_have_accessible_description(re.compile("u with double acute"))
    for _ in range(3):
        if right.is_checked():
            break
        press(page, "ArrowDown")
    expect(right).to_be_checked()
    expect(right).to_be_focused()
    page.get_by_role("button", name="Continue").press("Enter")
    page.locator("#see-dialog").click(timeout=IMPORT_SECONDS * 1000)
    expect(page.get_by_text("Borbála Kőszegi")).to_be_visible()


def test_sheets_and_hidden_rows_are_chosen_with_the_keyboard(admin_page: Page) -> None:
    page = admin_page
    import_by_dropping(page, "crew.xlsx", two_sheets("sheets"))
    expect(heading(page)).to_have_text(TITLE)
    sheets = page.get_by_role("group", name="Which sheet has your users?")
    hidden = page.get_by_role("group", name="1 row is hidden in your spreadsheet")
    expect(hidden.get_by_role("radio", name="Exclude")).to_be_checked()

    second = sheets.get_by_role("checkbox", name=re.compile("Sheet2"))
    tab_to(page, second)
    press(page, "Space")
    expect(page.locator("#dialog [data-live-line]")).to_have_text("Ready to check. 2 rows.")
    expect(second).to_be_focused()
    tab_to(page, hidden.get_by_role("radio", name="Exclude"))
    press(page, "ArrowDown")
    expect(page.locator("#dialog [data-live-line]")).to_have_text("Ready to check. 3 rows.")
    expect(hidden.get_by_role("radio", name="Include")).to_be_focused()
    page.get_by_role("button", name="Continue").press("Enter")

    page.locator("#see-dialog").click(timeout=IMPORT_SECONDS * 1000)
    assert summary(page)["Invited"] == 3
    expect(page.get_by_role("cell", name="Sheet2, row 2")).to_be_visible()


def test_an_old_workbook_can_be_dropped_and_says_what_it_hides(admin_page: Page) -> None:
    page = admin_page
    names = ("Email", "First name", "Last name")
    sheets = [(names, (f"old{at}@xls.example.com", "Ann", "Lee")) for at in range(2)]
    import_by_dropping(page, "old.xls", xls_of(*sheets))

    expect(heading(page)).to_have_text(TITLE)
    expect(page.get_by_text("Hidden rows can’t be detected in .xls files.")).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("Sheet2")).check()
    page.get_by_role("button", name="Continue").click()
    page.locator("#see-dialog").click(timeout=IMPORT_SECONDS * 1000)
    assert summary(page)["Invited"] == 2


def test_a_waiting_file_is_deleted_or_kept(admin_page: Page) -> None:
    page = admin_page
    import_by_dropping(page, "waiting.csv", spelled("waiting"))
    expect(heading(page)).to_have_text(TITLE)
    page.get_by_role("link", name="Cancel").click()
    expect(heading(page)).to_have_text("Delete this file?")
    expect(heading(page)).to_be_focused()
    page.get_by_role("link", name="Keep it").click()
    waiting = page.locator("#banners .rc-banner").filter(has_text="waiting.csv needs your answer")
    expect(waiting).to_contain_text("Nobody has been invited yet.")

    # The question has an address, too.
    waiting.get_by_role("link", name="Check the file").click()
    expect(page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    page.goto("/o/acme/batches/")
    expect(page.get_by_role("row", name=re.compile("waiting.csv"))).to_contain_text("Needs answer")
    page.get_by_role("link", name="waiting.csv").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Imports", level=1)).to_be_visible()
    expect(page.get_by_text("waiting.csv")).to_have_count(0)


def test_another_file_keeps_roles_and_sites(admin_page: Page, open_columns: Callable[[str, bytes], None]) -> None:
    page = admin_page
    open_columns("first.csv", as_csv(personnel("first"), "utf-8-sig"))
    page.get_by_role("link", name="Choose another file").click()
    expect(heading(page)).to_have_text("Import users")
    expect(page.get_by_role("checkbox", name=re.compile(rf"^{ROLE}\b"))).to_be_checked()
    expect(page.locator("#dialog .ts-control")).to_contain_text("All sites")
    drop(page, "second.csv", b"Email,First name,Last name\nann@second.example.com,Ann,Lee\n")
    press_import(page)
    page.locator("#see-dialog").click(timeout=IMPORT_SECONDS * 1000)
    page.goto("/o/acme/batches/")
    expect(page.get_by_role("link", name="second.csv")).to_be_visible()
    expect(page.get_by_text("first.csv")).to_have_count(0)


def test_axe_finds_nothing_and_nothing_scrolls_sideways(admin_page: Page) -> None:
    page = admin_page
    contents = {
        "spelling.csv": spelled("axe"),
        "crew.xlsx": two_sheets("axe"),
        "columns.csv": as_csv(personnel("axe"), "cp1250"),
    }
    for name, content in contents.items():
        import_by_dropping(page, name, content)
        expect(page.locator("#dialog [data-reading], #dialog #read-file").first).to_be_visible()
        assert list(examine_in(page, *EVERY_LOOK)) == [], name
    page.get_by_role("link", name="Match the columns here").click()
    expect(page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    assert list(examine_in(page, *EVERY_LOOK)) == []
    page.get_by_role("combobox", name="Column B").select_option("")
    expect(bar(page)).to_contain_text("things are missing")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("group", name="There is a problem")).to_be_focused()
    assert list(examine_in(page, *EVERY_LOOK)) == []
    for path in ("batches/", "settings/imports/"):
        page.goto(f"/o/acme/{path}")
        assert list(examine_in(page, *EVERY_LOOK)) == []


def test_every_question_on_a_phone(admin_page: Page, open_columns: Callable[[str, bytes], None]) -> None:
    page = admin_page
    page.set_viewport_size({"width": 390, "height": 844})
    open_columns("phone.csv", as_csv(personnel("phone"), "cp1250"))
    page.get_by_role("radio", name=re.compile("Windows-1250")).check()
    expect(bar(page)).to_have_text("Ready to check · 3 rows")
    column = page.get_by_role("group", name="Column B")
    expect(column.get_by_role("list")).to_contain_text("Hegedűs Péter")
    # A card for each column, one below the other.
    boxes = [page.get_by_role("group", name=f"Column {letter}").bounding_box() for letter in "ABC"]
    tops = [box["y"] for box in boxes if box]
    assert tops == sorted(tops)
    assert all(box and box["width"] > 300 for box in boxes)
    page.get_by_role("button", name="Continue").click()
    assert invited(page)["Invited"] == 3


@pytest.fixture
def plain_page(new_context: Any, signed_in_state: Callable[[str], Any]) -> Page:
    """Without JavaScript."""
    page: Page = new_context(storage_state=signed_in_state("admin@example.com"), java_script_enabled=False).new_page()
    return page


def test_columns_are_matched_without_javascript(plain_page: Page, in_doubt: Callable[[str, bytes], str]) -> None:
    page = plain_page
    page.goto(in_doubt("plain.csv", as_csv(personnel("plain-columns"), "cp1250")))
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(page.locator(".rc-cause")).to_contain_text("Teljes név")

    # Enter in the field of the row presses Update, and what was chosen is kept.
    page.get_by_role("radio", name=re.compile("Windows-1250")).check()
    row = page.get_by_role("textbox", name="Column names are in row")
    row.fill("1")
    row.press("Enter")
    expect(page.get_by_role("group", name="Column A")).to_contain_text("Terepi csapat")
    expect(page.get_by_role("radio", name=re.compile("Windows-1250"))).to_be_checked()
    row.fill("2")
    page.get_by_role("button", name="Update").last.click()
    expect(page.get_by_role("combobox", name="Column B")).to_have_value("full_name")
    page.get_by_role("button", name="Continue").click()
    assert invited(page)["Invited"] == 3


def test_a_sheet_and_hidden_rows_are_chosen_without_javascript(
    plain_page: Page, in_doubt: Callable[[str, bytes], str]
) -> None:
    page = plain_page
    page.goto(in_doubt("plain.xlsx", two_sheets("plain-sheets")))
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("Sheet1")).uncheck()
    page.get_by_role("checkbox", name=re.compile("Sheet2")).check()
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_text("is hidden in your spreadsheet")).to_have_count(0)
    page.get_by_role("button", name="Continue").click()
    assert invited(page)["Invited"] == 1


def test_a_file_is_deleted_without_javascript(plain_page: Page, in_doubt: Callable[[str, bytes], str]) -> None:
    page = plain_page
    page.goto(in_doubt("plain-gone.csv", spelled("plain-gone")))
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Imports", level=1)).to_be_visible()
    expect(page.get_by_text("plain-gone.csv")).to_have_count(0)


def test_the_progress_dialog_turns_into_the_question_of_a_large_file(admin_page: Page) -> None:
    """A worker reads it, and the dialog is open meanwhile."""
    page = admin_page
    open_import(page)
    rows = "".join(f"p{at}@large.example.com;Péter{at};Hegedűs\r\n" for at in range(MANY))
    content = ("Email;First name;Last name\r\n" + rows).encode("cp1250")
    choose_roles_and_sites(page)
    page.locator("#dialog input[type=file]").set_input_files(
        {"name": "large.csv", "mimeType": "text/csv", "buffer": content}
    )
    press_import(page)
    expect(page.get_by_role("group", name="Which of these is spelled right?")).to_be_visible(
        timeout=IMPORT_SECONDS * 1000
    )
    expect(heading(page)).to_be_focused()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Delete").click()
