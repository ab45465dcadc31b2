"""Changing and removing members, as a service: rights, the ceiling both ways, and that somebody is left."""

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
    """Manages users, and sees work, on Lyon depot and Ghent."""
    Role.objects.create(organization=acme, name="Lead", permissions=["users.view", "users.manage", "work.view"])
    return join(acme, "lead@example.com", "Lead", sites=sites[:2]).memberships.get()


def test_gives_other_roles_and_sites(by_admin: Membership, by_member: Membership, sites: list[Site]) -> None:
    manager = Role.objects.get(organization=by_admin.organization, name="Project manager")
    changed = change_membership(by_admin, by_member, AccessSelection.of([manager], sites[1:]))
    assert list(changed.roles.all()) == [manager]
    assert set(changed.sites.all()) == set(sites[1:])
    assert not changed.all_sites


def test_all_sites_take_the_place_of_single_ones(by_admin: Membership, by_member: Membership, read_only: Role) -> None:
    changed = change_membership(by_admin, by_member, AccessSelection.of([read_only], all_sites=True))
    assert changed.all_sites
    assert not changed.sites.exists()


def test_a_project_manager_changes_and_removes_nobody(
    by_manager: Membership, by_member: Membership, read_only: Role
) -> None:
    for attempt in (
        lambda: change_membership(by_manager, by_member, AccessSelection.of([read_only], all_sites=True)),
        lambda: remove_membership(by_manager, by_member),
    ):
        with domain_error("not_allowed"):
            attempt()
    assert Membership.objects.filter(pk=by_member.pk).exists()


def test_a_right_that_was_taken_away_meanwhile_no_longer_counts(
    by_admin: Membership, by_member: Membership, lead: Membership, read_only: Role
) -> None:
    assert by_admin.permissions()
    by_admin.roles.set([read_only])
    with domain_error("not_allowed"):
        change_membership(by_admin, by_member, AccessSelection.of([read_only], all_sites=True))


def test_who_holds_more_is_out_of_reach(
    lead: Membership, by_admin: Membership, read_only: Role, sites: list[Site]
) -> None:
    with domain_error("beyond_permissions"):
        change_membership(lead, by_admin, AccessSelection.of([read_only], sites[:1]))
    with domain_error("beyond_permissions"):
        remove_membership(lead, by_admin)


def test_one_of_two_admins_is_not_removed_by_somebody_with_less_access(
    lead: Membership, by_admin: Membership, colleague: Membership
) -> None:
    with domain_error("beyond_permissions", match="Only somebody who can grant Org Admin can change Ines Martin."):
        remove_membership(lead, by_admin)
    assert Membership.objects.filter(pk__in=(by_admin.pk, colleague.pk)).count() == 2
    remove_membership(colleague, by_admin)


def test_who_has_a_site_beyond_is_out_of_reach(
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


def test_gives_nobody_more_than_one_has(
    lead: Membership, by_member: Membership, read_only: Role, sites: list[Site]
) -> None:
    for choice in (
        AccessSelection.of(Role.objects.filter(organization=lead.organization, name="Org Admin"), sites[:1]),
        AccessSelection.of([read_only], sites[2:]),
        AccessSelection.of([read_only], all_sites=True),
    ):
        with domain_error("beyond_permissions"):
            change_membership(lead, by_member, choice)
    assert set(by_member.sites.all()) == {sites[0]}


def test_a_member_keeps_a_role(by_admin: Membership, by_member: Membership) -> None:
    with domain_error("no_role"):
        change_membership(by_admin, by_member, AccessSelection.of([], all_sites=True))


def test_the_last_who_manages_users_stays_so(by_admin: Membership, by_manager: Membership, read_only: Role) -> None:
    for attempt in (
        lambda: change_membership(by_admin, by_admin, AccessSelection.of([read_only], all_sites=True)),
        lambda: remove_membership(by_admin, by_admin),
    ):
        with domain_error("last_manager"):
            attempt()
    assert [role.name for role in Membership.objects.get(pk=by_admin.pk).roles.all()] == ["Org Admin"]


def test_a_closed_account_does_not_count_as_somebody_who_manages(
    by_admin: Membership, acme: Organization, join: Callable[..., User]
) -> None:
    other = join(acme, "other@example.com", "Org Admin")
    User.objects.filter(pk=other.pk).update(is_active=False)
    with domain_error("last_manager"):
        remove_membership(by_admin, by_admin)


def test_everybody_may_leave(by_admin: Membership, by_member: Membership) -> None:
    remove_membership(by_member, by_member)
    assert not Membership.objects.filter(pk=by_member.pk).exists()
    assert User.objects.filter(email="member@example.com").exists(), "the account stays"


def test_nobody_of_another_organization_can_be_changed_or_removed(
    by_admin: Membership, outsider: User, read_only: Role
) -> None:
    theirs = outsider.memberships.get()
    for attempt in (
        lambda: change_membership(by_admin, theirs, AccessSelection.of([read_only], all_sites=True)),
        lambda: remove_membership(by_admin, theirs),
    ):
        with domain_error("gone"):
            attempt()
    assert Membership.objects.filter(pk=theirs.pk).exists()


def test_who_was_removed_meanwhile_is_gone(by_admin: Membership, by_member: Membership, read_only: Role) -> None:
    Membership.objects.filter(pk=by_member.pk).delete()
    with domain_error("gone"):
        change_membership(by_admin, by_member, AccessSelection.of([read_only], all_sites=True))
