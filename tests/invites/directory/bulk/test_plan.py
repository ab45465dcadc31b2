"""The review counts exactly what is done afterwards, by anybody and for every kind of change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.errors import AccessDenied
from accounts.models import Membership, Organization, Role, User
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.plan import plan_for
from invites.directory.bulk.selection import Selection
from invites.directory.users import Status, UserFilter
from invites.models import Invitation, Outcome
from tests.databases import undone
from tests.invites.directory.bulk.conftest import People
from tests.invites.directory.bulk.helpers import finish, outcomes, roles_change, sites_change, start_for

CHANGES: dict[str, Callable[[People], BulkChange]] = {
    "add a role": lambda people: roles_change("add", people.roles["Auditor"]),
    "add two roles": lambda people: roles_change("add", people.roles["Auditor"], people.roles["ReadOnly"]),
    "remove a role": lambda people: roles_change("remove", people.roles["Auditor"]),
    "remove two roles": lambda people: roles_change("remove", people.roles["Auditor"], people.roles["Org Admin"]),
    "replace roles": lambda people: roles_change("replace", people.roles["ReadOnly"]),
    "replace by two roles": lambda people: roles_change("replace", people.roles["ReadOnly"], people.roles["Auditor"]),
    "add a site": lambda people: sites_change("add", people.sites[0]),
    "add two sites": lambda people: sites_change("add", *people.sites[:2]),
    "add all sites": lambda _: sites_change("add", all_sites=True),
    "remove a site": lambda people: sites_change("remove", people.sites[0]),
    "replace sites": lambda people: sites_change("replace", people.sites[0]),
    "replace by all sites": lambda _: sites_change("replace", all_sites=True),
    **{kind.value: lambda _, kind=kind: BulkChange(kind) for kind in Kind if kind not in (Kind.ROLES, Kind.SITES)},  # type: ignore[misc]
}


STARTERS = {
    "an admin": (["Org Admin"], None),
    "an admin of two sites": (["Org Admin"], 2),
    "who only manages": (["Manager", "ReadOnly", "Auditor"], None),
    "who only invites": (["Inviter", "ReadOnly", "Auditor"], None),
}


@pytest.fixture
def starter_of(people: People, acme: Organization, join: Callable[..., User]) -> Callable[[str], Membership]:
    Role.objects.create(organization=acme, name="Manager", permissions=["users.view", "users.manage"])
    Role.objects.create(organization=acme, name="Inviter", permissions=["users.view", "users.invite"])

    def starter_of(name: str) -> Membership:
        roles, sites = STARTERS[name]
        chosen = None if sites is None else people.sites[:sites]
        return join(acme, "starter@example.com", *roles, sites=chosen).memberships.get()

    return starter_of


@pytest.mark.parametrize("who", STARTERS)
def test_the_review_says_what_is_done(people: People, starter_of: Callable[[str], Membership], who: str) -> None:
    by = starter_of(who)
    refused = [name for name, change in CHANGES.items() if not with_the_review(by.pk, people, change(people), name)]

    assert who != "an admin" or refused == []


def with_the_review(by_pk: int, people: People, change: BulkChange, name: str) -> bool:
    """Whether they may do it. If so, the review must say what is done. Afterwards, everybody is as before."""
    by = Membership.objects.get(pk=by_pk)
    with undone():
        size = len(people.members) + len(people.invitations)
        try:
            action = start_for(by, change, members=people.members, invitations=people.invitations, chunk=1_000)
        except AccessDenied:
            return False

        plan = plan_for(by, change, Selection.matching(by, UserFilter()))
        finish(action)

        assert action.counts == {str(outcome): count for outcome, count in plan.outcomes.items()}, name
        assert action.total == action.done == plan.selected == size, name
        assert Counter(outcomes(action).values()) == action.counts, name
        return True


def test_numbers_add_up_by_status(people: People) -> None:
    plan = plan_for(people.by, CHANGES["add a role"](people), Selection.matching(people.by, UserFilter()))

    assert plan.outcomes == {Outcome.CHANGED: 8, Outcome.SAME: 4, Outcome.DECLINED: 1}
    assert plan.changed_by_status() == {Status.ACTIVE: 5, Status.PENDING: 2, Status.EXPIRED: 1}
    assert plan.selected == 13


def test_a_plan_takes_the_same_queries_for_many_people(
    people: People, invite: Callable[..., Invitation], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Each invitation has a grant of its own."""
    for number in range(30):
        invite(f"more{number}@people.example.com")
    for change in CHANGES.values():
        with django_assert_max_num_queries(16):
            plan_for(people.by, change(people), Selection.matching(people.by, UserFilter()))
