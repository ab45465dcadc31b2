"""axe finds nothing on any page, in light and dark, on wide and narrow screens, and none scrolls sideways."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.harness.driving import ROLE, SITE, csv_of, heading, mixed_people
from config.harness.running import Stack
from tests.axe import EVERY_LOOK, FRAME, NARROW, WIDE, examine_and_leave, examine_in, wear
from tests.look.recruiters import NEW_RECRUITER, RECRUITER, SLUG
from tests.stories import link_in, opt_out_link_in, run

# People in every state, and a change that can be undone; prints their ids.
PEOPLE = """
import json
from accounts.organizations.grants import AccessSelection
from invites.directory.bulk.change import BulkChange, Kind, Mode
from invites.directory.bulk.selection import Selection
from invites.directory.bulk.start import start_bulk_action
from invites.directory.bulk.work import handle_now
from invites.invitations.invite import invite_person
acme = Organization.objects.get(slug="acme")
by = Membership.objects.get(user__email="admin@example.com", organization=acme)
access = AccessSelection.of(acme.roles.filter(name="ReadOnly"), all_sites=True)
now, days = timezone.now(), timedelta(days=1)
def invite(name, send_at=None):
    cells = {"email": f"{name}@state.axe.example.com", "first_name": name.title(), "last_name": "Axe"}
    return invite_person(by, send_at, selection=access, description="", **cells).pk
ids = {"scheduled": invite("scheduled", now + 2 * days), "declined": invite("declined"), "expired": invite("expired")}
sent = Invitation.objects.filter(pk__in=(ids["declined"], ids["expired"]))
sent.update(mail_state="sent", mail_due_at=None, mail_finished_at=now - 20 * days, expires_at=now - 6 * days)
sent.filter(pk=ids["declined"]).update(state="declined", closed_at=now)
InvitationRequest.objects.create(invitation_id=ids["expired"], organization=acme, asked_at=now)
change = BulkChange(Kind.ROLES, Mode.ADD, AccessSelection.of(acme.roles.filter(name="Auditor")))
action = start_bulk_action(by, change, Selection.of_invitations(by, acme.invitations.filter(pk=ids["expired"])).ids())
assert handle_now(action)
print(json.dumps(ids | {"action": action.pk}))
"""


@pytest.fixture(scope="module")
def batches(stack: Stack, tmp_path_factory: Any) -> dict[str, int]:
    """Ids of a batch that is done, of one with rows left, one that needs fixing, was refused and is sent later."""
    directory: Path = tmp_path_factory.mktemp("files")
    rows = mixed_people(5, "axe")
    contents = {
        "done": csv_of([*rows, rows[0]]),
        "problems": csv_of([*rows, ("axe@x", "No", "Ending", ""), ("two@@axe.example.com", "", "Signs", "")]),
        "late": csv_of([("late@axe.example.com", "A", "B", ""), ("left@@axe.example.com", "Left", "Over", "")]),
        "refused": b"Email,First name,Surname\r\na,A,B\r\n",
        "scheduled": csv_of(mixed_people(3, "axe-later")),
    }
    tomorrow = f"{datetime.now() + timedelta(days=1):%Y-%m-%d} 09:00"
    ids = {}
    for name, content in contents.items():
        path = directory / f"{name}.csv"
        path.write_bytes(content)
        arguments = ("--organization", "acme", "--role", ROLE, "--site", SITE, "--as", "admin@example.com", "--wait")
        options = {"scheduled": ("--send-at", tomorrow), "late": ("--only-valid",)}.get(name, ())
        answer = stack.manage("invite_csv", str(path), *arguments, *options, "--json")
        assert answer.stdout, answer.stderr
        ids[name] = int(json.loads(answer.stdout)["batch"])
    return ids


@pytest.fixture(scope="module")
def people(stack: Stack) -> Iterator[dict[str, int]]:
    """Ids of invitations that are scheduled, declined and expired, and of a change that can be undone."""
    yield json.loads(run(stack, PEOPLE).splitlines()[-1])
    # The banner would be on every page of other tests.
    run(stack, "InvitationRequest.objects.all().delete()")


@pytest.fixture(scope="module")
def suspended(stack: Stack) -> Iterator[None]:
    stack.manage("suspend_organization", "globex")
    yield
    stack.manage("resume_organization", "globex")


@pytest.fixture(scope="module")
def recruiters(stack: Stack) -> None:
    run(stack, "from tests.look import recruiters\nrecruiters.make()")


@pytest.fixture
def page_of(new_context: Any, signed_in_state: Any) -> Callable[[str | None], Page]:
    """Opens a page of a person, or of nobody."""

    def page_of(email: str | None) -> Page:
        page: Page = new_context(storage_state=signed_in_state(email) if email else None).new_page()
        wear(page, WIDE)
        return page

    return page_of


def examine_both(page: Page) -> Iterator[str]:
    """Both schemes and both widths; axe takes its time."""
    return examine_in(page, WIDE, NARROW)


def test_pages_of_an_admin(
    batches: dict[str, int], people: dict[str, int], page_of: Callable[[str | None], Page]
) -> None:
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
        f"invitations/{people['scheduled']}/",
        f"invitations/{people['scheduled']}/schedule/",
        f"invitations/{people['scheduled']}/send-now/",
        f"invitations/{people['declined']}/",
        f"invitations/{people['declined']}/invite-again/",
        f"invitations/{people['expired']}/",
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
        f"batches/{batches['late']}/",
        f"batches/{batches['late']}/problems/",
        f"import/?correct={batches['late']}",
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
        "no-such-page/",
    ]
    found: list[str] = []
    for path in [*(f"/o/acme/{path}" for path in paths), "/account/", "/accounts/password/change/"]:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == (404 if "no-such" in path else 200), path
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        # What is around all pages is examined on the first one.
        found += examine_in(page, *EVERY_LOOK) if path == "/o/acme/users/" else examine_and_leave(page, FRAME)
    assert found == []


def test_pages_of_a_suspended_organization(suspended: None, page_of: Callable[[str | None], Page]) -> None:
    page = page_of("admin@globex.example.com")
    found: list[str] = []
    for path in ("users/", "batches/", "invite/"):
        page.goto(f"/o/globex/{path}")
        expect(page.get_by_text("Globex is suspended.").first).to_be_visible()
        found += examine_and_leave(page)
    assert found == []


def test_pages_of_members_who_invite_but_see_no_users(recruiters: None, page_of: Callable[[str | None], Page]) -> None:
    found: list[str] = []
    for email, count in ((RECRUITER, 25), (NEW_RECRUITER, 0)):
        page = page_of(email)
        for path in ("", "batches/", "invite/", "invitations/"):
            page.goto(f"/o/{SLUG}/{path}")
            expect(page.get_by_role("heading", level=1)).to_have_count(1)
            found += examine_and_leave(page)
        expect(page.locator("tbody tr")).to_have_count(count)
    expect(page.get_by_text("No open invitations")).to_be_visible()
    page = page_of(RECRUITER)
    page.goto(f"/o/{SLUG}/invitations/?page=2")
    found += examine_both(page)
    page.get_by_role("link", name="Ann Lee").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann Lee")
    found += examine_both(page)
    assert found == []


def test_dialogs_of_an_admin(
    batches: dict[str, int], people: dict[str, int], page_of: Callable[[str | None], Page]
) -> None:
    page = page_of("admin@example.com")
    page.goto(f"/o/acme/users/selected/{people['action']}/results/")
    found = [*examine_both(page)]
    page.get_by_role("link", name="Undo change").click()
    expect(heading(page)).to_be_focused()
    found += examine_both(page)
    page.goto(f"/o/acme/batches/{batches['late']}/problems/")
    page.get_by_role("link", name="Upload a corrected file").click()
    expect(heading(page)).to_be_focused()
    # Without errors, these forms are examined as pages.
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Choose a CSV file.")).to_be_visible()
    found += examine_both(page)
    page.goto("/o/acme/users/?q=admin@example.com")
    page.get_by_role("link", name="Ines Martin").click()
    page.get_by_role("link", name="Leave organization").click()
    expect(heading(page)).to_have_text("Leave Acme?")
    found += examine_both(page)
    # A short list behind the dialog.
    page.goto("/o/acme/users/?q=admin@example.com")
    page.get_by_role("link", name="Invite users").click()
    expect(heading(page)).to_have_text("Invite users")
    page.get_by_text("Send later").click()
    page.get_by_label("Date").fill("")
    page.get_by_role("button", name="Schedule invitation").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    found += examine_in(page, *EVERY_LOOK)
    page.get_by_role("button", name="Preview email").click()
    expect(page.locator("[data-frames] > iframe:not(.rc-loading)")).to_have_count(1)
    found += examine_both(page)
    page.get_by_role("button", name="Back").click()
    page.get_by_role("link", name="Import CSV file").click()
    expect(heading(page)).to_have_text("Import users")
    page.get_by_role("combobox", name="Sites").click()
    expect(page.locator(".ts-dropdown")).to_be_visible()
    found += examine_in(page, *EVERY_LOOK)
    page.locator(".ts-dropdown").get_by_role("option", name=SITE).click()
    page.keyboard.press("Escape")
    page.get_by_role("checkbox", name=re.compile(rf"^{ROLE}\b")).check()
    page.get_by_label("CSV file", exact=True).set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"Email,Surname\r\na,b"}
    )
    expect(page.locator("[data-drop-name]")).to_have_text("a.csv")
    found += examine_both(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(heading(page)).to_have_text("a.csv was not imported")
    found += examine_both(page)
    assert found == []


def test_pages_of_somebody_who_is_invited(
    stack: Stack, batches: dict[str, int], page_of: Callable[[str | None], Page]
) -> None:
    page = page_of(None)
    found: list[str] = []
    for path in ("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/i/not-a-token/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        found += examine_and_leave(page)
    page.get_by_role("button", name="Ask for a new invitation").click()
    expect(page.get_by_text("If this link belongs to an invitation")).to_be_visible()
    found += examine_both(page)
    for what, number in (("decline", 1), ("report", 2)):
        page.goto(opt_out_link_in(stack.wait_for_mail(f"axe.{number}@mixed.example.com"), what))
        expect(page.locator("main button")).to_be_visible()
        found += examine_both(page)
        page.locator("main button").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("You ")
        found += examine_both(page)
    page.goto(link_in(stack.wait_for_mail("axe.0@mixed.example.com")))
    expect(page.get_by_role("heading", name="Join Acme")).to_be_visible()
    found += examine_both(page)
    page.get_by_role("button", name="Accept and sign in").click()
    expect(page.get_by_text("Choose a password.").first).to_be_visible()
    found += examine_both(page)
    assert found == []
