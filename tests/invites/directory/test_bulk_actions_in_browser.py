"""An admin revokes thousands of invitations, in Chromium on the running stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.harness.driving import heading
from config.harness.running import Stack
from tests.browser.test_accessibility import examine

USERS = "/o/acme/users/"
MANY = 2_500
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
        token_hash=token_hash, expires_at=now + timedelta(days=9), mail_state="sent", mailed_at=now,
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
from invites.directory.bulk_actions import start_bulk_action
by = Membership.objects.get(user__email="admin@example.com", organization__slug="acme")
ids = list(Invitation.objects.filter(last_name="{name}").order_by("pk").values_list("pk", flat=True))
action = start_bulk_action(by, BulkAction.Kind.REVOKE, ids)
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


def revoke_everybody_who_matches(page: Page, name: str) -> None:
    page.goto(f"{USERS}?q={name}")
    page.get_by_label("Select everyone on this page").check()
    page.get_by_role("button", name=f"Select all {MANY:,} that match").click()
    page.locator("#people-selected").get_by_role("button", name="Revoke").click()
    expect(heading(page)).to_have_text(f"Revoke {MANY:,} invitations?")
    page.locator("#dialog").get_by_role("button", name="Revoke").click()


def test_revokes_thousands_in_the_background_and_keeps_the_result_until_it_is_closed(
    admin_page: Page, run: Callable[[str], None]
) -> None:
    run(INVITE.format(many=MANY, name="thousands"))
    page = admin_page

    revoke_everybody_who_matches(page, "thousands")

    expect(page.locator("#dialog")).to_be_hidden()
    result = page.locator("#banners .rc-banner-ok").filter(has_text=f"{MANY:,} invitations were revoked.")
    expect(result).to_be_visible(timeout=60_000)
    # The list reloaded itself.
    expect(page.locator("#people")).to_contain_text("Nobody matches “thousands”")
    page.goto("/o/acme/roles/")
    expect(result).to_be_visible()
    result.get_by_role("button", name="Close this message").click()
    expect(result).to_have_count(0)
    page.reload()
    expect(result).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_banner_and_the_dialog_show_progress_on_any_device(
    new_context: Any, signed_in_state: Any, run: Callable[[str], None], scheme: str, width: int
) -> None:
    run(INVITE.format(many=MANY, name=scheme) + START.format(name=scheme))
    page: Page = new_context(storage_state=signed_in_state("admin@example.com")).new_page()
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    running = page.locator("#banners .rc-banner").filter(has_text=f"Revoking {MANY:,} invitations.")
    for path in (USERS, "/o/acme/sites/", USERS):
        page.goto(path)
        expect(running).to_contain_text("0 done. Show progress")
        expect(running.get_by_role("progressbar")).to_be_visible()
    assert list(examine(page)) == []

    running.get_by_role("link", name="Show progress").click()
    expect(heading(page)).to_have_text(f"Revoking {MANY:,} invitations")
    expect(page.locator("#dialog").get_by_role("button", name="Stop")).to_be_visible()
    assert list(examine(page)) == []

    run(GO_ON)

    expect(heading(page)).to_have_text(f"{MANY:,} invitations were revoked", timeout=60_000)
    page.locator("#dialog").get_by_role("link", name="Close").click()
    result = page.locator("#banners .rc-banner-ok").filter(has_text=f"{MANY:,} invitations were revoked.")
    expect(result).to_be_visible()
    expect(page.locator(".rc-indicator")).to_have_count(0)
    assert list(examine(page)) == []
    result.get_by_role("button", name="Close this message").click()
    expect(result).to_have_count(0)


def test_a_running_action_is_stopped_in_its_dialog(admin_page: Page, run: Callable[[str], None]) -> None:
    run(INVITE.format(many=5, name="stopped") + START.format(name="stopped"))
    page = admin_page
    page.goto(USERS)
    page.locator("#banners").get_by_role("link", name="Show progress").click()

    page.locator("#dialog").get_by_role("button", name="Stop").click()

    expect(heading(page)).to_have_text("Stopped. No invitations were revoked")
    expect(page.locator("#dialog")).to_contain_text("5 invitations weren’t changed.")
    page.keyboard.press("Escape")
    banner = page.locator("#banners .rc-banner-warn").filter(has_text="Stopped. No invitations were revoked.")
    banner.get_by_role("button", name="Close this message").click()
    expect(banner).to_have_count(0)
    run("from invites.models import Invitation; Invitation.objects.filter(last_name='stopped').update(state='revoked')")
