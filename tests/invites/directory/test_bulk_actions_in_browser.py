"""An admin changes thousands of users, in Chromium on the running stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.harness.driving import heading
from config.harness.running import Stack
from tests.axe import WIDE, Look, examine, examine_in, wear

USERS = "/o/acme/users/"
MANY = 1_100
INVITE = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import Organization, User
from invites.models import AccessGrant, Invitation
from invites.invitations.tokens import hashes_for, new_seeds
acme, admin = Organization.objects.get(slug="acme"), User.objects.get(email="admin@example.com")
grant = AccessGrant.objects.create(organization=acme, all_sites=True)
now, seeds = timezone.now(), new_seeds({many})
Invitation.objects.bulk_create(
    Invitation(
        organization=acme, grant=grant, inviter=admin, first_name="Ann", last_name="{name}", token_seed=seed,
        email=f"{name}{{number}}@people.example.com", email_key=f"{name}{{number}}@people.example.com",
        token_hash=token_hash, expires_at=now + timedelta(days=9), mail_state="sent", mail_finished_at=now,
    )
    for number, (seed, token_hash) in enumerate(zip(seeds, hashes_for(seeds)))
)
"""
# No worker continues it before the claim expires.
START = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import Membership
from invites.models import BulkAction, Invitation
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.selection import PeopleIds
from invites.directory.bulk.start import start_bulk_action
by = Membership.objects.get(user__email="admin@example.com", organization__slug="acme")
ids = list(Invitation.objects.filter(last_name="{name}").order_by("pk").values_list("pk", flat=True))
action = start_bulk_action(by, BulkChange(Kind.REVOKE), PeopleIds([], ids))
BulkAction.objects.filter(pk=action.pk).update(claimed_until=timezone.now() + timedelta(hours=1))
"""
GO_ON = "from invites.models import BulkAction; BulkAction.objects.filter(state='running').update(claimed_until=None)"


@pytest.fixture
def run(stack: Stack) -> Callable[[str], None]:
    """Runs Python code with the database of the stack."""

    def run(code: str) -> None:
        done = stack.manage("shell", "--no-imports", "-c", code)
        assert done.returncode == 0, done.stderr

    return run


def test_changes_thousands_in_the_background_and_undoes_it(admin_page: Page, run: Callable[[str], None]) -> None:
    """With the keyboard alone: choose, review, progress, results, undo."""
    run(INVITE.format(many=MANY, name="thousands"))
    page = admin_page
    page.goto(f"{USERS}?q=thousands")
    press(page, page.get_by_label("Select everyone on this page"), "Space")
    press(page, page.get_by_role("button", name=f"Select all {MANY:,} that match"))
    expect(page.locator("[data-selection-count]")).to_have_text(f"All {MANY:,} that match are selected")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_role("navigation", name="Pages")).to_be_in_viewport()
    expect(page.locator("#people-selected")).to_be_in_viewport(ratio=1)
    press(page, page.locator("#people-selected").get_by_role("button", name="Change roles"))
    expect(heading(page)).to_have_text(f"Change roles for {MANY:,} users")
    expect(heading(page)).to_be_focused()
    assert list(examine(page)) == []
    dialog = page.locator("#dialog")
    press(page, dialog.get_by_role("checkbox", name="Auditor"), "Space")
    press(page, dialog.get_by_role("button", name="Review changes"))

    expect(heading(page)).to_have_text(f"Add Auditor to {MANY:,} users?")
    expect(dialog.get_by_role("table")).to_contain_text(f"pending invitations, when they accept{MANY:,}")
    assert list(examine(page)) == []
    press(page, dialog.get_by_role("button", name="Back"))
    expect(dialog.get_by_role("checkbox", name="Auditor")).to_be_checked()
    press(page, dialog.get_by_role("button", name="Review changes"))
    press(page, dialog.get_by_role("button", name=f"Add Auditor to {MANY:,} users"))

    expect(dialog).to_be_hidden()
    result = page.locator("#banners .rc-banner-ok").filter(has_text=f"Auditor was added to {MANY:,} users.")
    expect(result).to_be_visible(timeout=60_000)
    expect(page.locator("#people tbody tr").first).to_contain_text("Auditor")
    press(page, result.get_by_role("link", name="See the results"))
    expect(page.locator("h1")).to_have_text(f"Auditor was added to {MANY:,} users")
    expect(page.locator("tbody tr").first).to_contain_text("Before: ")
    assert list(examine(page)) == []

    press(page, page.get_by_role("link", name="Undo change"))
    expect(heading(page)).to_have_text(f"Undo the change for {MANY:,} users?")
    press(page, dialog.get_by_role("button", name="Undo change"))

    undone = page.locator("#banners .rc-banner-ok").filter(has_text=f"The change was undone for {MANY:,} users.")
    expect(undone).to_be_visible(timeout=60_000)
    expect(result).to_have_count(0)
    page.goto("/o/acme/roles/")
    press(page, undone.get_by_role("button", name="Close this message"))
    expect(undone).to_have_count(0)
    run(
        "from invites.models import Invitation; Invitation.objects.filter(last_name='thousands').update(state='revoked')"
    )


def press(page: Page, target: Any, key: str = "Enter") -> None:
    target.focus()
    page.keyboard.press(key)


def test_everything_works_without_javascript(
    new_context: Any, signed_in_state: Any, run: Callable[[str], None]
) -> None:
    run(INVITE.format(many=30, name="scriptless"))
    context = new_context(storage_state=signed_in_state("admin@example.com"), java_script_enabled=False)
    page: Page = context.new_page()
    page.goto(f"{USERS}?q=scriptless")

    page.get_by_role("button", name="Select all 30 that match").click()
    expect(page.locator("#people-selected")).to_contain_text("All 30 that match are selected")
    page.get_by_role("button", name="Change roles").click()
    expect(page.locator("h1")).to_have_text("Change roles for 30 users")
    page.get_by_role("button", name="Review changes").click()
    expect(page.locator(".rc-error")).to_have_text("Choose at least one role.")
    page.get_by_role("checkbox", name="Auditor").check()
    page.get_by_role("button", name="Review changes").click()
    expect(page.locator("h1")).to_have_text("Add Auditor to 30 users?")
    page.get_by_role("button", name="Add Auditor to 30 users").click()

    page.get_by_role("link", name="See the results").first.click()
    expect(page.locator("h1")).to_have_text("Auditor was added to 30 users")
    page.get_by_role("link", name="Undo change").click()
    page.get_by_role("button", name="Undo change").click()
    expect(page.locator("#banners")).to_contain_text("The change was undone for 30 users.")
    run("from invites.models import BulkAction; BulkAction.objects.all().delete()")
    run("from invites.models import Invitation; Invitation.objects.filter(last_name='scriptless').delete()")


def test_the_banner_and_the_dialog_show_progress_on_any_device(admin_page: Page, run: Callable[[str], None]) -> None:
    page, looks = admin_page, (Look("dark", 390), WIDE)
    run(INVITE.format(many=MANY, name="device") + START.format(name="device"))
    wear(page, looks[0])
    running = page.locator("#banners .rc-banner").filter(has_text=f"Revoking {MANY:,} invitations.")
    # On the page with the least around it.
    for path in (USERS, "/o/acme/roles/"):
        page.goto(path)
        expect(running).to_contain_text("0 done. Show progress")
        expect(running.get_by_role("progressbar")).to_be_visible()
    assert list(examine_in(page, *looks)) == []

    running.get_by_role("link", name="Show progress").click()
    expect(heading(page)).to_have_text(f"Revoking {MANY:,} invitations")
    expect(page.locator("#dialog").get_by_role("button", name="Stop")).to_be_visible()
    assert list(examine_in(page, *looks)) == []

    run(GO_ON)

    expect(heading(page)).to_have_text(f"{MANY:,} invitations were revoked", timeout=60_000)
    page.locator("#dialog").get_by_role("link", name="Close").click()
    result = page.locator("#banners .rc-banner-ok").filter(has_text=f"{MANY:,} invitations were revoked.")
    expect(result).to_be_visible()
    expect(page.locator(".rc-indicator")).to_have_count(0)
    assert list(examine_in(page, *looks)) == []
    result.get_by_role("button", name="Close this message").click()
    expect(result).to_have_count(0)


def test_a_running_action_is_stopped_in_its_dialog(admin_page: Page, run: Callable[[str], None]) -> None:
    run(INVITE.format(many=5, name="stopped") + START.format(name="stopped"))
    page = admin_page
    page.goto(USERS)
    page.locator("#banners").get_by_role("link", name="Show progress").click()

    page.locator("#dialog").get_by_role("button", name="Stop").click()

    expect(heading(page)).to_have_text("Stopped. No invitations were revoked")
    expect(page.locator("#dialog")).to_contain_text("5 users weren’t changed.")
    page.keyboard.press("Escape")
    banner = page.locator("#banners .rc-banner-warn").filter(has_text="Stopped. No invitations were revoked.")
    banner.get_by_role("button", name="Close this message").click()
    expect(banner).to_have_count(0)
    run("from invites.models import Invitation; Invitation.objects.filter(last_name='stopped').update(state='revoked')")
