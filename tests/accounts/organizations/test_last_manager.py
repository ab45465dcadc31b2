"""An organization always keeps one active member with all sites who can both invite and manage users.

Tested on pages, with commands, on the operators' site, and for each pair of changes made at the same time.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import admin as operators_site
from accounts.errors import ServiceError
from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import (
    change_membership,
    check_may_deactivate,
    check_somebody_manages,
    deactivate_membership,
    remove_membership,
)
from accounts.organizations.roles import RoleDraft, save_role
from accounts.permissions import USER_ADMINISTRATION
from tests.concurrency import at_once, unexpected
from tests.members import PASSWORD
from tests.pages import words_of
from tests.rules import domain_error

ClientOf = Callable[[User | None], Client]


def managers_of(organization: Organization) -> int:
    members = organization.memberships.filter(user__is_active=True, deactivated_at=None, all_sites=True)
    return sum(member.permissions() >= USER_ADMINISTRATION for member in members)


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@example.org", PASSWORD)


def shut(client: Client, user: User) -> Any:
    """The operator clears *Active* for an account."""
    form = {"first_name": user.first_name, "last_name": user.last_name, "_save": "Save"}
    return client.post(reverse("admin:accounts_user_change", args=[user.pk]), form)


# --- Operators ------------------------------------------------------------------------------------------


def test_an_operator_cannot_deactivate_the_last_manager(
    operator: User, admin: User, manager: User, client_of: ClientOf
) -> None:
    answer = shut(client_of(operator), admin)

    assert (
        "Ines Martin is the only person with access to all sites who can invite and manage users of Acme."
        in words_of(answer)
    )
    assert User.objects.get(pk=admin.pk).is_active


def test_an_operator_can_deactivate_one_of_two_managers(
    operator: User, admin: User, colleague: Membership, acme: Organization, client_of: ClientOf
) -> None:
    assert shut(client_of(operator), admin).status_code == 302
    assert not User.objects.get(pk=admin.pk).is_active
    assert managers_of(acme) == 1
    with domain_error("last_manager"):
        check_may_deactivate(colleague.user)


def test_a_user_who_manages_nobody_can_be_deactivated(
    operator: User, admin: User, manager: User, member: User, client_of: ClientOf
) -> None:
    for user in (manager, member):
        assert shut(client_of(operator), user).status_code == 302
        assert not User.objects.get(pk=user.pk).is_active


def test_every_organization_of_the_account_counts(
    admin: User, colleague: Membership, globex: Organization, join: Callable[..., User]
) -> None:
    other = Membership.objects.create(user=admin, organization=globex, all_sites=True)
    other.roles.set(globex.roles.filter(is_org_admin=True))
    with domain_error("last_manager", match="Globex"):
        check_may_deactivate(admin)


def test_the_operators_site_does_nothing_to_many_at_once(operator: User) -> None:
    request = RequestFactory().get("/")
    request.user = operator
    for model in (User, Organization, Role, Membership):
        assert not django_admin.site._registry[model].get_actions(request)


def test_no_organization_is_created_for_a_deactivated_account(admin: User, colleague: Membership) -> None:
    User.objects.filter(pk=admin.pk).update(is_active=False)
    with pytest.raises(CommandError, match="is deactivated"):
        call_command("create_organization", "Initech", "--slug", "initech", "--admin", admin.email)
    assert not Organization.objects.filter(slug="initech").exists()


# --- All sites ------------------------------------------------------------------------------------------


def test_a_manager_of_some_sites_is_not_enough(
    operator: User,
    admin: User,
    admin_membership: Membership,
    limited: Membership,
    acme: Organization,
    client_of: ClientOf,
) -> None:
    """Nobody could grant all sites again."""
    few = AccessSelection.of(admin_membership.roles.all(), limited.sites.all())
    attempts: list[Callable[[], object]] = [
        lambda: change_membership(admin_membership, admin_membership, few, confirmed=True),
        lambda: remove_membership(admin_membership, admin_membership),
        lambda: check_may_deactivate(admin),
    ]
    for attempt in attempts:
        with domain_error(
            "last_manager", match="the only person with access to all sites who can invite and manage users"
        ):
            attempt()
    shut(client_of(operator), admin)

    assert managers_of(acme) == 1


def test_a_role_of_the_last_one_with_all_sites_keeps_its_permissions(
    acme: Organization, admin_membership: Membership, limited: Membership
) -> None:
    boss = Role.objects.create(organization=acme, name="Boss", permissions=sorted(admin_membership.permissions()))
    admin_membership.roles.set([boss])

    with domain_error("last_manager"):
        save_role(admin_membership, RoleDraft("Boss", "", frozenset({"roles.manage", "users.invite"})), boss)


def test_several_roles_add_up(acme: Organization, admin_membership: Membership, join: Callable[..., User]) -> None:
    for permission in sorted(USER_ADMINISTRATION):
        Role.objects.create(organization=acme, name=permission, permissions=[permission])
    join(acme, "half@example.com", "users.invite")
    with domain_error("last_manager"):
        remove_membership(admin_membership, admin_membership)
    join(acme, "whole@example.com", *sorted(USER_ADMINISTRATION))

    remove_membership(admin_membership, admin_membership)


def test_the_last_manager_counts_among_many_members(
    acme: Organization, admin_membership: Membership, colleague: Membership, join: Callable[..., User]
) -> None:
    counts = []
    for number in range(3):
        with CaptureQueriesContext(connection) as queries:
            check_somebody_manages(acme)
        counts.append(len(queries))
        join(acme, f"member{number}@example.com", "Org Admin")
    assert counts == [2, 2, 2]


# --- At the same time ------------------------------------------------------------------------------------


@pytest.fixture
def boss(acme: Organization, join: Callable[..., User]) -> Membership:
    """Has every permission through a custom role of Acme, which can be edited."""
    every = sorted(acme.roles.get(is_org_admin=True).allowed)
    Role.objects.create(organization=acme, name="Boss", permissions=every)
    return join(acme, "boss@example.com", "Boss").memberships.get()


@pytest.fixture
def _both_look_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each check that passes wait until the other one has run, unless a lock keeps that from running."""
    gate = threading.Barrier(2)

    def then_wait(look: Callable[..., None]) -> Callable[..., None]:
        def looked(*args: Any) -> None:
            look(*args)
            with contextlib.suppress(threading.BrokenBarrierError):
                gate.wait(1)

        return looked

    monkeypatch.setattr("accounts.organizations.members.check_somebody_manages", then_wait(check_somebody_manages))
    monkeypatch.setattr("accounts.organizations.roles.check_somebody_manages", then_wait(check_somebody_manages))
    monkeypatch.setattr(operators_site, "check_may_deactivate", then_wait(check_may_deactivate))


PAIRS = [
    "remove each other",
    "deactivate each other",
    "deactivate and be removed",
    "deactivate and be demoted",
    "deactivate and be shut out",
    "demote each other",
    "leave",
    "give it up",
    "give up all sites",
    "take each other's sites",
    "remove and be shut out",
    "both shut out",
    "leave while the other's role is edited",
]


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_both_look_first")
@pytest.mark.parametrize("pair", PAIRS)
def test_one_of_two_concurrent_changes_is_refused(
    pair: str, acme: Organization, admin: User, boss: Membership, operator: User, client_of: ClientOf
) -> None:
    first, second = Membership.objects.get(user=admin), boss
    clerk = AccessSelection.of([acme.roles.get(name="ReadOnly")], all_sites=True)
    few = AccessSelection.of([acme.roles.get(is_org_admin=True)], acme.sites.all()[:1])
    less = RoleDraft("Boss", "", frozenset({"roles.manage", "users.invite"}))
    role = acme.roles.get(name="Boss")
    operators = [client_of(operator), client_of(operator)]
    jobs: dict[str, list[Callable[[], object]]] = {
        "remove each other": [
            lambda: remove_membership(first, second),
            lambda: remove_membership(second, first),
        ],
        "deactivate each other": [
            lambda: deactivate_membership(first, second),
            lambda: deactivate_membership(second, first),
        ],
        "deactivate and be removed": [
            lambda: deactivate_membership(first, second),
            lambda: remove_membership(second, first),
        ],
        "deactivate and be demoted": [
            lambda: deactivate_membership(first, second),
            lambda: change_membership(second, first, clerk),
        ],
        "deactivate and be shut out": [
            lambda: deactivate_membership(first, second),
            lambda: shut(operators[0], admin),
        ],
        "demote each other": [
            lambda: change_membership(first, second, clerk),
            lambda: change_membership(second, first, clerk),
        ],
        "leave": [
            lambda: remove_membership(first, first),
            lambda: remove_membership(second, second),
        ],
        "give it up": [
            lambda: change_membership(first, first, clerk, confirmed=True),
            lambda: change_membership(second, second, clerk, confirmed=True),
        ],
        "give up all sites": [
            lambda: change_membership(first, first, few),
            lambda: change_membership(second, second, few),
        ],
        "take each other's sites": [
            lambda: change_membership(first, second, few),
            lambda: change_membership(second, first, few),
        ],
        "remove and be shut out": [
            lambda: remove_membership(first, second),
            lambda: shut(operators[0], admin),
        ],
        "both shut out": [lambda: shut(operators[0], admin), lambda: shut(operators[1], boss.user)],
        "leave while the other's role is edited": [
            lambda: remove_membership(first, first),
            lambda: save_role(second, less, role),
        ],
    }

    results = at_once(*jobs[pair])

    assert unexpected(results) == []
    refused = [each for each in results if isinstance(each, ServiceError) or getattr(each, "status_code", 302) == 200]
    assert len(refused) == 1, results
    assert managers_of(acme) == 1
