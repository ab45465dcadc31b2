"""Banners that are folded can be read and closed, by keyboard and without JavaScript, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from config.harness.running import Stack
from tests.axe import violations
from tests.files import csv_of
from tests.stories import ADMINS, import_file, run

FILES = "Batch.objects.filter(organization__slug='globex', banner_closed_at=None)"


@pytest.fixture
def four_imports(stack: Stack, tmp_path: Path) -> Iterator[None]:
    """Two that wait, and then two that are done, of which the last one isn't folded. Other banners of Globex are closed."""
    run(stack, f"{FILES}.update(banner_closed_at=timezone.now())")
    for name in ("wait-1", "wait-2", "done-1", "done-2"):
        file = tmp_path / f"fold-{name}.csv"
        file.write_bytes(csv_of(f"{name}@{'' if 'done' in name else '@'}fold.example.com,Ann,Lee,"))
        import_file(stack, file, organization="globex")
    yield
    run(stack, f"{FILES}.update(banner_closed_at=timezone.now())")


def of(page: Page, name: str) -> Any:
    return page.locator("#banners .rc-banner").filter(has_text=f"fold-{name}.csv")


def test_folded_banners_are_read_and_closed(four_imports: None, new_context: Any, signed_in_state: Any) -> None:
    state = signed_in_state(ADMINS["globex"])
    page = new_context(storage_state=state, color_scheme="dark").new_page()
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/o/globex/users/")
    more = page.locator("#banners summary")
    expect(of(page, "wait-2")).to_be_in_viewport(ratio=1)
    expect(of(page, "done-2")).to_be_in_viewport(ratio=1)
    expect(more).to_be_in_viewport()
    expect(of(page, "wait-1")).to_be_hidden()

    # By keyboard. What is unfolded stays so when all banners are loaded again.
    more.press("Enter")
    expect(of(page, "wait-1")).to_be_visible()
    assert not [*violations(page)]
    page.locator("#banners > *").evaluate("element => element.setAttribute('data-old', '')")
    page.evaluate("htmx.trigger(document.body, 'shell:changed')")
    expect(page.locator("[data-old]")).to_have_count(0)
    expect(of(page, "wait-1")).to_be_visible()
    expect(more).to_be_focused()

    # The focus stays among the banners when one is closed, even if all are loaded again before the server knows.
    closing: list[Route] = []
    page.route("**/close-banner/*", lambda route: closing.append(route))
    with page.expect_request("**/close-banner/*"):
        of(page, "done-1").get_by_role("button").press("Enter")
    page.locator("#banners > *").evaluate("element => element.setAttribute('data-old', '')")
    page.evaluate("htmx.trigger(document.body, 'shell:changed')")
    expect(page.locator("[data-old]")).to_have_count(0)
    closing[0].continue_()
    expect(of(page, "done-1")).to_have_count(0)
    expect(of(page, "wait-1")).to_be_visible()
    expect(page.locator("#banners :focus")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 320

    plain = new_context(storage_state=state, java_script_enabled=False).new_page()
    plain.goto("/o/globex/users/")
    expect(of(plain, "wait-1")).to_be_hidden()
    plain.locator("#banners summary").click()
    of(plain, "wait-1").get_by_role("button").click()
    expect(plain.locator("#banners .rc-banner").first).to_be_visible()
    expect(of(plain, "wait-1")).to_have_count(0)
