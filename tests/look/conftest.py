"""A page of the running product that remembers console errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config.harness.running import Stack

# Chromium and htmx log what failed; the tests check what the page says about it. htmx logs a failed stream as an object.
EXPECTED = ("Failed to load resource", "htmx:", "[object Event]")


@pytest.fixture
def open_as(new_context: Any, signed_in_state: Callable[[str], Any], stack: Stack) -> Iterator[Callable[..., Any]]:
    """`open_as("admin@example.com", width=390, dark=True)`: a page whose console must stay empty."""
    complaints: list[str] = []

    def note(message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            complaints.append(message.text)

    def open_as(email: str = "admin@example.com", *, width: int = 1280, dark: bool = False) -> Any:
        context = new_context(
            storage_state=signed_in_state(email),
            color_scheme="dark" if dark else "light",
        )
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 844})
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_as
    assert not complaints
