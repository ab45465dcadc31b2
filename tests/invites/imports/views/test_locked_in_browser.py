"""What members see in Chromium if they can't grant the access of an import or an invitation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.harness.driving import heading
from config.harness.running import Stack
from tests.axe import EVERY_LOOK, examine_in
from tests.invites.imports.views.test_grid_in_browser import TEAM, open_grid, tab_into

LESSER = "lesser@example.com"
# An import and an invitation that Lee could give; prints their ids.
SET_UP = """
from django.contrib.auth.hashers import make_password
from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports.upload import start_batch
from invites.imports.corrections import apply_suggestion
from invites.invitations.invite import invite_person
acme, powers = Organization.objects.get(slug="acme"), ["users.view", "users.invite"]
role, _ = Role.objects.get_or_create(organization=acme, name="Inviter", defaults={{"permissions": powers}})
names = {{"first_name": "Lee", "last_name": "Small", "password": make_password({password!r})}}
user, _ = User.objects.get_or_create(email={email!r}, defaults=names)
membership, _ = Membership.objects.get_or_create(user=user, organization=acme, defaults={{"all_sites": True}})
membership.roles.set([role])
by = Membership.objects.get(user__email="admin@example.com", organization=acme)
selection = AccessSelection.of([role], all_sites=True)
file = ("Email,First name,Last name,Description\\n" + {team!r}.replace("{{d}}", "{name}.example.com")).encode()
batch = start_batch(by, file_name="{name}.csv", content=[file], selection=selection)
tasks.check_batch(batch.pk)
apply_suggestion(batch, 3, 0, by=by)
person = {{"first_name": "Bo", "last_name": "{name}", "description": ""}}
invitation = invite_person(by, email="bo@{name}.example.com", selection=selection, **person)
print(batch.pk, invitation.pk)
"""
# From now on both give Org Admin.
RAISE = """
from accounts.models import Role
from invites.models import Batch, Invitation
role = Role.objects.get(organization__slug="acme", is_org_admin=True)
Batch.objects.get(pk={batch}).grant.roles.set([role])
Invitation.objects.get(pk={invitation}).grant.roles.set([role])
"""
CHANGE = "You can’t change this import because it grants access you don’t have: Org Admin."


def run(stack: Stack, code: str) -> list[int]:
    done = stack.manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return [int(each) for each in done.stdout.split() if each.isdecimal()]


def set_up(stack: Stack, name: str) -> tuple[int, int]:
    code = SET_UP.format(email=LESSER, password=stack.password, team=TEAM, name=name)
    batch, invitation = run(stack, code)[-2:]
    return batch, invitation


@pytest.fixture
def lees_page(stack: Stack, new_context: Any, signed_in_state: Any) -> Callable[[], Page]:
    """Opens a page that is signed in as Lee, once Lee is there."""
    return lambda: new_context(storage_state=signed_in_state(LESSER)).new_page()


def test_a_refused_edit_says_why_and_keeps_what_was_typed(stack: Stack, lees_page: Callable[[], Page]) -> None:
    batch, invitation = set_up(stack, "refused-edit")
    page = lees_page()
    open_grid(page, batch)
    run(stack, RAISE.format(batch=batch, invitation=invitation))

    tab_into(page)
    page.keyboard.type("Berg")
    page.keyboard.press("Enter")

    trouble = page.locator("#alerts [data-error]")
    expect(trouble).to_contain_text("You can’t do this.")
    expect(trouble).to_contain_text(f"{CHANGE} Nothing was changed.")
    expect(page.locator("[data-not-saved]")).to_have_count(1)
    expect(page.locator("[data-unsaved]")).to_have_attribute("data-text", "Berg")


def test_the_dialog_says_why_an_action_is_refused(stack: Stack, lees_page: Callable[[], Page]) -> None:
    batch, invitation = set_up(stack, "refused-action")
    page = lees_page()
    page.goto("/o/acme/users/?q=refused-action")
    run(stack, RAISE.format(batch=batch, invitation=invitation))

    page.get_by_role("button", name="Actions for").click()
    page.get_by_role("link", name="Revoke").click()

    expect(heading(page)).to_have_text("You can’t do this")
    expect(page.locator("#dialog")).to_contain_text("You can’t revoke this invitation")


def test_the_read_only_grid_is_accessible(stack: Stack, lees_page: Callable[[], Page]) -> None:
    batch, invitation = set_up(stack, "locked")
    run(stack, RAISE.format(batch=batch, invitation=invitation))
    page = lees_page()
    page.goto(f"/o/acme/batches/{batch}/problems/")
    expect(page.get_by_text(CHANGE)).to_be_visible()
    expect(page.get_by_text("Edited by Ines Martin")).to_be_visible()
    assert list(examine_in(page, *EVERY_LOOK)) == []
    page.goto(f"/o/acme/batches/{batch}/undo/")
    expect(page.get_by_role("heading", name="You can’t do this")).to_be_visible()
    assert list(examine_in(page, *EVERY_LOOK)) == []
