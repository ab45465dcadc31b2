"""What axe, which knows the rules of accessibility, has to say against a page in a browser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Only what is wrong leaves the browser. To send all that is right takes a fifth of the time.
RUN = "(options) => axe.run({...options, resultTypes: ['violations']}).then((results) => results.violations)"
# What depends on the color scheme.
COLORS = ("color-contrast", "link-in-text-block")
FIND_SCROLLING = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Look(NamedTuple):
    """A color scheme, and the width of the window."""

    scheme: Literal["light", "dark"]
    width: int


# A wide page at 400% zoom is as narrow as 320 pixels.
WIDE = Look("light", 1280)
NARROW = Look("dark", 320)
EVERY_LOOK = WIDE, Look("dark", 1280), NARROW, Look("light", 320)


def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """One line for each element of the page as it stands: against all rules, or these."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [
        f"{page.url} {each['id']}: {node['target']} {node['html'][:160]} {node['failureSummary']}"
        for each in page.evaluate(RUN, {"runOnly": rules} if rules else {})
        for node in each["nodes"]
    ]


def examine(page: Page) -> Iterator[str]:
    """What axe has to say against the page as it stands, and whether it can be scrolled sideways."""
    yield from violations(page)
    if page.evaluate(FIND_SCROLLING):
        yield f"{page.url} scrolls sideways"


def examine_in(page: Page, *looks: Look) -> Iterator[str]:
    """The same in each of these looks, one after the other, so that the page is opened once. It ends in the first one.

    Of the second look with the same width, only the colors are examined.
    """
    widths = set[int]()
    for look in looks:
        wear(page, look)
        complaints = violations(page, COLORS) if look.width in widths else examine(page)
        yield from (f"{look.scheme} {look.width}: {found}" for found in complaints)
        widths.add(look.width)
    wear(page, looks[0])


def wear(page: Page, look: Look) -> None:
    # Without animations, because axe would measure colors in the middle of a fade.
    page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": look.width, "height": 900})
