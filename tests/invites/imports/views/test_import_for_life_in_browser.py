"""An import after its end, in Chromium: who responded, whom to ask again, rows that come late, and the search."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from config.harness.driving import heading, summary
from config.harness.running import Stack, wait_for
from tests.axe import examine
from tests.files import csv_of
from tests.invites.imports.views.test_grid_in_browser import bar, press, tab_into
from tests.stories import import_file, link_in, opt_out_link_in, run

DOMAIN = "for-life.example.com"
PEOPLE = (
    f"ana@{DOMAIN},Ana,Accepts,",
    f"dora@{DOMAIN},Dora,Declines,",
    f"pia@{DOMAIN},Pia,Pending,",
    f"lea@@{DOMAIN},Lea,Late,",
    f"lou@{DOMAIN},Lou,,",
)


def responses(page: Page, **counts: int) -> None:
    """The numbers of the card are these."""
    card = page.get_by_role("region", name="Responses")
    for name, count in counts.items():
        expect(card.get_by_role("link", name=f"{name.title()}: {count}", exact=True)).to_be_visible()


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def test_an_import_is_looked_after_long_after_its_end(
    stack: Stack, admin_page: Page, new_context: Any, tmp_path: Path
) -> None:
    page, file = admin_page, tmp_path / "for-life.csv"
    file.write_bytes(csv_of(*PEOPLE))
    batch = import_file(stack, file, "--only-valid")
    address = f"/o/acme/batches/{batch}/"
    first = {name: stack.wait_for_mail(f"{name}@{DOMAIN}") for name in ("ana", "dora", "pia")}

    # One accepts, one declines, one does nothing.
    invitee = new_context().new_page()
    invitee.goto(opt_out_link_in(first["dora"], "decline"))
    invitee.get_by_role("button", name="Decline this invitation").click()
    expect(invitee.get_by_role("heading", name="You declined the invitation to Acme")).to_be_visible()
    invitee.goto(link_in(first["ana"]))
    invitee.get_by_label("Password", exact=True).fill("a few plain words")
    invitee.get_by_role("button", name="Accept and sign in").click()
    expect(invitee.get_by_role("heading", level=1)).to_contain_text("Acme")
    page.goto(address)
    responses(page, accepted=1, pending=1, declined=1)
    expect(page.get_by_role("region", name="Responses")).to_contain_text("33%")
    page.get_by_text("Responses by day").click()
    expect(page.get_by_role("row", name=re.compile(r"^\w+ \d+ 1 1 1$"))).to_be_visible()
    assert list(examine(page)) == []

    # A week later, the email goes to the one who hasn't responded, and to nobody else.
    week = (
        f"Invitation.objects.filter(email='pia@{DOMAIN}').update(mail_finished_at=timezone.now() - timedelta(days=7))"
    )
    run(stack, week)
    page.get_by_role("link", name="Resend to 1 person").click()
    expect(heading(page)).to_have_text("Resend the invitation for Pia Pending?")
    page.locator("#dialog").get_by_role("button", name="Resend the invitation").click()
    again = wait_for(lambda: stack.inbox(f"pia@{DOMAIN}")[1:], what="the second email")[0]
    assert link_in(again) != link_in(first["pia"])
    assert [len(stack.inbox(f"{name}@{DOMAIN}")) for name in ("ana", "dora")] == [1, 1]

    # A row is fixed in the grid, another one on the page of the import. Both people join it.
    page.goto(address)
    page.locator("#batch").get_by_role("link", name="Fix the row").click()
    expect(bar(page)).to_have_text("2 left to fix")
    tab_into(page)
    press(page, "Space")
    expect(bar(page)).to_have_text("1 left to fix · 1 fixed")
    page.get_by_role("button", name="Invite 1 more user").click()
    stack.wait_for_mail(f"lea@{DOMAIN}")
    page.goto(f"{address}?outcome=problem")
    page.get_by_role("link", name="Fix and invite row 6").click()
    expect(heading(page)).to_have_text("Invite users")
    page.get_by_label("Last name").fill("Later")
    page.locator("#dialog").get_by_role("button", name="Send invitation").last.click()
    expect(page.locator("#alerts")).to_contain_text(f"lou@{DOMAIN} was invited.")
    stack.wait_for_mail(f"lou@{DOMAIN}")
    page.goto(address)
    responses(page, accepted=1, pending=3, declined=1)
    found = summary(page)
    assert (found["Invited"], found["Problems"], found["Rows in the file"]) == (5, 0, 5)

    # An import with somebody who declined skips them and says so; an admin may invite them anyway.
    file = tmp_path / "for-life-again.csv"
    file.write_bytes(csv_of(f"dora@{DOMAIN},Dora,Declines,", f"new@{DOMAIN},New,Comer,"))
    second = import_file(stack, file)
    stack.wait_for_mail(f"new@{DOMAIN}")
    assert len(stack.inbox(f"dora@{DOMAIN}")) == 1

    # The search finds people in all imports, by what they are called now.
    page.goto("/o/acme/batches/")
    page.get_by_role("searchbox").press_sequentially(f"dora@{DOMAIN}")
    expect(row(page, "for-life.csv")).to_contain_text("Declined")
    expect(row(page, "for-life-again.csv")).to_contain_text("Skipped")
    page.get_by_role("searchbox").fill("lou later")
    expect(row(page, "for-life.csv")).to_contain_text("Pending")
    page.get_by_role("link", name="Lou Later").click()
    expect(page).to_have_url(re.compile(rf"{address}\?row=6#row-6$"))
    expect(page.locator("#row-6")).to_contain_text("Lou Later")

    page.goto(f"/o/acme/batches/{second}/")
    expect(page.get_by_text("1 person in this file declined an earlier invitation")).to_be_visible()
    page.get_by_role("link", name="Invite anyway", exact=True).click()
    expect(heading(page)).to_have_text("Invite 1 person who declined?")
    page.locator("#dialog").get_by_role("button", name="Invite anyway").click()
    wait_for(lambda: stack.inbox(f"dora@{DOMAIN}")[1:], what="the email in spite of the decline")
