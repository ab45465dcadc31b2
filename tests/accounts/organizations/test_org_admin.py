"""Org Admin has every permission, even one that is added later. Other default roles don't get it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import IntegrityError
from django.test import Client

from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import AccessSelection, GrantableAccess
from accounts.organizations.organizations import create_organization
from accounts.organizations.roles import RoleDraft, save_role
from accounts.organizations.selectors import memberships_with_permission
from accounts.permissions import Permission, all_permissions, permission_summary
from tests.pages import words_of
from tests.rules import domain_error


@pytest.fixture
def night_work(admin: User, manager: User) -> Iterator[Permission]:
    """A permission that comes with the next version. Acme, its roles and its people are older."""
    added = str.__new__(Permission, "work.night")
    added._name_, added._value_, added._label_ = "NIGHT_WORK", "work.night", "Work at night"
    Permission._member_map_["NIGHT_WORK"] = added
    Permission._value2member_map_["work.night"] = added
    Permission._member_names_.append("NIGHT_WORK")
    added.meaning = "Enter work after ten."
    yield added
    Permission._member_names_.remove("NIGHT_WORK")
    del Permission._value2member_map_["work.night"]
    del Permission._member_map_["NIGHT_WORK"]


def test_the_new_permission_exists(night_work: Permission) -> None:
    assert night_work in set(Permission)
    assert "work.night" in all_permissions()


def test_a_permission_added_later_reaches_the_org_admins(night_work: Permission, admin: User, manager: User) -> None:
    assert Membership.objects.get(user=admin).has_permission(night_work)
    assert not Membership.objects.get(user=manager).has_permission(night_work)
    assert [member.user for member in memberships_with_permission(night_work)] == [admin]


def test_an_org_admin_can_put_it_into_a_role_and_grant_that(night_work: Permission, admin: User, manager: User) -> None:
    by, other = Membership.objects.get(user=admin), Membership.objects.get(user=manager)

    saved = save_role(by, RoleDraft("Night owl", "", frozenset({"work.night"})))

    assert saved.permissions == ["work.night"]
    GrantableAccess(by).check_can_grant(AccessSelection(roles=(saved,)))
    with domain_error("beyond_permissions"):
        GrantableAccess(other).check_can_grant(AccessSelection(roles=(saved,)))


def test_the_page_offers_it_only_to_org_admins(
    night_work: Permission, admin: User, manager: User, client_of: Callable[..., Client]
) -> None:
    assert "Work at night Enter work after ten." in words_of(client_of(admin).get("/o/acme/roles/new/"))
    assert "Work at night" not in words_of(client_of(manager).get("/o/acme/roles/new/"))


def test_pages_show_that_org_admin_has_everything(night_work: Permission, acme: Organization) -> None:
    told = {role.name: permission_summary(role.allowed) for role in acme.roles.all()}
    assert told["Org Admin"] == "Everything"
    assert "work at night" not in told["Project manager"]


def test_a_custom_role_with_all_earlier_permissions_does_not_get_it(
    admin: User, acme: Organization, night_work: Permission
) -> None:
    boss = Role.objects.create(
        organization=acme, name="Boss", permissions=sorted(all_permissions() - {night_work.value})
    )
    assert night_work.value not in boss.allowed


def test_in_a_new_organization_only_org_admin_gets_it(night_work: Permission) -> None:
    roles = create_organization("Initech", "initech").roles
    holding = [role.name for role in roles.all() if night_work.value in role.allowed]
    assert holding == ["Org Admin"]


def test_a_project_manager_has_everything_except_inviting_managing_and_exporting_users(acme: Organization) -> None:
    assert acme.roles.get(name="Project manager").allowed == all_permissions() - {
        "users.invite",
        "users.manage",
        "users.export",
    }


def test_a_member_with_less_access_cannot_change_org_admins(
    night_work: Permission, admin: User, acme: Organization
) -> None:
    """Not even with all earlier permissions."""
    before = sorted(all_permissions() - {night_work.value})
    old_boss = Role.objects.create(organization=acme, name="Boss", permissions=before)
    membership = Membership.objects.get(user=admin)
    by = Membership.objects.create(user=User.objects.create_user("boss@example.com"), organization=acme, all_sites=True)
    by.roles.add(old_boss)

    assert not GrantableAccess(by).can_grant(AccessSelection.held_by(membership))


def test_an_organization_has_one_org_admin_role(acme: Organization) -> None:
    with pytest.raises(IntegrityError):
        Role.objects.create(organization=acme, name="Second", is_org_admin=True)


def test_nothing_is_stored_for_org_admin(acme: Organization) -> None:
    role = acme.roles.get(is_org_admin=True)
    assert (role.name, role.permissions, role.is_default) == ("Org Admin", [], True)
