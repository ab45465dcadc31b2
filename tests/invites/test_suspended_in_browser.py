"""A member of a suspended organization sees everything and changes nothing, and nothing is sent, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.harness.driving import heading
from config.harness.running import Stack
from tests.axe import examine
from tests.files import csv_of
from tests.stories import import_file, in_two_days, link_in, run

pytestmark = pytest.mark.browser
SUSPENDED = "Acme is suspended. You can look at everything, but not change it"


@pytest.fixture
def suspended(stack: Stack) -> Iterator[None]:
    done = stack.manage("suspend_organization", "acme")
    assert done.stdout == "Acme is now suspended.\n", done.stderr
    yield
    stack.manage("resume_organization", "acme")


def test_a_suspended_organization_can_be_looked_at_until_it_is_resumed(
    stack: Stack, suspended: None, admin_page: Page
) -> None:
    page = admin_page
    page.goto("/o/acme/users/")
    expect(page.locator("#banners")).to_contain_text(SUSPENDED)

    # What could change something is hidden. What only reads isn't.
    expect(page.get_by_role("link", name="Invite users")).to_be_hidden()
    expect(page.get_by_role("searchbox")).to_be_visible()
    page.get_by_role("link", name="Export").click()
    expect(heading(page)).to_be_focused()
    expect(page.locator("#dialog").get_by_role("button", name="Export")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto("/o/acme/sites/")
    expect(page.get_by_role("link", name="Add site")).to_have_count(0)
    expect(page.locator(".rc-menu-button").first).to_be_hidden()
    page.goto("/o/acme/roles/")
    expect(page.get_by_role("link", name="Add role")).to_have_count(0)
    page.goto("/o/acme/settings/")
    for path in ("", "email/", "email-domains/"):
        page.goto(f"/o/acme/settings/{path}")
        expect(page.get_by_role("button", name="Save")).to_have_count(0)
        fields = page.locator("form.rc-card :is(input:not([type=hidden]), select, textarea)")
        assert fields.count()
        assert fields.evaluate_all("fields => fields.every((field) => field.matches(':disabled'))")
        assert list(examine(page)) == []

    # At 320 px, the banner fits. It is gone when the organization is resumed.
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/o/acme/users/")
    expect(page.locator("#banners")).to_contain_text(SUSPENDED)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    stack.manage("resume_organization", "acme")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Users")
    expect(page.locator("#content")).not_to_contain_text("is suspended")


def test_a_dialog_that_was_open_before_says_it_once(stack: Stack, admin_page: Page) -> None:
    page = admin_page
    page.goto("/o/acme/sites/")
    page.get_by_role("link", name="Add site").first.click()
    expect(heading(page)).to_be_focused()
    page.locator("#dialog input[name=name]").fill("Bergen")
    stack.manage("suspend_organization", "acme")
    try:
        page.locator("#dialog").get_by_role("button", name="Add site").click()
        expect(page.locator("#dialog")).to_contain_text("Nothing was changed.")
        # Opened from now on, the dialog says it before anybody fills in a form.
        page.goto("/o/acme/sites/new/")
        page.goto("/o/acme/users/")
        page.evaluate("htmx.ajax('GET', '/o/acme/sites/new/', '#dialog-content')")
        expect(page.locator("#dialog")).to_contain_text(SUSPENDED)
        assert list(examine(page)) == []
        page.locator("#dialog input[name=name]").press("Enter")
        expect(page.locator("#dialog")).to_contain_text("Nothing was changed.")
        assert page.locator("#dialog").inner_text().count("Acme is suspended.") == 1
    finally:
        stack.manage("resume_organization", "acme")


def test_without_javascript_a_page_says_why_nothing_was_changed(
    stack: Stack, suspended: None, browser: object, signed_in_state: object
) -> None:
    state = signed_in_state("admin@example.com")  # type: ignore[operator]
    page = browser.new_context(  # type: ignore[attr-defined]
        base_url=stack.url, storage_state=state, java_script_enabled=False
    ).new_page()
    page.goto("/o/acme/sites/new/")
    expect(page.locator("#content")).to_contain_text(SUSPENDED)
    expect(page.locator("#content").get_by_role("button", name="Add site")).to_be_hidden()
    page.locator("#content input[name=name]").fill("Bergen")
    page.locator("#content input[name=name]").press("Enter")

    expect(page.locator("#content")).to_contain_text(SUSPENDED)
    expect(page.locator("#content")).to_contain_text("Nothing was changed.")


@pytest.mark.parametrize("script", [True, False])
def test_the_rows_that_need_fixing_can_only_be_read(
    stack: Stack, new_context: Any, signed_in_state: Any, tmp_path: Path, script: bool
) -> None:
    file = tmp_path / "suspended-grid.csv"
    file.write_bytes(csv_of("ann@grid.example.com", "ben@@grid.example.com,Ben,Fox,"))
    batch = import_file(stack, file)
    stack.manage("suspend_organization", "acme")
    try:
        state = signed_in_state("admin@example.com")
        page = new_context(storage_state=state, java_script_enabled=script).new_page()
        page.goto(f"/o/acme/batches/{batch}/problems/")

        expect(page.locator("#content")).to_contain_text(SUSPENDED)
        cell = page.get_by_role("cell", name="ben@@grid.example.com")
        expect(cell).to_be_visible()
        cell.click()
        page.keyboard.type("x")
        page.keyboard.press("Enter")
        expect(page.locator("#content").get_by_role("textbox")).to_have_count(0)
        for name in ("Apply", "Check again", "Skip", "Keep one @", "Upload a corrected file"):
            expect(page.locator("#content").get_by_text(name)).to_have_count(0)
        expect(cell).to_contain_text("ben@@grid.example.com")
    finally:
        stack.manage("resume_organization", "acme")


@pytest.fixture
def globex_is_active(stack: Stack) -> Iterator[None]:
    yield
    stack.manage("resume_organization", "globex")


def test_nothing_is_sent_and_links_wait_until_it_is_resumed(
    stack: Stack, globex_is_active: None, new_context: Any, tmp_path: Path
) -> None:
    before, later, other = (f"{name}@suspended.example.com" for name in ("before", "later", "other"))
    file = tmp_path / "suspended.csv"
    file.write_bytes(csv_of(before))
    import_file(stack, file, organization="globex")
    link = link_in(stack.wait_for_mail(before))
    file.write_bytes(csv_of(later))
    scheduled = import_file(stack, file, "--send-at", in_two_days(), organization="globex")
    stack.manage("suspend_organization", "globex")
    run(stack, f"Batch.objects.filter(pk={scheduled}).update(send_at=timezone.now())")

    # The page of a link that no longer works, which names nobody.
    invitee = new_context().new_page()
    invitee.goto(link)
    expect(invitee.get_by_role("heading", name="This invitation is no longer valid")).to_be_visible()
    expect(invitee.locator("main")).not_to_contain_text("Globex")
    # The worker goes on with another organization, and sends nothing of this one.
    file.write_bytes(csv_of(other))
    import_file(stack, file)
    stack.wait_for_mail(other)
    assert stack.inbox(later) == []

    stack.manage("resume_organization", "globex")
    stack.wait_for_mail(later)
    invitee.goto(link)
    expect(invitee.get_by_role("heading", name="Join Globex")).to_be_visible()
