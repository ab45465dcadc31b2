"""axe finds nothing on any page, in light and dark, on wide and narrow screens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from config.harness.driving import ROLE, SITE, csv_of, heading, mixed_people
from config.harness.running import Stack

LINK = re.compile(r"http://\S+/i/\S+")


@pytest.fixture(scope="module")
def batches(stack: Stack, tmp_path_factory: Any) -> dict[str, int]:
    """Ids of a batch that is done, one that needs fixing, one that was refused and one that is sent later."""
    directory: Path = tmp_path_factory.mktemp("files")
    rows = mixed_people(4, "axe")
    contents = {
        "done": csv_of([*rows, rows[0]]),
        "problems": csv_of([*rows, ("axe@x", "No", "Ending", ""), ("two@@axe.example.com", "", "Signs", "")]),
        "refused": b"Email,First name,Surname\r\na,A,B\r\n",
        "scheduled": csv_of(mixed_people(3, "axe-later")),
    }
    tomorrow = f"{datetime.now() + timedelta(days=1):%Y-%m-%d} 09:00"
    ids = {}
    for name, content in contents.items():
        path = directory / f"{name}.csv"
        path.write_bytes(content)
        arguments = ("--organization", "acme", "--role", ROLE, "--site", SITE, "--as", "admin@example.com", "--wait")
        later = ("--send-at", tomorrow) if name == "scheduled" else ()
        answer = stack.manage("invite_csv", str(path), *arguments, *later, "--json")
        assert answer.stdout, answer.stderr
        ids[name] = int(json.loads(answer.stdout)["batch"])
    return ids


# Both schemes and both widths; axe takes its time.
@pytest.fixture(params=[("light", 1280), ("dark", 390)], ids=["light and wide", "dark and narrow"])
def page_of(request: Any, new_context: Any, signed_in_state: Any) -> Callable[[str | None], Page]:
    """Opens a page of a person, or of nobody, as it looks on one kind of device."""
    scheme, width = request.param

    def page_of(email: str | None) -> Page:
        page: Page = new_context(storage_state=signed_in_state(email) if email else None).new_page()
        # Without animations, because axe would measure colors in the middle of a fade.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        return page

    return page_of


def examine(page: Page) -> Iterator[str]:
    """What axe has to say against the page as it stands, and whether it can be scrolled sideways."""
    for found in Axe().run(page).response["violations"]:
        nodes = "; ".join(
            f"{node['target']} {node['any'][:1] and node['any'][0]['message']}" for node in found["nodes"]
        )
        yield f"{page.url} {found['id']}: {nodes}"
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        yield f"{page.url} scrolls sideways"


def test_pages_of_an_admin(batches: dict[str, int], page_of: Callable[[str | None], Page]) -> None:
    page = page_of("admin@example.com")
    paths = [
        "users/",
        "users/?status=expired",
        "users/?q=nobody-is-called-so",
        "users/?status=declined",
        "users/?expires=soon",
        "users/expiring/",
        "users/requests/",
        "users/export/",
        "invite/",
        "import/",
        "batches/",
        f"batches/{batches['done']}/",
        f"batches/{batches['done']}/?outcome=problem",
        f"batches/{batches['done']}/resend/",
        f"batches/{batches['done']}/undo/",
        f"batches/{batches['problems']}/",
        f"batches/{batches['problems']}/problems/",
        f"import/?correct={batches['problems']}",
        f"batches/{batches['refused']}/",
        f"batches/{batches['scheduled']}/",
        f"batches/{batches['scheduled']}/schedule/",
        f"batches/{batches['scheduled']}/send-now/",
        f"batches/{batches['scheduled']}/stop/",
        "users/?status=scheduled",
        "roles/",
        "roles/new/",
        "sites/",
        "sites/new/",
        "activity/",
        "activity/1/",
        "activity/?q=nobody-is-called-so",
        "activity/?period=custom&from=2026-03-01&to=2026-03-02",
        "settings/",
        "settings/email/",
        "",
        "no-such-page/",
    ]
    found: list[str] = []
    for path in [*(f"/o/acme/{path}" for path in paths), "/account/", "/accounts/password/change/"]:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == (404 if "no-such" in path else 200), path
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        found += examine(page)
    assert found == []


def test_dialogs_of_an_admin(batches: dict[str, int], page_of: Callable[[str | None], Page]) -> None:
    page = page_of("admin@example.com")
    page.goto("/o/acme/users/")
    found = [*examine(page)]
    page.get_by_role("link", name="Invite users").click()
    expect(heading(page)).to_have_text("Invite users")
    found += examine(page)
    page.get_by_text("Send later").click()
    page.get_by_label("Date").fill("")
    page.get_by_role("button", name="Schedule invitation").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    found += examine(page)
    page.get_by_role("button", name="Preview email").click()
    expect(page.locator("[data-frames] > iframe:not(.rc-loading)")).to_have_count(1)
    found += examine(page)
    page.get_by_role("button", name="Back").click()
    page.get_by_role("link", name="Import CSV file").click()
    expect(heading(page)).to_have_text("Import users")
    page.get_by_role("combobox", name="Sites").click()
    expect(page.locator(".ts-dropdown")).to_be_visible()
    found += examine(page)
    page.locator(".ts-dropdown").get_by_role("option", name=SITE).click()
    page.keyboard.press("Escape")
    page.get_by_role("checkbox", name=re.compile(rf"^{ROLE}\b")).check()
    page.get_by_label("CSV file", exact=True).set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"Email,Surname\r\na,b"}
    )
    expect(page.locator("[data-drop-name]")).to_have_text("a.csv")
    found += examine(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(heading(page)).to_have_text("a.csv was not imported")
    found += examine(page)
    assert found == []


def test_pages_of_somebody_who_is_invited(
    stack: Stack, batches: dict[str, int], page_of: Callable[[str | None], Page]
) -> None:
    page = page_of(None)
    found: list[str] = []
    for path in ("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/i/not-a-token/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        found += examine(page)
    page.get_by_role("button", name="Ask for a new invitation").click()
    expect(page.get_by_text("If this link belongs to an invitation")).to_be_visible()
    found += examine(page)
    mail = stack.wait_for_mail("axe.0@mixed.example.com").text
    for link in re.findall(r"http://\S+/i/(?:decline|report)/\S+", mail):
        page.goto(link)
        expect(page.locator("main button")).to_be_visible()
        found += examine(page)
    page.goto(LINK.search(mail)[0])  # type: ignore[index]
    expect(page.get_by_role("heading", name="Join Acme")).to_be_visible()
    found += examine(page)
    page.get_by_role("button", name="Accept and sign in").click()
    expect(page.get_by_text("Choose a password.").first).to_be_visible()
    found += examine(page)
    assert found == []
