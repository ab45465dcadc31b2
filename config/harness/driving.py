"""The steps of an admin in the browser, for tests."""

from __future__ import annotations

import base64
import random
import re
from typing import Any

from playwright.sync_api import Page, expect

SITE = "Lyon depot"
ROLE = "Field worker"
# A busy machine can be slow. The promises about time have tests of their own.
IMPORT_SECONDS = 180

DROP = """([target, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, {type: "text/csv"}));
  const element = document.querySelector(target);
  for (const type of ["dragenter", "dragover", "drop"]) {
    element.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: carried}));
  }
}"""


def open_import(page: Page) -> None:
    """From *Users* through the dialog *Invite users* to *Import CSV file*. A short list opens in half the time."""
    page.goto("/o/acme/users/?q=admin@example.com")
    page.get_by_role("link", name="Invite users").click()
    expect(heading(page)).to_have_text("Invite users")
    page.get_by_role("link", name="Import CSV file").click()
    expect(heading(page)).to_have_text("Import users")
    # Then the scripts of the dialog are loaded.
    expect(heading(page)).to_be_focused()


def heading(page: Page) -> Any:
    """The heading of the open dialog."""
    return page.locator("#dialog #dialog-title")


def choose_roles_and_sites(page: Page) -> None:
    page.get_by_role("checkbox", name=re.compile(rf"^{ROLE}\b")).check()
    page.get_by_role("combobox", name="Sites").click()
    page.locator(".ts-dropdown").get_by_role("option", name=re.compile(rf"^{SITE}\b")).click()
    page.keyboard.press("Escape")


def drop(page: Page, name: str, content: bytes) -> None:
    """Drop a file on the dialog, beside the drop zone."""
    page.evaluate(DROP, ["#dialog .rc-dialog-head", name, base64.b64encode(content).decode()])
    expect(page.locator("[data-drop-name]")).to_have_text(name)


def press_import(page: Page) -> None:
    page.get_by_role("button", name="Import", exact=True).click()


def import_by_dropping(page: Page, name: str, content: bytes) -> None:
    open_import(page)
    choose_roles_and_sites(page)
    drop(page, name, content)
    press_import(page)


# Now and whenever the banners change.
UNFOLD = """() => {
  const unfold = () => document.querySelectorAll("#banners details").forEach((folded) => { folded.open = true; });
  new MutationObserver(unfold).observe(document.body, { childList: true, subtree: true });
  unfold();
}"""


def banner(page: Page, title: str) -> Any:
    """The banner with that bold sentence. If there are others, somebody has unfolded it."""
    page.evaluate(UNFOLD)
    return page.locator("#banners .rc-banner").filter(has=page.locator(".rc-banner-title", has_text=title))


def summary(page: Page) -> dict[str, int]:
    """The summary of the import page, by the labels of its lines."""
    lines = page.locator(".rc-summary tr")
    names, counts = lines.locator("th").all_inner_texts(), lines.locator("td").all_inner_texts()
    return {name.strip(): int(count.replace(",", "")) for name, count in zip(names, counts, strict=True)}


def csv_of(rows: list[tuple[str, str, str, str]], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    lines = [("Email", "First name", "Last name", "Description(optional)"), *rows]
    return "".join(delimiter.join(f'"{cell}"' for cell in line) + "\r\n" for line in lines).encode(encoding)


FIRST_NAMES = (
    "Amélie Bruno Chiara Đorđe Elif Fatou Gülşen Hana Íris João 春子 Мария أحمد Ἑλένη अनिल O’Brien Null".split()
)
LAST_NAMES = (
    "Laurent Ó-Súilleabháin Rossi Haddad Yılmaz N'Diaye van-der-Berg 小林 Иванова الفاسي Παπάς शर्मा - X".split()
)


def mixed_people(count: int, prefix: str) -> list[tuple[str, str, str, str]]:
    """People of many scripts with addresses of their own, always the same ones."""
    chosen = random.Random(count)
    return [
        (
            f"{prefix}.{number}@mixed.example.com",
            chosen.choice(FIRST_NAMES),
            chosen.choice(LAST_NAMES),
            chosen.choice(["", "Night shift", "Crew “North”, 2nd floor"]),
        )
        for number in range(count)
    ]
