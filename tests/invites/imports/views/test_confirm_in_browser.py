"""What stops an import in Chromium on the running stack: people who would become admins, and damaged names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from config.harness.driving import (
    IMPORT_SECONDS,
    banner,
    choose_roles_and_sites,
    csv_of,
    drop,
    heading,
    mixed_people,
    open_import,
    press_import,
)
from config.harness.running import Stack
from tests.axe import Look, examine_in
from tests.browser.test_send_later import choose_time, tomorrow
from tests.invites.imports.views.test_reading_in_browser import tab_to
from tests.stories import import_file

LOOKS = Look("light", 1280), Look("dark", 390)
LONG_FORMULA = f"=IF(A1;{'B' * 40})"
NOT_A_NAME = "This is probably not a name."
ABLE = "Everyone you import will be able to invite and manage users."
# Too many for a check in the request.
MANY = 6_000


def choose_org_admin(page: Page) -> None:
    page.get_by_role("checkbox", name=re.compile("^Org Admin")).check()


def import_admins(page: Page, name: str, count: int) -> None:
    open_import(page)
    choose_roles_and_sites(page)
    choose_org_admin(page)
    drop(page, name, csv_of(mixed_people(count, name.partition(".")[0])))
    press_import(page)


def ended(page: Page, title: str) -> None:
    expect(heading(page)).to_have_text(title, timeout=IMPORT_SECONDS * 1000)


def test_the_sentence_beside_the_roles_follows_the_checked_ones(admin_page: Page) -> None:
    page = admin_page
    open_import(page)
    sentence = page.get_by_text(ABLE)
    expect(sentence).to_be_hidden()

    tab_to(page, page.get_by_role("checkbox", name=re.compile("^Org Admin")))
    page.keyboard.press("Space")
    expect(sentence).to_be_visible()
    expect(page.get_by_text("will be able to invite users.")).to_be_hidden()
    page.keyboard.press("Space")

    expect(sentence).to_be_hidden()
    page.get_by_role("checkbox", name=re.compile("^Project manager")).check()
    expect(page.locator("#dialog .rc-powers > :visible")).to_have_count(0)


def test_admins_are_confirmed_with_the_keyboard(admin_page: Page) -> None:
    page = admin_page
    import_admins(page, "boss.csv", 3)

    ended(page, "Invite 3 people who can invite and manage users?")
    expect(heading(page)).to_be_focused()
    expect(page.locator("#dialog")).to_contain_text(ABLE)
    tab_to(page, page.get_by_role("button", name="Invite 3 people"))
    page.keyboard.press("Enter")

    ended(page, "3 users were invited to Acme")
    page.keyboard.press("Escape")
    expect(banner(page, "boss.csv needs your confirmation.")).to_have_count(0)


def test_the_dialog_of_a_long_check_turns_into_the_question_and_can_be_cancelled(admin_page: Page) -> None:
    page = admin_page
    import_admins(page, "crowd.csv", MANY)
    ended(page, "Invite 6,000 people who can invite and manage users?")

    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    page.goto("/o/acme/roles/")
    banner(page, "crowd.csv needs your confirmation.").get_by_role("link", name="Review").click()
    expect(page.get_by_role("heading", name="Invite 6,000 people")).to_be_visible()
    page.get_by_role("link", name="Cancel import").click()
    expect(page.get_by_role("heading", name="Cancel this import?")).to_be_focused()
    page.get_by_role("link", name="Keep it").click()
    # The dialog of the import turns into the question again.
    expect(page.get_by_role("heading", name="Invite 6,000 people")).to_be_visible()
    page.get_by_role("link", name="Cancel import").click()
    page.get_by_role("button", name="Cancel import").click()

    expect(page.locator("body")).to_contain_text("Stopped. Nobody was invited to Acme")


def test_the_question_is_accessible(admin_page: Page) -> None:
    page = admin_page
    import_admins(page, "axe.csv", 2)
    ended(page, "Invite 2 people who can invite and manage users?")

    found = list(examine_in(page, *LOOKS))
    page.goto("/o/acme/batches/")
    found += examine_in(page, *LOOKS)
    page.get_by_role("link", name="axe.csv").click()
    expect(page.get_by_role("heading", name="Invite 2 people", level=1)).to_be_visible()
    found += examine_in(page, *LOOKS)
    page.goto("/o/acme/import/")
    choose_org_admin(page)
    expect(page.get_by_text(ABLE)).to_be_visible()
    found += examine_in(page, *LOOKS)

    assert found == []


def test_admins_are_confirmed_without_javascript_on_a_phone(
    new_context: Any, signed_in_state: Callable[[str], Any]
) -> None:
    page: Page = new_context(
        storage_state=signed_in_state("admin@example.com"),
        java_script_enabled=False,
    ).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/o/acme/import/")
    expect(page.get_by_text(ABLE)).to_be_hidden()
    choose_org_admin(page)
    expect(page.get_by_text(ABLE)).to_be_visible()
    page.locator("select[name=sites]").select_option("all")
    page.locator("input[type=file]").set_input_files(
        {"name": "plain.csv", "mimeType": "text/csv", "buffer": csv_of(mixed_people(2, "plain"))}
    )
    press_import(page)

    expect(page.get_by_role("heading", name="Invite 2 people who can invite and manage users?")).to_be_visible()
    page.get_by_role("button", name="Invite 2 people").click()

    expect(page.get_by_role("heading", name="plain.csv", level=1)).to_be_visible()
    # The page reloads itself while the import runs.
    expect(page.get_by_role("heading", name="Results")).to_be_visible(timeout=IMPORT_SECONDS * 1000)


def test_names_that_look_damaged_are_fixed_before_anyone_is_invited(
    stack: Stack, admin_page: Page, tmp_path: Path
) -> None:
    page, file = admin_page, tmp_path / "mist.csv"
    rows = [("ju@mist.example.com", "JÃ¼rgen", "MÃ¼ller", ""), ("mu@mist.example.com", "Max", "M?ller", "")]
    file.write_bytes(csv_of(rows))
    page.goto(f"/o/acme/batches/{import_file(stack, file)}/problems/")
    expect(page.get_by_role("heading", name="3 cells may have mistakes", level=1)).to_be_visible()
    page.get_by_role("button", name="Use all 2 suggestions").press("Enter")
    expect(page.get_by_role("heading", name="1 cell may have a mistake", level=1)).to_be_visible()
    page.get_by_role("button", name="Invite 2 people").press("Enter")

    expect(page.get_by_role("heading", name="Results")).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    expect(page.get_by_text("Jürgen Müller")).to_be_visible()


def test_unlikely_names_of_a_scheduled_import_are_questioned_before_it_is_confirmed(admin_page: Page) -> None:
    page = admin_page
    open_import(page)
    choose_roles_and_sites(page)
    choose_org_admin(page)
    page.get_by_text("Send later").click()
    choose_time(page.locator("#dialog"), tomorrow())
    rows = [("ann@unlikely.example.com", "2026-05-01", "Lee", ""), ("bo@unlikely.example.com", LONG_FORMULA, "Ray", "")]
    drop(page, "unlikely.csv", csv_of(rows))
    page.get_by_role("button", name="Import and schedule").last.click()
    ended(page, "2 cells may have mistakes")
    expect(page.locator("#dialog")).to_contain_text("Nobody has been invited yet.")
    assert list(examine_in(page, *LOOKS)) == []

    page.get_by_role("link", name="Review").last.click()
    expect(page.get_by_role("heading", name="2 cells may have mistakes", level=1)).to_be_visible()
    lines = page.locator(".rc-doubts > li")
    expect(lines.first).to_have_text(re.compile(r"Row 2\s+2026-05-01\s+This is probably not a name\.\s+Save row 2"))
    # Why it is questioned is below the cell, in a line of its own.
    page.set_viewport_size({"width": 390, "height": 844})
    cell, why = (lines.first.get_by_text(part, exact=True).bounding_box() for part in ("2026-05-01", NOT_A_NAME))
    assert cell
    assert why
    assert max(cell["height"], why["height"]) < 24
    assert cell["y"] + 15 <= why["y"]
    assert list(examine_in(page, *LOOKS)) == []
    page.get_by_role("button", name="Invite 2 people").press("Enter")

    expect(page.get_by_role("heading", name="Invite 2 people who can invite and manage users?")).to_be_visible()
    at = page.locator("dt").filter(has_text="Emails will be sent").locator("+ dd")
    expect(at).to_have_text(re.compile(r"^[A-Z][a-z]{2} \d+, 9:00 AM, Paris time$"))
    page.get_by_role("link", name="Cancel import").click()
    page.get_by_role("button", name="Cancel import").click()
    expect(page.locator("body")).to_contain_text("Stopped. Nobody was invited to Acme")
