"""Pages deep in a long list are exact, and found by index scans from the nearer end."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from itertools import pairwise, product

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from invites.directory.counts import count_users
from invites.directory.users import Status, UserFilter
from invites.directory.users_page import UsersPage, find_users_page
from invites.models import Invitation
from tests.invites.invitations.helpers import Invite
from tests.plans import plan_of

pytestmark = pytest.mark.servers

PEOPLE = 60


@pytest.fixture
def long_list(acme: Organization, invite: Invite, join: Callable[..., User]) -> Organization:
    """61 members and 60 invitations whose names alternate. All are copies of one member and one invitation."""
    names = {"first_name": "Name 00", "last_name": "Same"}
    member = join(acme, "member0@people.example.com", "ReadOnly", **names).memberships.get()
    pending = invite("invited0@people.example.com", **names)
    memberships, invitations = [], [pending]
    for number in range(1, PEOPLE):
        user = User(email=f"member{number}@people.example.com")
        membership, invitation = copy(member), copy(pending)
        membership.pk, membership.user = None, user
        invitation.pk, invitation.token_hash = None, f"{number}"
        invitation.email = invitation.email_key = f"invited{number}@people.example.com"
        for person in (user, membership, invitation):
            person.first_name, person.last_name = f"Name {number // 2:02}", "Same"
        memberships.append(membership)
        invitations.append(invitation)
    User.objects.bulk_create(membership.user for membership in memberships)
    Membership.objects.bulk_create(memberships)
    roles = [Membership.roles.through(membership=each, role=member.roles.get()) for each in memberships]
    Membership.roles.through.objects.bulk_create(roles)
    Invitation.objects.bulk_create(invitations[1:])
    expired = [invitation.pk for invitation in invitations[::3]]
    Invitation.objects.filter(pk__in=expired).update(expires_at=timezone.now() - timedelta(minutes=1))
    return acme


def page_of(organization: Organization, number: int, **wanted: object) -> tuple[list[str], int]:
    """The addresses on the page, and the length of the whole list."""
    narrowed = UserFilter(**wanted)  # type: ignore[arg-type]
    page = find_users_page(organization, narrowed, number=number, counts=count_users(organization, narrowed))
    return [person.email for person in page.object_list], page.paginator.count


@pytest.mark.parametrize("few", [1_000, 61, 0], ids=["found at once", "walked in part", "walked"])
def test_all_pages_together_list_everyone_by_name(
    long_list: Organization, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("invites.directory.counts.FEW", few)
    # Everyone, a search that matches everyone, and a search that matches some.
    for status, search in product([None, *Status], ["", "same", "1"]):
        members = [(user.person_key, user.email) for user in User.objects.filter(person_key__contains=search)]
        invited = [
            (each.person_key, each.email, Status.EXPIRED if each.is_expired else Status.PENDING)
            for each in Invitation.objects.filter(person_key__contains=search)
        ]
        expected = [(key, email) for key, email, is_now in invited if status in (None, is_now)]
        expected += members if status in (None, Status.ACTIVE) else []

        _, total = page_of(long_list, 1, status=status, search=search)
        pages = [page_of(long_list, number, status=status, search=search)[0] for number in range(1, total // 25 + 2)]

        listed = [email for page in pages for email in page]
        assert listed == [email for _, email in sorted(expected)], (status, search)
        assert total == len(expected)
        assert all(len(page) == 25 for page in pages[:-1])


# --- Links name the person at the edge --------------------------------------------------------------


def follow(organization: Organization, page: UsersPage, link: str, **wanted: object) -> UsersPage:
    """The page that the link "to_next" or "to_previous" leads to."""
    narrowed = UserFilter(**wanted)  # type: ignore[arg-type]
    name, _, edge = getattr(page, link).partition("=")
    number = page.number + (1 if name == "after" else -1)
    counts = count_users(organization, narrowed)
    return find_users_page(organization, narrowed, number=number, counts=counts, **{name: edge})


@pytest.mark.parametrize("search", ["", "same"])
def test_links_lead_to_the_same_pages_as_numbers(
    long_list: Organization, monkeypatch: pytest.MonkeyPatch, search: str
) -> None:
    monkeypatch.setattr("invites.directory.counts.FEW", 0)
    narrowed = UserFilter(search=search)
    counts = count_users(long_list, narrowed)
    pages = [find_users_page(long_list, narrowed, number=number, counts=counts) for number in range(1, 6)]

    for page, behind in pairwise(pages):
        with CaptureQueriesContext(connection) as captured:
            assert follow(long_list, page, "to_next", search=search).object_list == behind.object_list
        assert follow(long_list, behind, "to_previous", search=search).object_list == page.object_list
        assert "LIMIT 25" in the_walk(captured) or page.number == 4, "Nobody is skipped"


def test_a_page_is_found_by_its_number_once_people_changed(long_list: Organization) -> None:
    def second() -> list[str]:
        return page_of(long_list, 2)[0]

    everyone = UserFilter()
    first = find_users_page(long_list, everyone, number=1, counts=count_users(long_list, everyone))
    edge = first.object_list[-1]

    assert follow(long_list, first, "to_next").object_list[0].email == second()[0]
    # Renamed, so that they are at the end of the list.
    assert edge.membership
    same = Membership.objects.filter(pk=edge.pk)
    same.update(person_key="zzz")
    assert [each.email for each in follow(long_list, first, "to_next").object_list] == second()
    same.delete()
    assert [each.email for each in follow(long_list, first, "to_next").object_list] == second()


@pytest.mark.parametrize("edge", ["", "m", "m1", "x1.abc", "m0.abc", "m99999999999999999999.0", "i1.", "m1.abc"])
def test_an_invalid_edge_is_ignored(
    long_list: Organization, client_of: Callable[[User | None], Client], admin: User, edge: str
) -> None:
    client = client_of(admin)
    for name in ("after", "before"):
        lines = client.get(f"/o/acme/users/?page=2&{name}={edge}").context["lines"]
        assert [line["person"].email for line in lines] == page_of(long_list, 2)[0]


def test_an_edge_is_ignored_after_the_number_was_changed_by_hand(
    long_list: Organization, client_of: Callable[[User | None], Client], admin: User
) -> None:
    client = client_of(admin)
    edge = client.get("/o/acme/users/").context["page"].to_next.removeprefix("after=")

    lines = client.get("/o/acme/users/", {"page": 4, "after": edge}).context["lines"]
    assert [line["person"].email for line in lines] == page_of(long_list, 4)[0]


def test_the_last_page_is_read_from_the_end(long_list: Organization) -> None:
    with CaptureQueriesContext(connection) as captured:
        page_of(long_list, 5)

    walk = the_walk(captured)
    assert walk.count(" DESC") >= 2
    assert "OFFSET" not in walk.rpartition("ORDER BY")[2]


# --- Query plans ------------------------------------------------------------------------------------


def reads_an_index_alone(plan: str) -> bool:
    """Index scans of invitations, without the few declined ones. PostgreSQL and SQLite name them differently."""
    said = [line for line in plan.splitlines() if re.search(r"\binvites_invitation\b", line) and "declined" not in line]
    return len(said) == 1 and ("Index Only Scan" in said[0] or "COVERING INDEX" in said[0])


def the_walk(captured: CaptureQueriesContext) -> str:
    (walk,) = [query["sql"] for query in captured if " LIMIT " in query["sql"] and "place" in query["sql"]]
    return walk


@pytest.mark.parametrize("few", [1_000, 61, 0], ids=["found at once", "walked in part", "walked"])
def test_filters_find_the_same_people_in_either_way(
    long_list: Organization, sites: list[Site], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("invites.directory.counts.FEW", few)
    role, other = Role.objects.get(organization=long_list, name="ReadOnly"), sites[2]
    # Everybody has the role, and members have all sites. Invitations are for the first two sites.
    assert page_of(long_list, 1, role=role)[1] == 2 * PEOPLE
    assert page_of(long_list, 1, role=role, site=other)[1] == PEOPLE
    Membership.objects.filter(user__email__startswith="member1").update(deactivated_at=timezone.now())
    for search, count in (("", 11), ("member1@", 1), ("name", 11)):
        for wanted in ({"role": role}, {"site": other}, {"role": role, "site": other}):
            listed, total = page_of(long_list, 1, status=Status.DEACTIVATED, search=search, **wanted)
            assert len(listed) == total == count, (search, wanted)
    admin_role = Role.objects.get(organization=long_list, name="Org Admin")
    assert page_of(long_list, 1, role=admin_role)[0] == ["admin@example.com"]


@pytest.mark.django_db(transaction=True)
def test_skipping_invitations_reads_no_rows(long_list: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invites.directory.counts.FEW", 0)
    for status, search in product([Status.PENDING, Status.EXPIRED], ["", "same"]):
        with CaptureQueriesContext(connection) as captured:
            page_of(long_list, 1, status=status, search=search)

        plan = plan_of(the_walk(captured))
        assert reads_an_index_alone(plan), (status, search)
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan


@pytest.mark.django_db(transaction=True)
def test_members_and_invitations_are_merged_and_not_sorted(long_list: Organization) -> None:
    with CaptureQueriesContext(connection) as captured:
        page_of(long_list, 2)

    plan = plan_of(the_walk(captured))
    assert reads_an_index_alone(plan)
    assert "Merge Append" in plan or "MERGE (UNION ALL)" in plan
    assert "TEMP B-TREE" not in plan.partition("RIGHT\n")[2]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("few", [1_000, 0])
@pytest.mark.parametrize("narrow", ["", "search", "role", "site", "role and site", "role, site and search"])
def test_the_counts_of_the_tabs_read_no_row(
    long_list: Organization, sites: list[Site], monkeypatch: pytest.MonkeyPatch, narrow: str, few: int
) -> None:
    monkeypatch.setattr("invites.directory.counts.FEW", few)
    with CaptureQueriesContext(connection) as captured:
        count_users(long_list, filter_by(narrow, long_list, sites))

    asked = [query["sql"] for query in captured if re.search(r'FROM "invites_invitation".*\'pending\'', query["sql"])]
    assert asked
    for each in asked:
        # For so few names, PostgreSQL may prefer a smaller index.
        assert reads_an_index_alone(plan_of(each)) or ("LIKE" in each and connection.vendor == "postgresql"), each


@pytest.mark.parametrize("few", [1_000, 0])
@pytest.mark.parametrize("narrow", ["role", "site", "role and site"])
def test_members_with_a_role_or_a_site_are_counted_without_looking_at_all_others(
    long_list: Organization, sites: list[Site], monkeypatch: pytest.MonkeyPatch, narrow: str, few: int
) -> None:
    monkeypatch.setattr("invites.directory.counts.FEW", few)
    with CaptureQueriesContext(connection) as captured:
        count_users(long_list, filter_by(narrow, long_list, sites))

    of_members = [query["sql"] for query in captured if 'FROM "accounts_membership" ' in query["sql"]]
    for each in of_members:
        # Few members are deactivated or have all sites, and both have an index.
        are_few = '"deactivated_at" IS NOT NULL' in each or ('"all_sites"' in each and " OR " not in each)
        assert are_few, each
    assert any('FROM "accounts_membership_' in query["sql"] for query in captured)


@pytest.mark.django_db(transaction=True)
def test_members_with_all_sites_are_found_in_an_index_alone(long_list: Organization, sites: list[Site]) -> None:
    with CaptureQueriesContext(connection) as captured:
        count_users(long_list, filter_by("site", long_list, sites))

    (links,) = [
        query["sql"] for query in captured if 'COUNT(*) AS "__count" FROM "accounts_membership_sites"' in query["sql"]
    ]
    plan = plan_of(links)
    assert re.search(r"(Index Only Scan using|COVERING INDEX) all_sites_member", plan), plan


def test_many_with_a_role_and_a_site_are_looked_at_one_after_the_other(
    long_list: Organization, sites: list[Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the page is full: the database needn't find everyone with the role first."""
    monkeypatch.setattr("invites.directory.counts.FEW", 0)
    with CaptureQueriesContext(connection) as captured:
        wanted = filter_by("role and site", long_list, sites)
        find_users_page(long_list, wanted, number=1, counts=count_users(long_list, wanted))

    of_members = the_walk(captured).partition("UNION ALL")[0]
    assert of_members.count("EXISTS") == 2
    assert "IN (SELECT" not in of_members


def filter_by(names: str, organization: Organization, sites: list[Site]) -> UserFilter:
    return UserFilter(
        search="same" if "search" in names else "",
        role=organization.roles.get(name="ReadOnly") if "role" in names else None,
        site=sites[0] if "site" in names else None,
    )


def test_only_the_rows_of_one_page_are_loaded(
    long_list: Organization, client_of: Callable[[User | None], Client], admin: User
) -> None:
    client = client_of(admin)
    client.get("/o/acme/users/")

    def statements(number: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(client.get("/o/acme/users/", {"page": number}).context["lines"]) == 25
        return len(captured)

    assert statements(1) == statements(2) == statements(4)


@pytest.mark.django_db(transaction=True)
def test_deactivated_members_are_found_and_counted_by_their_own_index(long_list: Organization) -> None:
    off = long_list.memberships.filter(user__email__startswith="member1")
    off.update(deactivated_at=timezone.now())

    with CaptureQueriesContext(connection) as captured:
        addresses, total = page_of(long_list, 1, status=Status.DEACTIVATED)

    assert set(addresses) == {member.email for member in off}
    assert total == len(addresses) == 11
    (counting,) = [query["sql"] for query in captured if "COUNT(*)" in query["sql"] and "NOT NULL" in query["sql"]]
    for plan in (plan_of(counting), plan_of(the_walk(captured))):
        assert "deactivated_by_name" in plan


@pytest.mark.parametrize("query", ["", "q=same", "status=active", "status=expired&q=name", "role", "site", "role&q=1"])
def test_more_people_take_no_more_queries(
    long_list: Organization, ines: Client, sites: list[Site], monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    role = Role.objects.get(organization=long_list, name="ReadOnly").pk
    address = f"/o/acme/users/?{query.replace('role', f'role={role}').replace('site', f'site={sites[0].pk}')}"
    ines.get(address)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            ines.get(address)
        return len(captured)

    for few in (1_000, 0):
        monkeypatch.setattr("invites.directory.counts.FEW", few)
        many = statements()
        assert many <= 34
        # One page of members and invitations is left.
        keep = [0, 1, 2, PEOPLE - 2, PEOPLE - 1]
        with transaction.atomic():
            Invitation.objects.exclude(email__in=[f"invited{number}@people.example.com" for number in keep]).delete()
            kept = [f"member{number}@people.example.com" for number in keep]
            Membership.objects.exclude(user__email__in=["admin@example.com", *kept]).delete()
            assert statements() == many
            transaction.set_rollback(True)
