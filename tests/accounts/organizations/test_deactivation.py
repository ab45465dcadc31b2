"""Deactivating and reactivating a member: who may, what it changes, and what stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.activity.actions import Action, Channel
from accounts.activity.source import Source
from accounts.models import ActivityEntry, Membership, Organization, Role, Site, User
from accounts.organizations.access import find_membership
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import (
    change_membership,
    deactivate_membership,
    reactivate_membership,
    remove_membership,
)
from accounts.organizations.roles import RoleDraft, delete_role, save_role
from accounts.organizations.selectors import memberships_of, roles_of, sites_of
from accounts.organizations.sites import delete_site, save_site
from accounts.users.account_changes import change_account, record_password_change
from accounts.users.failed_sign_ins import record_failed_sign_in
from tests.pages import words_of
from tests.rules import domain_error

ENTRIES = (Action.USER_DEACTIVATED, Action.USER_REACTIVATED)


def actions() -> list[str]:
    return list(ActivityEntry.objects.filter(action__in=ENTRIES).order_by("pk").values_list("action", flat=True))


def is_deactivated(membership: Membership) -> bool:
    return Membership.objects.get(pk=membership.pk).deactivated_at is not None


@pytest.mark.servers
def test_a_deactivated_member_has_no_access_and_keeps_roles_and_sites(
    admin_membership: Membership, member_membership: Membership, member: User
) -> None:
    held = AccessSelection.held_by(member_membership)

    deactivate_membership(admin_membership, member_membership)

    assert list(memberships_of(member)) == []
    assert AccessSelection.held_by(Membership.objects.get(pk=member_membership.pk)) == held

    reactivate_membership(admin_membership, member_membership)

    assert find_membership(memberships_of(member), "acme") == member_membership
    assert AccessSelection.held_by(Membership.objects.get(pk=member_membership.pk)) == held


def test_other_organizations_are_not_affected(
    admin_membership: Membership, member: User, member_membership: Membership, globex: Organization
) -> None:
    Membership.objects.create(user=member, organization=globex, all_sites=True)
    deactivate_membership(admin_membership, member_membership)
    assert [each.organization for each in memberships_of(member)] == [globex]
    assert User.objects.get(pk=member.pk).is_active


def test_both_are_recorded_once(admin_membership: Membership, member_membership: Membership) -> None:
    for _ in range(2):
        deactivate_membership(admin_membership, member_membership)
    for _ in range(2):
        reactivate_membership(admin_membership, member_membership)

    assert actions() == list(ENTRIES)
    entry = ActivityEntry.objects.get(action=Action.USER_REACTIVATED)
    assert (entry.actor_name, entry.affected_name, entry.affected_email) == (
        "Ines Martin",
        "Mara Conti",
        "member@example.com",
    )
    assert entry.details["added"] == {"roles": ["ReadOnly"], "sites": ["Lyon depot"]}


def test_nobody_deactivates_themselves(admin_membership: Membership, colleague: Membership) -> None:
    with domain_error("yourself"):
        deactivate_membership(admin_membership, admin_membership)
    assert not is_deactivated(admin_membership)


def test_needs_the_permission_to_manage_users(manager_membership: Membership, member_membership: Membership) -> None:
    for service in (deactivate_membership, reactivate_membership):
        with domain_error("not_allowed", match="permission to manage users"):
            service(manager_membership, member_membership)
    assert actions() == []


def test_members_with_more_access_cannot_be_touched(
    limited: Membership, admin_membership: Membership, manager_membership: Membership
) -> None:
    with domain_error("beyond_permissions", match="You can’t edit Piet Janssens .*: all sites"):
        deactivate_membership(limited, manager_membership)
    deactivate_membership(admin_membership, manager_membership)
    with domain_error("beyond_permissions", match="You can’t edit Piet Janssens .*: all sites"):
        reactivate_membership(limited, manager_membership)
    assert is_deactivated(manager_membership)


def test_a_deactivated_manager_changes_nobody(
    admin_membership: Membership, colleague: Membership, member_membership: Membership
) -> None:
    """The request may have passed the access check just before."""
    deactivate_membership(admin_membership, colleague)
    selection = AccessSelection.held_by(member_membership)
    attempts: list[Callable[[], object]] = [
        lambda: deactivate_membership(colleague, admin_membership),
        lambda: reactivate_membership(colleague, colleague),
        lambda: remove_membership(colleague, member_membership),
        lambda: change_membership(colleague, member_membership, selection),
    ]
    for attempt in attempts:
        with domain_error("not_allowed", match="no longer a member"):
            attempt()
    assert actions() == [Action.USER_DEACTIVATED]


def test_a_deactivated_manager_is_not_the_one_who_manages(
    admin_membership: Membership, colleague: Membership, read_only: AccessSelection
) -> None:
    deactivate_membership(admin_membership, colleague)
    for attempt in (
        lambda: remove_membership(admin_membership, admin_membership),
        lambda: change_membership(admin_membership, admin_membership, read_only, confirmed=True),
    ):
        with domain_error("last_manager"):
            attempt()


def test_a_deactivated_member_can_be_changed_and_removed(
    admin_membership: Membership, member_membership: Membership, read_only: AccessSelection
) -> None:
    deactivate_membership(admin_membership, member_membership)
    change_membership(admin_membership, member_membership, read_only)
    assert is_deactivated(member_membership)
    remove_membership(admin_membership, member_membership)
    assert not Membership.objects.filter(pk=member_membership.pk).exists()


@pytest.mark.parametrize("service", [deactivate_membership, reactivate_membership])
def test_members_of_other_organizations_are_out_of_reach(
    service: Callable[[Membership, Membership], None], admin_membership: Membership, outsider: User
) -> None:
    with domain_error("gone"):
        service(admin_membership, outsider.memberships.get())
    assert actions() == []


# --- Roles and sites --------------------------------------------------------------------------------------


def deactivated(membership: Membership) -> Membership:
    Membership.objects.filter(pk=membership.pk).update(deactivated_at=timezone.now())
    membership.refresh_from_db()
    return membership


@pytest.mark.parametrize("kind", ["role", "site"])
def test_a_role_or_a_site_of_deactivated_members_is_in_use(
    kind: str,
    acme: Organization,
    admin: User,
    admin_membership: Membership,
    sites: list[Site],
    join: Callable[..., User],
    client_of: Callable[[User | None], Client],
) -> None:
    role = Role.objects.create(organization=acme, name="Auditor", permissions=["work.view"])
    attempts = {
        "role": lambda: delete_role(admin_membership, role),
        "site": lambda: delete_site(admin_membership, sites[2]),
    }
    off = deactivated(join(acme, "off@example.com", "Auditor", sites=sites[2:3]).memberships.get())
    only = {
        "role": "1 deactivated user has this role. Give them another one first.",
        "site": "1 deactivated user is assigned to this site. Reassign them first.",
    }
    both = {
        "role": "2 people have this role, including deactivated users. Give them another one first.",
        "site": "2 people are assigned to this site, including deactivated users. Reassign them first.",
    }
    client, dialog = client_of(admin), f"/o/acme/{kind}s/{role.pk if kind == 'role' else sites[2].pk}/delete/"

    with domain_error("in_use", match=f"^{only[kind]}$"):
        attempts[kind]()
    page = words_of(client.get(dialog))
    assert only[kind] in page
    assert "See users" in page
    join(acme, "on@example.com", "Auditor", sites=sites[2:3])
    assert both[kind] in words_of(client.get(dialog))
    off.delete()
    assert "deactivated" not in words_of(client.get(dialog))


@pytest.mark.servers
def test_lists_of_roles_and_sites_count_active_members(
    acme: Organization, admin_membership: Membership, member_membership: Membership, join: Callable[..., User]
) -> None:
    deactivated(member_membership)
    deactivated(join(acme, "off@example.com", "ReadOnly").memberships.get())
    join(acme, "on@example.com", "ReadOnly")
    assert {role.name: role.people for role in roles_of(acme)}["ReadOnly"] == 1  # type: ignore[attr-defined]
    assert {site.name: site.people for site in sites_of(acme)}["Lyon depot"] == 0  # type: ignore[attr-defined]


def test_the_list_of_sites_has_no_deactivated_member_of_all_sites(
    ines: Client, acme: Organization, sites: list[Site], join: Callable[..., User]
) -> None:
    deactivated(join(acme, "off@example.com", "ReadOnly").memberships.get())
    assert ines.get("/o/acme/sites/").context["everywhere"] == 1


@pytest.mark.servers
def test_the_role_of_a_deactivated_member_with_more_access_is_out_of_reach(
    acme: Organization, limited: Membership, join: Callable[..., User]
) -> None:
    """They will have it again when they are reactivated."""
    role = Role.objects.create(organization=acme, name="Auditor", permissions=["work.view"])
    deactivated(join(acme, "off@example.com", "Auditor").memberships.get())
    with domain_error("beyond_permissions", match="access to sites you don’t have"):
        save_role(limited, RoleDraft("Auditor", "", frozenset({"work.view", "data.export"})), role)


def test_a_deactivated_member_gets_no_new_site(acme: Organization, limited: Membership) -> None:
    """The request may have passed the access check just before."""
    with domain_error("not_allowed", match="no longer a member"):
        save_site(deactivated(limited), name="Porto", country="Portugal")


# --- The person -------------------------------------------------------------------------------------------


def test_home_leads_to_another_organization(
    member: User, member_membership: Membership, globex: Organization, client_of: Callable[[User | None], Client]
) -> None:
    Membership.objects.create(user=member, organization=globex, all_sites=True)
    deactivated(member_membership)
    client = client_of(member)
    assert client.get("/").headers["Location"] == "/o/globex/"
    home = words_of(client.get("/o/globex/"))
    assert "Acme" not in home
    assert "You’re deactivated in Acme . If you still need access, ask an admin there" in words_of(
        client.get("/account/")
    )


def test_without_another_organization_home_says_what_happened(
    member: User, member_membership: Membership, client_of: Callable[[User | None], Client]
) -> None:
    deactivated(member_membership)
    client = client_of(member)
    page = words_of(client.get("/"))
    assert "Your access has been deactivated" in page
    assert "You no longer have access to Acme . If you still need it, ask an admin there to reactivate you." in page
    assert "belong to an organization yet" not in page
    assert client.get("/account/").status_code == 200


@pytest.mark.servers
def test_what_they_do_with_their_account_is_not_recorded(
    member: User, member_membership: Membership, globex: Organization
) -> None:
    Membership.objects.create(user=member, organization=globex, all_sites=True)
    deactivated(member_membership)

    change_account(member, {"first_name": "Maria", "last_name": "Conti"})
    record_password_change(member)
    record_failed_sign_in(member.email, Source(Channel.PAGE, ip="203.0.113.9"))

    here = ActivityEntry.objects.exclude(action=Action.ORGANIZATION_CREATED)
    assert [entry.organization_id for entry in here] == [globex.pk] * 3
    assert Membership.objects.get(pk=member_membership.pk).first_name == "Mara"
    assert Membership.objects.get(user=member, organization=globex).first_name == "Maria"
