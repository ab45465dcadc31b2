"""What axe, which knows the rules of accessibility, has to say against a page in a browser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize

# What is around each page, and the same on all pages of a person.
FRAME = (".rc-topbar", "#sidebar", "#banners")
# axe reads the few colors of a page again for each element, and copies the HTML of each: a quarter of its time.
PREPARE = f"""{AXE_SCRIPT}
axe.configure({{ noHtml: true }});
{{
  const {{ Color }} = axe.commons.color, parse = Color.prototype.parseString, known = {{}};
  Color.prototype.parseString = function (text) {{
    const {{ r, g, b, alpha }} = (known[text] ??= parse.call(new Color(0, 0, 0), text));
    return Object.assign(this, {{ r, g, b, alpha }});
  }};
}}
null"""
# Only what is wrong leaves the browser. To send all that is right takes a fifth of the time.
RUN = """async ([exclude, rules]) => {
  const options = { resultTypes: ["violations"], elementRef: true, ...(rules.length && { runOnly: rules }) };
  const { violations } = await axe.run({ exclude }, options);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ element, target, failureSummary }) =>
    `${id}: ${target} ${element?.outerHTML.slice(0, 160)} ${failureSummary}`));
}"""
# What depends on the color scheme.
COLORS = ("color-contrast", "link-in-text-block")
FIND_SCROLLING = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Look(NamedTuple):
    """A color scheme, and the width of the window."""

    scheme: Literal["light", "dark"]
    width: int

    @property
    def size(self) -> ViewportSize:
        return {"width": self.width, "height": 900}


# A wide page at 400% zoom is as narrow as 320 pixels.
WIDE = Look("light", 1280)
NARROW = Look("dark", 320)
EVERY_LOOK = WIDE, Look("dark", 1280), NARROW, Look("light", 320)


def violations(page: Page, rules: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[str]:
    """One line for each element of the page as it stands: against all rules, or these."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(PREPARE)
    return [f"{page.url} {found}" for found in page.evaluate(RUN, [exclude, rules])]


def examine(page: Page, exclude: Sequence[str] = ()) -> Iterator[str]:
    """What axe has to say against the page as it stands, and whether it can be scrolled sideways."""
    yield from violations(page, exclude=exclude)
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


def examine_and_leave(page: Page, exclude: Sequence[str] = ()) -> Iterator[str]:
    """The same in both schemes and widths, for a page that isn't used afterwards: the next one opens in the last look."""
    for look in (NARROW, WIDE) if page.viewport_size == NARROW.size else (WIDE, NARROW):
        wear(page, look)
        yield from (f"{look.scheme} {look.width}: {found}" for found in examine(page, exclude))


def wear(page: Page, look: Look) -> None:
    # Without animations, because axe would measure colors in the middle of a fade.
    page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
    page.set_viewport_size(look.size)
