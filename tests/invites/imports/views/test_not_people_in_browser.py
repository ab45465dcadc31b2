"""Rows that aren't people in Chromium: listed below the grid and in the results, and imported anyway."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.harness.driving import ROLE, SITE
from config.harness.running import Stack
from tests.axe import violations

pytestmark = pytest.mark.browser
FOOTER = "Total: 2,,,\nChecked by,Zora,,Night shift\n"


@pytest.fixture
def batch(stack: Stack, tmp_path: Path, request: Any) -> Callable[[str], int]:
    """Imports these lines and a footer. The addresses get a domain of the test's own for `{d}`."""

    def batch(text: str) -> int:
        path = tmp_path / "team.csv"
        domain = f"{request.node.name.split('[')[0].replace('_', '-')[:50].strip('-')}.example.com"
        path.write_text(f"Email,First name,Last name,Description\n{text}{FOOTER}".replace("{d}", domain))
        arguments = ("--organization", "acme", "--role", ROLE, "--site", SITE, "--as", "admin@example.com", "--wait")
        answer = stack.manage("invite_csv", str(path), *arguments, "--json")
        assert answer.stdout, answer.stderr
        return int(json.loads(answer.stdout)["batch"])

    return batch


@pytest.mark.parametrize("javascript", [True, False])
def test_a_row_joins_the_grid_and_leaves_it(
    new_context: Any, signed_in_state: Any, batch: Callable[[str], int], javascript: bool
) -> None:
    pk = batch("ann@{d},Ann,Lee,\nben@@{d},Ben,Fox,\n")
    context = new_context(storage_state=signed_in_state("admin@example.com"), java_script_enabled=javascript)
    page: Page = context.new_page()
    page.goto(f"/o/acme/batches/{pk}/problems/")
    summary = page.locator("#not-people summary")
    expect(summary).to_contain_text("because they aren’t people: rows 4 and 5")
    summary.focus()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Import anyway row 5")
    expect(page.locator("#not-people")).to_contain_text("Checked by, Zora, Night shift")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#row-5")).to_be_visible()
    expect(page.locator("#not-people summary")).to_contain_text("row 4")
    if javascript:
        assert violations(page) == []
    page.get_by_role("button", name="Not a person row 5").click()
    expect(page.locator("#row-5")).to_have_count(0)
    expect(page.locator("#not-people summary")).to_contain_text("rows 4 and 5")


def test_results_open_the_dialog_with_what_the_row_has(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    pk = batch("ann@{d},Ann,Lee,\n")
    page.goto(f"/o/acme/batches/{pk}/?outcome=not_a_person")
    expect(page.get_by_role("table", name="Rows of")).to_contain_text("Checked by, Zora, Night shift")
    page.get_by_role("link", name="Import anyway row 4").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("First name")).to_have_value("Zora")
    expect(dialog.get_by_label(ROLE)).to_be_checked()
    dialog.get_by_label("Email").fill("zora@results-open-the-dialog.example.com")
    dialog.get_by_label("Last name").fill("Lind")
    dialog.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("zora@results-open-the-dialog.example.com was invited.")).to_be_visible()
