"""The services that change and remove members: permissions, and the last manager."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection, GrantableAccess
from accounts.organizations.members import change_membership, remove_membership
from tests.rules import domain_error


@pytest.fixture
def read_only(acme: Organization) -> Role:
    return acme.roles.get(name="ReadOnly")


@pytest.fixture
def lead(acme: Organization, sites: list[Site], join: Callable[..., User]) -> Membership:
    """Manages users and sees work, at Lyon depot and Ghent."""
    Role.objects.create(organization=acme, name="Lead", permissions=["users.view", "users.manage", "work.view"])
    return join(acme, "lead@example.com", "Lead", sites=sites[:2]).memberships.get()


def test_gives_other_roles_and_sites(
    admin_membership: Membership, member_membership: Membership, sites: list[Site]
) -> None:
    manager = Role.objects.get(organization=admin_membership.organization, name="Project manager")
    changed = change_membership(admin_membership, member_membership, AccessSelection.of([manager], sites[1:]))
    assert list(changed.roles.all()) == [manager]
    assert set(changed.sites.all()) == set(sites[1:])
    assert not changed.all_sites


def test_all_sites_take_the_place_of_single_ones(
    admin_membership: Membership, member_membership: Membership, read_only: Role
) -> None:
    changed = change_membership(admin_membership, member_membership, AccessSelection.of([read_only], all_sites=True))
    assert changed.all_sites
    assert not changed.sites.exists()


def test_a_project_manager_changes_and_removes_nobody(
    manager_membership: Membership, member_membership: Membership, read_only: Role
) -> None:
    for attempt in (
        lambda: change_membership(
            manager_membership, member_membership, AccessSelection.of([read_only], all_sites=True)
        ),
        lambda: remove_membership(manager_membership, member_membership),
    ):
        with domain_error("not_allowed"):
            attempt()
    assert Membership.objects.filter(pk=member_membership.pk).exists()


def test_a_permission_that_was_revoked_meanwhile_does_not_count(
    admin_membership: Membership, member_membership: Membership, lead: Membership, read_only: Role
) -> None:
    assert admin_membership.permissions()
    admin_membership.roles.set([read_only])
    with domain_error("not_allowed"):
        change_membership(admin_membership, member_membership, AccessSelection.of([read_only], all_sites=True))


def test_a_member_with_more_permissions_cannot_be_changed(
    lead: Membership, admin_membership: Membership, read_only: Role, sites: list[Site]
) -> None:
    with domain_error("beyond_permissions"):
        change_membership(lead, admin_membership, AccessSelection.of([read_only], sites[:1]))
    with domain_error("beyond_permissions"):
        remove_membership(lead, admin_membership)


def test_one_of_two_admins_is_not_removed_by_a_member_with_less_access(
    lead: Membership, admin_membership: Membership, colleague: Membership
) -> None:
    with domain_error("beyond_permissions", match="You can’t edit Ines Martin because .*: Org Admin."):
        remove_membership(lead, admin_membership)
    assert Membership.objects.filter(pk__in=(admin_membership.pk, colleague.pk)).count() == 2
    remove_membership(colleague, admin_membership)


def test_a_member_with_another_site_cannot_be_changed(
    lead: Membership, acme: Organization, sites: list[Site], join: Callable[..., User]
) -> None:
    within = join(acme, "within@example.com", "ReadOnly", sites=sites[:1]).memberships.get()
    beyond = join(acme, "beyond@example.com", "ReadOnly", sites=sites[1:]).memberships.get()
    everywhere = join(acme, "everywhere@example.com", "ReadOnly").memberships.get()
    assert [
        GrantableAccess(lead).can_grant(AccessSelection.held_by(each)) for each in (within, beyond, everywhere)
    ] == [
        True,
        False,
        False,
    ]


def test_nobody_grants_more_than_they_have(
    lead: Membership, member_membership: Membership, read_only: Role, sites: list[Site]
) -> None:
    for selection in (
        AccessSelection.of(Role.objects.filter(organization=lead.organization, name="Org Admin"), sites[:1]),
        AccessSelection.of([read_only], sites[2:]),
        AccessSelection.of([read_only], all_sites=True),
    ):
        with domain_error("beyond_permissions"):
            change_membership(lead, member_membership, selection)
    assert set(member_membership.sites.all()) == {sites[0]}


def test_a_member_keeps_a_role(admin_membership: Membership, member_membership: Membership) -> None:
    with domain_error("no_role"):
        change_membership(admin_membership, member_membership, AccessSelection.of([], all_sites=True))


def test_the_last_user_manager_is_kept(
    admin_membership: Membership, manager_membership: Membership, read_only: Role
) -> None:
    for attempt in (
        lambda: change_membership(admin_membership, admin_membership, AccessSelection.of([read_only], all_sites=True)),
        lambda: remove_membership(admin_membership, admin_membership),
    ):
        with domain_error("last_manager"):
            attempt()
    assert [role.name for role in Membership.objects.get(pk=admin_membership.pk).roles.all()] == ["Org Admin"]


def test_a_deactivated_user_does_not_count_as_manager(
    admin_membership: Membership, acme: Organization, join: Callable[..., User]
) -> None:
    other = join(acme, "other@example.com", "Org Admin")
    User.objects.filter(pk=other.pk).update(is_active=False)
    with domain_error("last_manager"):
        remove_membership(admin_membership, admin_membership)


def test_every_member_may_leave(admin_membership: Membership, member_membership: Membership) -> None:
    remove_membership(member_membership, member_membership)
    assert not Membership.objects.filter(pk=member_membership.pk).exists()
    assert User.objects.filter(email="member@example.com").exists(), "the account stays"


def test_nobody_of_another_organization_can_be_changed_or_removed(
    admin_membership: Membership, outsider: User, read_only: Role
) -> None:
    theirs = outsider.memberships.get()
    for attempt in (
        lambda: change_membership(admin_membership, theirs, AccessSelection.of([read_only], all_sites=True)),
        lambda: remove_membership(admin_membership, theirs),
    ):
        with domain_error("gone"):
            attempt()
    assert Membership.objects.filter(pk=theirs.pk).exists()


def test_a_member_who_was_removed_meanwhile_is_gone(
    admin_membership: Membership, member_membership: Membership, read_only: Role
) -> None:
    Membership.objects.filter(pk=member_membership.pk).delete()
    with domain_error("gone"):
        change_membership(admin_membership, member_membership, AccessSelection.of([read_only], all_sites=True))
