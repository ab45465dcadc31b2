"""Pages deep in a long list are exact, and found by index scans from the nearer end."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from itertools import pairwise, product

import pytest
from django.db import connection
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


# Values of `counts.FEW`, with which the ids of all people, of some, or of none are kept in memory to find a page.
WAYS = (1_000, 61, 0)


def test_all_pages_together_list_everyone_by_name(long_list: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    # Everyone, a search that matches everyone, and a search that matches some.
    for status, search in product([None, *Status], ["", "same", "1"]):
        members = [(user.person_key, user.email) for user in User.objects.filter(person_key__contains=search)]
        invited = [
            (each.person_key, each.email, Status.EXPIRED if each.is_expired else Status.PENDING)
            for each in Invitation.objects.filter(person_key__contains=search)
        ]
        expected = [(key, email) for key, email, is_now in invited if status in (None, is_now)]
        expected += members if status in (None, Status.ACTIVE) else []

        for few in WAYS:
            monkeypatch.setattr("invites.directory.counts.FEW", few)
            first, total = page_of(long_list, 1, status=status, search=search)
            others = [
                page_of(long_list, number, status=status, search=search)[0] for number in range(2, total // 25 + 2)
            ]
            pages = [first, *others]

            listed = [email for page in pages for email in page]
            assert listed == [email for _, email in sorted(expected)], (status, search, few)
            assert total == len(expected), (status, search, few)
            assert all(len(page) == 25 for page in pages[:-1]), (status, search, few)


# --- Links name the person at the edge --------------------------------------------------------------


def follow(organization: Organization, page: UsersPage, link: str, **wanted: object) -> UsersPage:
    """The page that the link "to_next" or "to_previous" leads to."""
    narrowed = UserFilter(**wanted)  # type: ignore[arg-type]
    name, _, edge = getattr(page, link).partition("=")
    number = page.number + (1 if name == "after" else -1)
    counts = count_users(organization, narrowed)
    return find_users_page(organization, narrowed, number=number, counts=counts, **{name: edge})


def test_links_lead_to_the_same_pages_as_numbers(long_list: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invites.directory.counts.FEW", 0)
    for search in ("", "same"):
        narrowed = UserFilter(search=search)
        counts = count_users(long_list, narrowed)
        pages = [find_users_page(long_list, narrowed, number=number, counts=counts) for number in range(1, 6)]

        for page, behind in pairwise(pages):
            with CaptureQueriesContext(connection) as captured:
                assert follow(long_list, page, "to_next", search=search).object_list == behind.object_list, search
            assert follow(long_list, behind, "to_previous", search=search).object_list == page.object_list, search
            assert "LIMIT 25" in the_walk(captured) or page.number == 4, ("Nobody is skipped", search)


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


def test_an_invalid_edge_is_ignored(long_list: Organization) -> None:
    everyone, second = UserFilter(), page_of(long_list, 2)[0]
    counts = count_users(long_list, everyone)
    for edge in ("", "m", "m1", "x1.abc", "m0.abc", "m99999999999999999999.0", "i1.", "m1.abc"):
        for after, before in ((edge, ""), ("", edge)):
            page = find_users_page(long_list, everyone, number=2, counts=counts, after=after, before=before)
            assert [person.email for person in page.object_list] == second, (after, before)


def test_an_edge_is_ignored_after_the_number_was_changed_by_hand(
    long_list: Organization, client_of: Callable[[User | None], Client], admin: User
) -> None:
    client = client_of(admin)
    edge = client.get("/o/acme/users/").context["page"].to_next.removeprefix("after=")

    for name in ("after", "before"):
        lines = client.get("/o/acme/users/", {"page": 4, name: edge}).context["lines"]
        assert [line["person"].email for line in lines] == page_of(long_list, 4)[0], name


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


def test_filters_find_the_same_people_in_either_way(
    long_list: Organization, sites: list[Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    role, other = Role.objects.get(organization=long_list, name="ReadOnly"), sites[2]
    admin_role = Role.objects.get(organization=long_list, name="Org Admin")
    for few in WAYS:
        monkeypatch.setattr("invites.directory.counts.FEW", few)
        Membership.objects.update(deactivated_at=None)
        # Everybody has the role, and members have all sites. Invitations are for the first two sites.
        assert page_of(long_list, 1, role=role)[1] == 2 * PEOPLE, few
        assert page_of(long_list, 1, role=role, site=other)[1] == PEOPLE, few
        Membership.objects.filter(user__email__startswith="member1").update(deactivated_at=timezone.now())
        for search, count in (("", 11), ("member1@", 1), ("name", 11)):
            for wanted in ({"role": role}, {"site": other}, {"role": role, "site": other}):
                listed, total = page_of(long_list, 1, status=Status.DEACTIVATED, search=search, **wanted)
                assert len(listed) == total == count, (search, wanted, few)
        assert page_of(long_list, 1, role=admin_role)[0] == ["admin@example.com"], few


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
def test_the_counts_of_the_tabs_read_no_row(
    long_list: Organization, sites: list[Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrowed = ("", "search", "role", "site", "role and site", "role, site and search")
    for few, narrow in product((1_000, 0), narrowed):
        monkeypatch.setattr("invites.directory.counts.FEW", few)
        with CaptureQueriesContext(connection) as captured:
            count_users(long_list, filter_by(narrow, long_list, sites))

        found = [re.search(r'FROM "invites_invitation".*\'pending\'', query["sql"]) for query in captured]
        asked = [match.string for match in found if match]
        assert asked, (narrow, few)
        for each in asked:
            # For so few names, PostgreSQL may prefer a smaller index.
            is_like = "LIKE" in each and connection.vendor == "postgresql"
            assert reads_an_index_alone(plan_of(each)) or is_like, (narrow, few, each)


def test_members_with_a_role_or_a_site_are_counted_without_looking_at_all_others(
    long_list: Organization, sites: list[Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    for few, narrow in product((1_000, 0), ("role", "site", "role and site")):
        monkeypatch.setattr("invites.directory.counts.FEW", few)
        with CaptureQueriesContext(connection) as captured:
            count_users(long_list, filter_by(narrow, long_list, sites))

        of_members = [query["sql"] for query in captured if 'FROM "accounts_membership" ' in query["sql"]]
        for each in of_members:
            # Few members are deactivated or have all sites, and both have an index.
            are_few = '"deactivated_at" IS NOT NULL' in each or ('"all_sites"' in each and " OR " not in each)
            assert are_few, (narrow, few, each)
        assert any('FROM "accounts_membership_' in query["sql"] for query in captured), (narrow, few)


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


def test_more_people_take_no_more_queries(
    long_list: Organization, ines: Client, sites: list[Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    role, site = Role.objects.get(organization=long_list, name="ReadOnly").pk, sites[0].pk
    queries = [
        "",
        "q=same",
        "status=active",
        "status=expired&q=name",
        f"role={role}",
        f"site={site}",
        f"role={role}&q=1",
    ]
    ines.get("/o/acme/users/")

    def statements(few: int, query: str) -> int:
        monkeypatch.setattr("invites.directory.counts.FEW", few)
        with CaptureQueriesContext(connection) as captured:
            ines.get(f"/o/acme/users/?{query}")
        return len(captured)

    many = {case: statements(*case) for case in product((1_000, 0), queries)}
    assert max(many.values()) <= 34, many
    # One page of members and invitations is left.
    keep = [0, 1, 2, PEOPLE - 2, PEOPLE - 1]
    Invitation.objects.exclude(email__in=[f"invited{number}@people.example.com" for number in keep]).delete()
    kept = [f"member{number}@people.example.com" for number in keep]
    Membership.objects.exclude(user__email__in=["admin@example.com", *kept]).delete()
    assert {case: statements(*case) for case in many} == many
