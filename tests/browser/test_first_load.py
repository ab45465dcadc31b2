"""How many files the first visit to a page loads, and how large they are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from config.harness.running import Stack

SIGN_IN = "/accounts/login/"
USERS = "/o/acme/users/"
MOST_REQUESTS = 11
MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def deployed() -> Iterator[Stack]:
    """The product with the static files of a deployment: compressed, with hashed names."""
    with tempfile.TemporaryDirectory(prefix="rollcall-deployed-") as directory:
        running = Stack(Path(directory) / "var", DEBUG="0")
        running.start()
        try:
            yield running
        finally:
            running.stop()


def sign_in(page: Page, stack: Stack) -> None:
    page.goto(stack.url + SIGN_IN)
    page.locator("input[name=login]").fill("admin@example.com")
    page.locator("input[name=password]").fill(stack.password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(f"**{USERS}")


@pytest.fixture
def first_load(browser: Any) -> Iterator[Callable[[Stack, str], list[Request]]]:
    """`first_load(stack, path)`: what a browser with an empty cache requests besides the page, which works."""
    contexts = []

    def new_page(**options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page: Page = contexts[-1].new_page()
        return page

    def first_load(stack: Stack, path: str) -> list[Request]:
        state = None
        if path != SIGN_IN:
            signed_in = new_page()
            sign_in(signed_in, stack)
            state = signed_in.context.storage_state()
        page = new_page(storage_state=state)
        complaints: list[str] = []
        requests: list[Request] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfinished", lambda request: requests.append(request))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.goto(stack.url + path, wait_until="networkidle")
        assert not complaints
        return [request for request in requests if request.resource_type != "document"]

    yield first_load
    for context in contexts:
        context.close()


@pytest.mark.parametrize("path", [SIGN_IN, USERS])
def test_few_and_small_files_are_loaded_from_a_deployment(
    deployed: Stack, first_load: Callable[[Stack, str], list[Request]], path: str
) -> None:
    requests = first_load(deployed, path)

    assert 3 <= len(requests) <= MOST_REQUESTS, [request.url for request in requests]
    assert sum(request.sizes()["responseBodySize"] for request in requests) < MOST_BYTES
    for request in requests:
        response = request.response()
        assert response
        assert "max-age=315360000" in response.headers["cache-control"], request.url
        assert response.headers.get("content-encoding") == "gzip" or request.sizes()["responseBodySize"] < 500


@pytest.mark.parametrize("path", [SIGN_IN, USERS])
def test_few_files_are_loaded_in_development(
    stack: Stack, first_load: Callable[[Stack, str], list[Request]], path: str
) -> None:
    requests = first_load(stack, path)

    assert 3 <= len(requests) <= MOST_REQUESTS, [request.url for request in requests]


def test_modules_of_a_deployment_are_found_by_their_hashed_names(deployed: Stack, browser: Any) -> None:
    context = browser.new_context(base_url=deployed.url)
    page = context.new_page()
    sign_in(page, deployed)
    loaded: list[str] = []
    page.on("requestfinished", lambda request: loaded.append(request.url.rpartition("/")[2].partition(".")[0]))
    page.get_by_role("link", name="Invite users").click()
    page.get_by_role("link", name="Import CSV file").click()
    expect(page.get_by_role("heading", name="Import users")).to_be_focused()
    expect(page.get_by_role("combobox", name="Sites")).to_be_visible()
    assert {"sites", "dropzone", "django-tomselect"} <= set(loaded)
    context.close()
