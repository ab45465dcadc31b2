"""Automatic reminders on the running product: an admin switches them on, and a person gets one and accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from config.harness.running import Stack, wait_for
from tests.daylight import zone_by_day
from tests.invites.mailing.test_in_browser import SETTINGS, email_in
from tests.stories import run

# Days pass.
DUE = """
acme = Organization.objects.get(slug="acme")
acme.time_zone = "{zone}"
acme.save()
sent = Invitation.objects.filter(organization=acme, email="{email}", mail_state="sent")
assert sent.update(mail_finished_at=timezone.now() - timedelta(days=3))
ReminderCursor.objects.update(next_at=timezone.now())
"""


@pytest.fixture
def by_day(stack: Stack) -> Iterator[str]:
    """The name of a time zone for Acme where it is by day. Afterwards, it has its own."""
    yield zone_by_day()
    run(stack, "Organization.objects.filter(slug='acme').update(time_zone='Europe/Paris')")


def test_an_admin_switches_reminders_on_and_a_person_gets_one(admin_page: Page, stack: Stack, by_day: str) -> None:
    page, email = admin_page, "rita@people.example.com"
    page.goto(f"{stack.url}/o/acme/invite/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("First name").fill("Rita")
    page.get_by_label("Last name").fill("Reminded")
    page.get_by_role("checkbox", name="ReadOnly").first.check()
    page.get_by_role("combobox", name="Sites").click()
    page.locator(".ts-dropdown").get_by_role("option").first.click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Send invitation").click()
    page.wait_for_url("**/users/**")
    first = stack.wait_for_mail(email)

    page.goto(stack.url + SETTINGS)
    days = page.get_by_role("spinbutton", name="Days without a response")
    page.get_by_role("checkbox", name="Send a reminder some days after the invitation").check()
    days.fill("12")
    page.get_by_role("checkbox", name="Send a reminder some days before the link expires").check()
    expect(page.get_by_text("These fall on the same day. One reminder is sent.")).to_be_visible()
    days.fill("99")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Enter a number from 1 to 13.").first).to_be_visible()
    days.fill("3")
    expect(page.get_by_text("These fall on the same day.")).to_have_count(0)
    page.get_by_text("Reminder", exact=True).click()
    expect(email_in(page).get_by_text(re.compile("^Reminder: .* invited you to Acme"))).to_be_visible()
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Invitation email saved.")).to_be_visible()
    expect(days).to_have_value("3")

    run(stack, DUE.format(zone=by_day, email=email))
    reminder = wait_for(
        lambda: next((each for each in stack.inbox(email) if each.subject.startswith("Reminder: ")), None),
        what="the reminder",
        seconds=240,
    )
    (link,) = set(re.findall(r"\S+/i/[\w-]{27}/", reminder.text))
    assert link in first.text
    assert len(stack.inbox(email)) == 2

    page.goto(f"{stack.url}/o/acme/users/?q=rita")
    page.get_by_role("link", name="Rita Reminded").click()
    expect(page.get_by_text("Reminder sent")).to_be_visible()
    expect(page.get_by_text(re.compile("Reminder on .*, if there’s no response"))).to_be_visible()
    # The admin's browser would say that it is for somebody else.
    page.context.clear_cookies()
    page.goto(link)
    expect(page.get_by_role("heading", name="Join Acme")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_settings_fit_and_work_by_keyboard(admin_page: Page, stack: Stack, width: int) -> None:
    page = admin_page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(stack.url + SETTINGS)
    page.get_by_role("spinbutton", name="Days without a response").focus()
    page.keyboard.press("ArrowUp")
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.get_by_role("radio", name="Invitation").focus()
    page.keyboard.press("ArrowRight")
    expect(email_in(page).get_by_text(re.compile("^Reminder: "))).to_be_visible()
