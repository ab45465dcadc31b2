"""Both stories of sending later, in Chromium on the running stack: each email comes from a real SMTP conversation."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from config.harness.driving import (
    IMPORT_SECONDS,
    ROLE,
    choose_roles_and_sites,
    drop,
    heading,
    open_import,
)
from config.harness.running import Stack
from tests.files import csv_of
from tests.stories import import_file, in_two_days, run

# The zone of Acme in the demo.
ZONE = ZoneInfo("Europe/Paris")
LINK = re.compile(r"http://\S+/i/(?!decline|report)\S+")


def choose_time(place: Page | Locator, at: datetime) -> None:
    place.get_by_label("Date").fill(at.strftime("%Y-%m-%d"))
    place.get_by_label("Time", exact=True).fill(at.strftime("%H:%M"))


def tomorrow() -> datetime:
    return (datetime.now(ZONE) + timedelta(days=1)).replace(hour=9, minute=0)


def test_the_preview_has_the_button_of_the_form(admin_page: Page) -> None:
    page = admin_page
    page.goto("/o/acme/users/?q=admin@example.com")
    page.get_by_role("link", name="Invite users").first.click()
    # Its scripts are loaded.
    expect(page.locator("#dialog-title")).to_be_focused()
    dialog = page.locator("#dialog")
    for choice, label in (("Send later", "Schedule invitation"), ("Send now", "Send invitation")):
        dialog.get_by_text(choice).click()
        dialog.get_by_role("button", name="Preview email").click()
        expect(dialog.locator("[data-preview-go]")).to_have_text(label)
        dialog.get_by_role("button", name="Back").click()


def test_an_import_waits_for_its_time_is_changed_and_sent(stack: Stack, admin_page: Page, new_context: Any) -> None:
    page, people = admin_page, ("later.one@sched.example.com", "later.two@sched.example.com")
    open_import(page)
    choose_roles_and_sites(page)
    page.get_by_text("Send later").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text(re.compile(r"Time zone of Acme: Paris \(UTC\+0[12]:00\)"))
    choose_time(dialog, tomorrow())
    drop(page, "later.csv", csv_of(*people))
    page.get_by_role("button", name="Import and schedule").last.click()
    expect(heading(page)).to_have_text("2 users will be invited to Acme", timeout=IMPORT_SECONDS * 1000)
    expect(dialog).to_contain_text("9:00 AM, Paris time. Nobody has been emailed yet.")
    page.locator("#dialog").get_by_role("link", name="View import").click()

    expect(page.locator("main")).to_contain_text("Emails will be sent")
    page.goto("/o/acme/users/?q=later.")
    for email in people:
        expect(page.get_by_role("row").filter(has_text=email)).to_contain_text("Invite scheduled")
    assert stack.inbox(people[0]) == []

    page.goto("/o/acme/batches/")
    page.get_by_role("link", name="later.csv").click()
    page.get_by_role("link", name="Change the time").click()
    expect(heading(page)).to_be_focused()
    choose_time(dialog, tomorrow() + timedelta(hours=2))
    dialog.get_by_role("button", name="Change the time").click()
    expect(page.locator("#alerts")).to_contain_text("The emails will be sent")
    expect(page.locator("main")).to_contain_text("11:00 AM, Paris time")

    # Its time comes.
    run(stack, "Batch.objects.filter(file_name='later.csv').update(send_at=timezone.now())")
    mails = [stack.wait_for_mail(email) for email in people]
    assert [len(stack.inbox(email)) for email in people] == [1, 1]
    page.reload()
    expect(page.locator(".rc-page-title")).to_contain_text("Done", timeout=60_000)
    invitee = new_context().new_page()
    invitee.goto(LINK.search(mails[0].text)[0])  # type: ignore[index]
    expect(invitee.get_by_role("heading", name="Join Acme")).to_be_visible()


def test_a_canceled_import_emails_nobody(stack: Stack, admin_page: Page, tmp_path: Path) -> None:
    page, email, file = admin_page, "never@sched.example.com", "never.csv"
    (tmp_path / file).write_bytes(csv_of(email))
    batch = import_file(stack, tmp_path / file, "--send-at", in_two_days())
    page.goto(f"/o/acme/batches/{batch}/")
    page.get_by_role("link", name="Cancel import").click()
    expect(heading(page)).to_have_text("Cancel this import?")
    page.get_by_role("button", name="Cancel import").click()
    expect(heading(page)).to_have_text("Stopped. Nobody was invited to Acme")
    page.goto("/o/acme/users/?q=never@sched")
    expect(page.locator("#people")).to_contain_text("Nobody matches")
    assert stack.inbox(email) == []


def test_an_import_is_sent_sooner(stack: Stack, admin_page: Page, tmp_path: Path) -> None:
    page, people, file = admin_page, ("sooner.one@sched.example.com", "sooner.two@sched.example.com"), "sooner.csv"
    (tmp_path / file).write_bytes(csv_of(*people))
    batch = import_file(stack, tmp_path / file, "--send-at", in_two_days())
    page.goto(f"/o/acme/batches/{batch}/")
    page.get_by_role("link", name="Send now").click()
    expect(heading(page)).to_have_text("Send the emails now?")
    expect(page.locator("#dialog")).to_contain_text("2 people will get their emails right away")
    assert [stack.inbox(email) for email in people] == [[], []]
    page.locator("#dialog").get_by_role("button", name="Send now").click()
    expect(page.locator(".rc-page-title")).to_contain_text("Done")
    assert [len(stack.inbox(email)) for email in people] == [1, 1]


def test_one_person_is_scheduled_in_another_zone_then_sent_now(
    stack: Stack, new_context: Any, signed_in_state: Any
) -> None:
    context = new_context(storage_state=signed_in_state("admin@example.com"), timezone_id="America/New_York")
    page, email = context.new_page(), "nadia@sched.example.com"
    page.goto("/o/acme/users/?q=admin@example.com")
    page.get_by_role("link", name="Invite users").first.click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Email").fill(email)
    dialog.get_by_label("First name").fill("Nadia")
    dialog.get_by_label("Last name").fill("Haddad")
    choose_roles_and_sites(page)
    dialog.get_by_label("Send later").focus()
    page.keyboard.press("Space")
    choose_time(dialog, tomorrow())
    expect(dialog).to_contain_text(re.compile(r"That’s .*3:00 AM in your time zone, New York\."))
    dialog.get_by_role("button", name="Schedule invitation").last.click()
    expect(page.locator("#alerts")).to_contain_text(f"The invitation to {email} will be sent")

    page.goto("/o/acme/users/?status=scheduled")
    page.get_by_role("link", name="Nadia Haddad").click()
    expect(page.locator("main")).to_contain_text("The invitation will be sent")
    assert stack.inbox(email) == []
    page.get_by_role("link", name="Send now").click()
    expect(heading(page)).to_have_text("Send the invitation now?")
    dialog.get_by_role("button", name="Send now").click()
    expect(page.locator("#alerts")).to_contain_text(f"{email} was invited.")
    mail = stack.wait_for_mail(email, seconds=150)
    assert ROLE in mail.text


def test_everything_works_without_javascript(stack: Stack, new_context: Any, signed_in_state: Any) -> None:
    context = new_context(storage_state=signed_in_state("admin@example.com"), java_script_enabled=False)
    page, email = context.new_page(), "nojs@sched.example.com"
    page.goto("/o/acme/invite/")
    expect(page.get_by_label("Date")).to_be_hidden()
    page.get_by_label("Email").fill(email)
    page.get_by_label("First name").fill("No")
    page.get_by_label("Last name").fill("Script")
    page.get_by_label(ROLE).check()
    page.locator("#id_sites").select_option("all")
    page.get_by_label("Send later").check(force=True)
    choose_time(page, tomorrow())
    page.get_by_role("button", name="Schedule invitation").last.click()
    expect(page.locator("#alerts")).to_contain_text(f"The invitation to {email} will be sent")
    page.goto("/o/acme/users/?status=scheduled&q=nojs")
    page.get_by_role("link", name="No Script").click()
    page.get_by_role("link", name="Cancel invitation").click()
    page.get_by_role("button", name="Cancel invitation").click()
    expect(page.locator("#alerts")).to_contain_text("was revoked")
    assert stack.inbox(email) == []
