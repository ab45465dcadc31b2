"""Take a picture of every page, light and dark, wide and narrow: `python -m tests.look.pictures [DIRECTORY]`.

Runs the product with the demo and some imports. Opens each URL of tests/test_every_address.py as an admin, with all
objects of its kind; what answers with a page is photographed. Names the pages that scroll sideways, and fails then.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from config.harness.driving import ROLE, SITE, csv_of, mixed_people
from config.harness.running import CHROMIUM_FLAGS, ROOT, Stack, find_chromium

DIRECTORY = ROOT / "var" / "pictures"
WIDTHS = {1280: 900, 390: 844}

# What the demo lacks, and the ids of everything.
_PREPARE = """
import json
from accounts.models import *
from invites.models import *
acme = Organization.objects.get(slug="acme")
admin = User.objects.get(email="admin@example.com")
BulkAction.objects.create(organization=acme, started_by=admin, kind="resend", total=2, expected=2, done=2, state="done")
RememberedReading.objects.create(organization=acme, signature="s", reading={}, file_name="team.csv")
print(json.dumps({
    "": [None],
    "role": list(acme.roles.values_list("pk", flat=True)[:3]),
    "site": list(acme.sites.values_list("pk", flat=True)[:1]),
    "membership": list(acme.memberships.exclude(user=admin).values_list("pk", flat=True)[:2]),
    "invitation": list(acme.invitations.filter(state="pending").order_by("expires_at").values_list("pk", flat=True)[:2]),
    "batch": list(acme.batches.order_by("pk").values_list("pk", flat=True)),
    "bulk_action": list(BulkAction.objects.values_list("pk", flat=True)),
    "reading": list(RememberedReading.objects.values_list("pk", flat=True)),
    "entry": list(ActivityEntry.objects.filter(organization_id=acme.pk).values_list("pk", flat=True)[:1]),
}))
"""


def addresses(things: Mapping[str, list[int | None]]) -> Iterator[tuple[str, str]]:
    """The name of each picture and its path: every URL of an organization, and those outside, for these ids by kind."""
    from django.urls import reverse

    from tests.test_every_address import ARGUMENTS, OTHERS, OURS, SIGN_IN_PAGES

    for name, (_answers, kind) in OURS.items():
        for number, pk in enumerate(things[kind], start=1):
            path = reverse(name, args=["acme"] if pk is None else ["acme", pk])
            yield f"{name.replace(':', '-')}{f'-{number}' if pk is not None else ''}", path
    for name in [*OTHERS, *SIGN_IN_PAGES]:
        yield name.replace(":", "-"), reverse(name, args=ARGUMENTS.get(name))


def main(directory: Path) -> int:
    """The number of pages that scroll sideways."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rollcall-pictures-") as made, sync_playwright() as playwright:
        stack = Stack(Path(made) / "var")
        stack.start()
        try:
            _import_files(stack, Path(made))
            prepared = stack.manage("shell", "--no-imports", "-c", _PREPARE)
            assert prepared.returncode == 0, prepared.stderr
            things = json.loads(prepared.stdout.strip().splitlines()[-1])
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
            page = browser.new_page(base_url=stack.url)
            _sign_in(page, stack.password)
            # Signing out comes last.
            found = sorted(addresses(things), key=lambda each: "logout" in each[0])
            return sum([_photograph(page, name, path, directory) for name, path in found])
        finally:
            stack.stop()


def _import_files(stack: Stack, directory: Path) -> None:
    """One import that is done, one with problems, one that was rejected, and one that waits for an answer."""
    rows = mixed_people(4, "pictures")
    for name, content in {
        "team": csv_of([*rows, rows[0]]),
        "problems": csv_of([*rows, ("ann@x", "Ann", "Ending", ""), ("two@@example.com", "", "Signs", "")]),
        "rejected": b"First name,Surname\r\nAnn,Lee\r\n",
        "unclear": b"Email,First name,Surname\r\nann@example.com,Ann,Lee\r\n",
    }.items():
        path = directory / f"{name}.csv"
        path.write_bytes(content)
        arguments = ("--organization", "acme", "--role", ROLE, "--site", SITE, "--as", "admin@example.com", "--wait")
        stack.manage("invite_csv", str(path), *arguments)


def _sign_in(page: Page, password: str) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill("admin@example.com")
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/users/")


def _photograph(page: Page, name: str, path: str, directory: Path) -> bool:
    """Whether the page scrolls sideways. Downloads, streams and whatever doesn't exist are no pages."""
    answer = page.request.head(path)
    if not answer.ok or not answer.headers.get("content-type", "").startswith("text/html"):
        return False
    is_wide = False
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(path)
            page.screenshot(path=directory / f"{name}-{scheme}-{width}.png", full_page=True, animations="disabled")
            is_wide |= page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    sys.stdout.write(f"{name} {path}{'  scrolls sideways' if is_wide else ''}\n")
    return is_wide


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY))
