"""If you can't grant it, you can't change it: members, roles and sites. New services must be added here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

import accounts
from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import (
    change_membership,
    deactivate_membership,
    reactivate_membership,
    remove_membership,
)
from accounts.organizations.roles import RoleDraft, delete_role, save_role
from accounts.organizations.sites import delete_site, save_site
from tests.modules import public_functions
from tests.rules import domain_error


@pytest.fixture
def lesser(acme: Organization, sites: list[Site], join: Callable[..., User]) -> Membership:
    """Manages users, roles and sites, with access only to Lyon depot."""
    powers = ["users.view", "users.manage", "roles.manage", "sites.manage"]
    Role.objects.create(organization=acme, name="Keeper", permissions=powers)
    return join(acme, "lesser@example.com", "Keeper", sites=sites[:1]).memberships.get()


def nothing_much(by: Membership) -> AccessSelection:
    return AccessSelection.of(by.roles.all(), by.sites.all())


ACTIONS: dict[str, Callable[[Membership, Membership, Role, Site], object]] = {
    "members.change_membership": lambda by, admin, role, site: change_membership(by, admin, nothing_much(by)),
    "members.deactivate_membership": lambda by, admin, role, site: deactivate_membership(by, admin),
    "members.reactivate_membership": lambda by, admin, role, site: reactivate_membership(by, admin),
    "members.remove_membership": lambda by, admin, role, site: remove_membership(by, admin),
    "roles.save_role": lambda by, admin, role, site: save_role(by, RoleDraft("X", "", frozenset()), role),
    "roles.delete_role": lambda by, admin, role, site: delete_role(by, role),
    "sites.save_site": lambda by, admin, role, site: save_site(by, name="X", country="", site=site),
    "sites.delete_site": lambda by, admin, role, site: delete_site(by, site),
}
# These are the rule itself, ask about it, or keep to it for others.
INSIDE = {"members.check_can_manage_member", "roles.check_can_change", "sites.check_can_change"}
INSIDE |= {"members.why_not_change_member", "sites.why_not_change", "role_access.check_may_change_permissions"}


def found_actions() -> Iterator[str]:
    """The services with a parameter `by` and one for a member, a role or a site."""
    things = {"Membership", "Role", "Role | None", "Site", "Site | None"}
    for name, function in public_functions(accounts):
        kinds = {key: str(each.annotation) for key, each in inspect.signature(function).parameters.items()}
        if kinds.pop("by", "") == "Membership" and things & set(kinds.values()):
            yield name


def everything() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in (Membership, Role, Site)]


def test_every_action_is_listed() -> None:
    assert set(found_actions()) == ACTIONS.keys() | INSIDE


@pytest.mark.parametrize("action", ACTIONS)
def test_a_service_refuses_access_that_the_user_cannot_grant(
    action: str,
    lesser: Membership,
    admin_membership: Membership,
    colleague: Membership,
    night_shift: Role,
    sites: list[Site],
) -> None:
    before = everything()

    with domain_error("beyond_permissions"):
        ACTIONS[action](lesser, admin_membership, night_shift, sites[2])

    assert everything() == before


@pytest.mark.parametrize("how", ["removed", "deactivated"])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_service_refuses_a_member_who_lost_access_in_the_meantime(
    action: str, how: str, lesser: Membership, admin_membership: Membership, night_shift: Role, sites: list[Site]
) -> None:
    if how == "removed":
        Membership.objects.get(pk=lesser.pk).delete()
    else:
        Membership.objects.filter(pk=lesser.pk).update(deactivated_at=timezone.now())

    with domain_error("not_allowed"):
        ACTIONS[action](lesser, admin_membership, night_shift, sites[0])
