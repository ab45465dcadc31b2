"""The time from dropping a file of 1,000 rows until the result of the check is shown: `python -m benchmarks.drop`.

Runs the product as `manage.py up` starts it, in a real Chromium. The page measures the time: the file is dropped,
*Import* is pressed immediately, and the clock stops at the first frame that shows what the check found.
"""

from __future__ import annotations

import base64
import csv
import io
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.files import HEADER, people
from benchmarks.rounds import keep, say, verdict
from config.harness.driving import choose_roles_and_sites, open_import
from config.harness.running import CHROMIUM_FLAGS, Stack, find_chromium

ROWS = 1_000
TURNS = 11
MOST_MS = 300
CLEAN, BAD = "clean", "with problems"

# What the second step says once the file is checked. It is visible after the next frame.
_DROP = """async ([content, name]) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, {type: "text/csv"}));
  const dialog = document.querySelector("#dialog-content");
  const until = (found) => new Promise((resolve) => {
    const look = () => found() && (watcher.disconnect(), resolve());
    const watcher = new MutationObserver(look);
    watcher.observe(dialog, {subtree: true, childList: true, attributes: true, characterData: true});
    look();
  });
  const picture = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const began = performance.now();
  const zone = dialog.querySelector("[data-dropzone]");
  for (const type of ["dragenter", "dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: carried}));
  }
  await until(() => zone.dataset.state === "chosen");
  dialog.querySelector("button[type=submit]").click();
  await until(() => [...dialog.querySelectorAll(".rc-step-name")].some((step) => step.textContent === "Checked"));
  await picture();
  const ended = performance.now();
  const [post] = performance.getEntriesByType("resource").filter((entry) => entry.initiatorType === "xmlhttprequest"
    && entry.startTime >= began && entry.name.includes("/import"));
  return {all: ended - began, before: post.startTime - began, server: post.responseStart - post.requestStart,
          after: ended - post.responseEnd};
}"""


def main() -> None:
    chromium = find_chromium()
    if chromium is None:
        say("Drop: skipped, because Chromium isn't installed")
        return
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as directory:
        limits = {"INVITATIONS_PER_DAY": "1000000", "INVITATIONS_PER_INVITER_PER_DAY": "1000000"}
        stack = Stack(Path(directory) / "var", WORKER_NICE="", **limits)
        stack.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
                page = browser.new_page(base_url=stack.url)
                sign_in(page, stack.password)
                found = {name: [drop(page, name, content) for _ in range(TURNS)] for name, content in files().items()}
                browser.close()
        finally:
            stack.stop()
    tell(found)


def files() -> dict[str, str]:
    """The files by name, in base64 for a script."""
    made = {}
    for name, bad in ((BAD, 0.02), (CLEAN, 0)):
        text = io.StringIO(newline="")
        csv.writer(text).writerows([HEADER, *people(ROWS, bad=bad)])
        made[name] = base64.b64encode(text.getvalue().encode()).decode()
    return made


def sign_in(page: Page, password: str) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill("admin@example.com")
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/users/")


def drop(page: Page, name: str, content: str) -> dict[str, float]:
    """Milliseconds from the drop until the result is shown, and for each part."""
    open_import(page)
    choose_roles_and_sites(page)
    spent: dict[str, float] = page.evaluate(_DROP, [content, f"{name}.csv"])
    # Wait, so that emails of this import don't slow down the next one.
    page.goto("/o/acme/batches/")
    expect(page.locator(".rc-indicator")).to_have_count(0, timeout=120_000)
    return spent


def tell(found: dict[str, list[dict[str, float]]]) -> None:
    say(f"Drop: {ROWS:,} rows, until the result is shown, {TURNS} rounds")
    results: dict[str, Any] = {"rows": ROWS, "turns": TURNS}
    for name, spent in found.items():
        parts = {part: round(median(each[part] for each in spent)) for part in spent[0]}
        results[name] = parts
        say(
            f"  {name:28}{parts['all']:6} ms: {parts['before']} before the file leaves, {parts['server']} until the "
            f"answer, {parts['after']} until it is seen; at most {MOST_MS}: {verdict(parts['all'] <= MOST_MS)}"
        )
    keep("drop", results)


if __name__ == "__main__":
    main()
