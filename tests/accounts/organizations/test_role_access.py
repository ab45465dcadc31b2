"""To change a role's permissions, members must be able to grant all access of those who have the role or will get it.

`keeper` manages users and roles for Lyon depot and Ghent, and has no permission that only Org Admins have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.role_access import why_not_permissions
from accounts.organizations.roles import RoleDraft, delete_role, save_role
from invites.imports.upload import correct_batch, start_batch
from invites.invitations.actions import revoke
from invites.invitations.invite import invite_person
from invites.models import Batch, CorrectionJob, Invitation
from invites.tasks import check_batch
from tests.files import PROBLEMS, csv_of
from tests.pages import words_of
from tests.rules import domain_error

ClientOf = Callable[[User | None], Client]
Join = Callable[..., User]

SITES = "Some people with this role have access to sites you don’t have, so you can’t"
PERMISSIONS = "Some people with this role have permissions you don’t have, so you can’t"
OFFERED = "Some open invitations or imports grant this role along with sites you don’t have, so you can’t"
MORE = RoleDraft("Night shift", "", frozenset({"work.view", "work.edit", "users.manage"}))
LESS = RoleDraft("Night shift", "", frozenset({"work.view"}))


@pytest.fixture
def keeper(acme: Organization, admin_membership: Membership, sites: list[Site], join: Join) -> Membership:
    powers = ["users.view", "users.invite", "users.manage", "roles.manage", "work.view", "work.edit"]
    Role.objects.create(organization=acme, name="Keeper", permissions=powers)
    return join(acme, "keeper@example.com", "Keeper", sites=sites[:2]).memberships.get()


def page_of(role: Role, name: str = "organizations:role_edit") -> str:
    return reverse(name, args=[role.organization.slug, role.pk])


def invite(by: Membership, selection: AccessSelection, email: str = "ann@example.com") -> Invitation:
    return invite_person(by, email=email, first_name="Ann", last_name="Lee", description="", selection=selection)


def to_all(role: Role) -> AccessSelection:
    return AccessSelection.of([role], all_sites=True)


# --- People who have the role ---------------------------------------------------------------------------


@pytest.mark.parametrize("draft", [MORE, LESS], ids=["more", "less"])
@pytest.mark.parametrize("where", ["all sites", "another site"])
def test_nobody_changes_permissions_of_members_with_more_sites(
    acme: Organization,
    sites: list[Site],
    keeper: Membership,
    night_shift: Role,
    join: Join,
    draft: RoleDraft,
    where: str,
) -> None:
    join(acme, "worker@example.com", "Night shift", sites=None if where == "all sites" else sites[1:])

    with domain_error("beyond_permissions", match=SITES):
        save_role(keeper, draft, night_shift)
    with domain_error("beyond_permissions", match=SITES):
        delete_role(keeper, night_shift)

    night_shift.refresh_from_db()
    assert night_shift.permissions == ["work.view", "work.edit"]


def test_nobody_changes_permissions_of_members_with_more_permissions(
    acme: Organization, sites: list[Site], keeper: Membership, night_shift: Role, join: Join
) -> None:
    """The members would get what they lack, and then have more than the person who granted it."""
    worker = join(acme, "worker@example.com", "Night shift", sites=sites[:1]).memberships.get()
    worker.roles.add(Role.objects.create(organization=acme, name="Exporter", permissions=["data.export"]))

    with domain_error("beyond_permissions", match=PERMISSIONS):
        save_role(keeper, MORE, night_shift)


def test_a_role_of_members_with_less_access_is_changed(
    acme: Organization, sites: list[Site], keeper: Membership, night_shift: Role, join: Join
) -> None:
    worker = join(acme, "worker@example.com", "Night shift", "Keeper", sites=sites[:2]).memberships.get()

    save_role(keeper, MORE, night_shift)

    assert worker.permissions() >= MORE.permissions


def test_an_admin_of_everything_changes_any_role(
    admin_membership: Membership, keeper: Membership, acme: Organization, night_shift: Role, join: Join
) -> None:
    worker = join(acme, "worker@example.com", "Night shift", "Org Admin").memberships.get()
    invite(admin_membership, to_all(night_shift))

    save_role(admin_membership, LESS, night_shift)

    assert worker.roles.get(pk=night_shift.pk).permissions == ["work.view"]


# --- People who will get the role -----------------------------------------------------------------------


def an_invitation(by: Membership, role: Role) -> None:
    invite(by, to_all(role))


def an_expired_invitation(by: Membership, role: Role) -> None:
    Invitation.objects.filter(pk=invite(by, to_all(role)).pk).update(expires_at=timezone.now())


def an_import(by: Membership, role: Role) -> None:
    start_batch(by, file_name="team.csv", content=[csv_of("ann@example.com")], selection=to_all(role))


def a_correction(by: Membership, role: Role) -> None:
    little = AccessSelection.of(
        [by.organization.roles.get(name="ReadOnly")], by.organization.sites.filter(name="Ghent")
    )
    batch = start_batch(by, file_name="team.csv", content=[PROBLEMS], selection=little)
    check_batch(batch.pk)
    correct_batch(batch, file_name="new.csv", content=[PROBLEMS], selection=to_all(role), by=by)
    assert CorrectionJob.objects.get().grant


OFFERS = [an_invitation, an_expired_invitation, an_import, a_correction]


@pytest.mark.parametrize("offer", OFFERS)
def test_nobody_changes_permissions_of_invitations_with_more_access(
    admin_membership: Membership, keeper: Membership, night_shift: Role, offer: Callable[[Membership, Role], None]
) -> None:
    offer(admin_membership, night_shift)

    with domain_error("beyond_permissions", match=OFFERED):
        save_role(keeper, MORE, night_shift)
    with domain_error("beyond_permissions", match=OFFERED):
        delete_role(keeper, night_shift)


def test_closed_invitations_do_not_count(
    admin_membership: Membership, keeper: Membership, night_shift: Role, sites: list[Site]
) -> None:
    revoke(admin_membership, invite(admin_membership, to_all(night_shift)))
    an_import(admin_membership, night_shift)
    Batch.objects.update(state=Batch.State.STOPPED)
    invite(admin_membership, AccessSelection.of([night_shift], sites[:2]), email="ben@example.com")

    save_role(keeper, MORE, night_shift)


def test_an_invitation_that_is_accepted_between_the_two_queries_counts(
    acme: Organization, admin_membership: Membership, keeper: Membership, night_shift: Role, join: Join
) -> None:
    """If members were queried first, both queries would miss it."""
    invite(admin_membership, to_all(night_shift))
    accepted = False

    def accept_after_members(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        nonlocal accepted
        found = execute(sql, *more)
        if not accepted and 'FROM "accounts_membership" ' in sql and '"all_sites" OR' in sql and "invites" not in sql:
            accepted = True
            Invitation.objects.update(state=Invitation.State.ACCEPTED)
            join(acme, "ann@example.com", "Night shift")
        return found

    with connection.execute_wrapper(accept_after_members), domain_error("beyond_permissions"):
        save_role(keeper, MORE, night_shift)
    assert accepted


# --- The pages ------------------------------------------------------------------------------------------


def test_the_dialog_says_why_permissions_stay_and_changes_the_name(
    acme: Organization, keeper: Membership, night_shift: Role, join: Join, client_of: ClientOf
) -> None:
    join(acme, "worker@example.com", "Night shift")
    client = client_of(keeper.user)

    shown = client.get(page_of(night_shift))
    assert SITES in words_of(shown)
    assert "Delete role" not in words_of(shown)
    boxes = [line for line in shown.content.decode().split("<input") if 'name="permissions"' in line]
    assert boxes
    assert all("disabled" in box.split(">")[0] for box in boxes)

    client.post(page_of(night_shift), {"name": "Late shift", "description": ""})
    night_shift.refresh_from_db()
    assert (night_shift.name, night_shift.permissions) == ("Late shift", ["work.view", "work.edit"])


def test_a_form_that_is_out_of_date_is_refused(
    acme: Organization, keeper: Membership, night_shift: Role, join: Join, client_of: ClientOf
) -> None:
    join(acme, "worker@example.com", "Night shift")
    client = client_of(keeper.user)

    answer = client.post(page_of(night_shift), {"name": "Late shift", "permissions": sorted(MORE.permissions)})
    assert answer.status_code == 403
    assert SITES in words_of(answer)
    assert client.post(page_of(night_shift, "organizations:role_delete")).status_code == 403
    night_shift.refresh_from_db()
    assert (night_shift.name, night_shift.permissions) == ("Night shift", ["work.view", "work.edit"])


def test_the_list_offers_no_deletion(
    acme: Organization, keeper: Membership, night_shift: Role, join: Join, client_of: ClientOf
) -> None:
    client = client_of(keeper.user)
    assert (
        page_of(night_shift, "organizations:role_delete")
        in client.get(reverse("organizations:roles", args=["acme"])).content.decode()
    )

    join(acme, "worker@example.com", "Night shift")
    assert (
        page_of(night_shift, "organizations:role_delete")
        not in client.get(reverse("organizations:roles", args=["acme"])).content.decode()
    )


def test_the_number_of_queries_does_not_depend_on_the_number_of_roles(
    acme: Organization, admin_membership: Membership, keeper: Membership, night_shift: Role, join: Join
) -> None:
    assert keeper.permissions()
    counts = []
    for number in range(3):
        with CaptureQueriesContext(connection) as queries:
            found = why_not_permissions(keeper, acme.roles.all())
        counts.append(len(queries))
        assert (night_shift.pk in found) == (number > 0)
        join(acme, f"worker{number}@example.com", "Night shift")
        Role.objects.create(organization=acme, name=f"Role {number}", permissions=["work.view"])
        invite(admin_membership, to_all(night_shift), email=f"ann{number}@example.com")

    assert counts == [counts[0]] * 3
    assert counts[0] <= 8
