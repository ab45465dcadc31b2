"""Take a picture of every page, light and dark, wide and narrow: `python -m tests.look.pictures [DIRECTORY [NAME…]]`.

Runs the product with the demo and what it lacks: see scenes.py and things.py. With names, such as `accept` or
`users-*`, only these pages are photographed. Names the pages that scroll sideways, and fails then.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, Page, sync_playwright

from config.harness.driving import ROLE, SITE, csv_of, mixed_people
from config.harness.running import CHROMIUM_FLAGS, ROOT, Stack, find_chromium

if TYPE_CHECKING:
    from tests.look.scenes import Scene

DIRECTORY = ROOT / "var" / "pictures"
WIDTHS = {1280: 900, 390: 844}


def main(directory: Path, names: Sequence[str] = ("*",)) -> int:
    """The number of pages that scroll sideways."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from tests.look.scenes import (
        every_address,
        other_scenes,
        scenes_of_emails,
        scenes_of_invitees,
        scenes_of_recruiters,
    )

    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rollcall-pictures-") as made, sync_playwright() as playwright:
        stack = Stack(Path(made) / "var")
        stack.start()
        try:
            things = _make_things(stack, Path(made))
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
            viewers = Viewers(browser, stack)
            emails = json.loads(_run(stack, "emails"))
            scenes = [*every_address(things), *other_scenes(things), *scenes_of_emails(emails)]
            scenes += [*scenes_of_recruiters(), *scenes_of_invitees(stack)]
            wanted = [scene for scene in scenes if any(fnmatch(scene.name, name) for name in names)]
            return _photograph_all(viewers, wanted, directory)
        finally:
            stack.stop()


def _make_things(stack: Stack, directory: Path) -> dict[str, list[int | None]]:
    """Imports in every state, and everything else that the demo lacks. Returns the ids of everything by kind."""
    rows = mixed_people(4, "pictures")
    responses = mixed_people(18, "responses")
    for name, content in {
        "team": csv_of([*rows, rows[0]]),
        "problems": csv_of([*rows, ("ann@x", "Ann", "Ending", ""), ("two@@example.com", "", "Signs", "")]),
        "rejected": b"First name,Surname\r\nAnn,Lee\r\n",
        "unclear": b"Email,First name,Surname\r\nann@example.com,Ann,Lee\r\n",
        "later": csv_of(mixed_people(3, "later")),
        "old": csv_of(mixed_people(3, "old")),
        "responses": csv_of(responses),
        "late": csv_of(
            [("late@example.com", "A", "Lee", ""), ("b@@example.com", "Bo", "Lee", ""), ("c", "Cy", "Ray", "At night")]
        ),
        "stopped": csv_of([*mixed_people(7, "stopped"), ("@example.com", "Nobody", "", "")]),
    }.items():
        _import(stack, directory / f"{name}.csv", content)
    _run(stack, "respond")
    # Some declined, and one is deactivated.
    again = [*responses, ("joao.figueiredo@example.com", "João", "Figueiredo", "")]
    _import(stack, directory / "again-with-a-name-so-long-that-no-table-has-room-for-all-of-it.csv", csv_of(again))
    _run(stack, "make", module="recruiters")
    found: dict[str, list[int | None]] = json.loads(_run(stack, "make").splitlines()[-1])
    return found


def _import(stack: Stack, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    tomorrow = f"{datetime.now() + timedelta(days=1):%Y-%m-%d} 09:00"
    later = ("--send-at", tomorrow) if path.stem == "later" else ()
    options = ("--only-valid",) if path.stem in ("late", "stopped") else later
    arguments = ("--organization", "acme", "--role", ROLE, "--site", SITE, "--as", "admin@example.com", "--wait")
    stack.manage("invite_csv", str(path), *arguments, *options)


def _run(stack: Stack, function: str, *, module: str = "things") -> str:
    """Run a function of things.py or another module beside it, and return what it printed."""
    code = f"from tests.look import {module}; {module}.{function}()"
    done = stack.manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Viewers:
    """A page of each person who looks, signed in when it is needed. Nobody has one, too."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self._browser, self._stack = browser, stack
        self._pages: dict[str, Page] = {}

    def page_of(self, email: str) -> Page:
        if email not in self._pages:
            page = self._pages[email] = self._browser.new_page(base_url=self._stack.url)
            if email:
                self._sign_in(page, email)
        return self._pages[email]

    def _sign_in(self, page: Page, email: str) -> None:
        page.goto("/accounts/login/")
        page.locator("input[name=login]").fill(email)
        page.locator("input[name=password]").fill(self._stack.password)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/accounts/login" not in url)


def _photograph_all(viewers: Viewers, scenes: Sequence[Scene], directory: Path) -> int:
    """The number of pages that scroll sideways."""
    done, wide = set[str](), 0
    for scene in scenes:
        page = viewers.page_of(scene.viewer)
        if scene.url_name and (scene.url_name in done or not _is_page(page, scene.path)):
            continue
        done.add(scene.url_name)
        wide += _photograph(page, scene, directory)
    return wide


def _photograph(page: Page, scene: Scene, directory: Path) -> bool:
    """Whether the page scrolls sideways."""
    is_wide = False
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(scene.path)
            for step in scene.steps:
                step(page)
            path = directory / f"{scene.name}-{scheme}-{width}.png"
            # A dialog is in the middle of the window.
            whole = not page.locator("dialog[open]").count()
            page.screenshot(path=path, full_page=whole, animations="disabled")
            is_wide |= page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    sys.stdout.write(f"{scene.name} {scene.path}{'  scrolls sideways' if is_wide else ''}\n")
    return is_wide


def _is_page(page: Page, path: str) -> bool:
    """Not a download or a stream, and there. Where a path leads elsewhere, that page has a picture of its own."""
    answer = page.request.head(path)
    is_html = answer.headers.get("content-type", "").startswith("text/html")
    return answer.ok and is_html and answer.url.endswith(path)


if __name__ == "__main__":
    chosen = sys.argv[1:]
    sys.exit(main(Path(chosen[0]) if chosen else DIRECTORY, chosen[1:] or ("*",)))
