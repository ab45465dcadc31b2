"""Deactivating and reactivating a member: who may, what it changes, and what stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership, Organization, User
from accounts.organizations.access import find_membership
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import (
    change_membership,
    deactivate_membership,
    reactivate_membership,
    remove_membership,
)
from accounts.organizations.selectors import memberships_of
from tests.rules import domain_error

ENTRIES = (Action.USER_DEACTIVATED, Action.USER_REACTIVATED)


def actions() -> list[str]:
    return list(ActivityEntry.objects.filter(action__in=ENTRIES).order_by("pk").values_list("action", flat=True))


def is_deactivated(membership: Membership) -> bool:
    return Membership.objects.get(pk=membership.pk).deactivated_at is not None


def test_a_deactivated_member_has_no_access_and_keeps_roles_and_sites(
    admin_membership: Membership, member_membership: Membership, member: User
) -> None:
    held = AccessSelection.held_by(member_membership)

    deactivate_membership(admin_membership, member_membership)

    assert find_membership(member, "acme") is None
    assert list(memberships_of(member)) == []
    assert AccessSelection.held_by(Membership.objects.get(pk=member_membership.pk)) == held

    reactivate_membership(admin_membership, member_membership)

    assert find_membership(member, "acme") == member_membership
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
