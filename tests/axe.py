"""What axe, which knows the rules of accessibility, has to say against a page in a browser."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Only what is wrong leaves the browser. To send all that is right takes a fifth of the time.
RUN = "axe.run({resultTypes: ['violations']}).then((results) => results.violations)"


def violations(page: Page) -> list[str]:
    """One line for each element of the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [
        f"{page.url} {each['id']}: {node['target']} {node['html'][:160]} {node['failureSummary']}"
        for each in page.evaluate(RUN)
        for node in each["nodes"]
    ]
