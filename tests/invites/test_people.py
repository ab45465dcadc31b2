"""What the list of users says about the access and the activity of a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from invites.directory.row_texts import brief_roles, brief_sites, invited, last_seen
from invites.directory.users import Person, Status
from invites.templatetags.people import day
from invites.wording import moment

NOW = datetime(2026, 11, 12, 14, 2, tzinfo=UTC)


def person(*, roles: tuple[str, ...] = (), sites: tuple[str, ...] = (), all_sites: bool = False) -> Person:
    return Person(
        key="m1",
        pk=1,
        status=Status.ACTIVE,
        name="Ann Lee",
        email="ann@example.com",
        description="",
        roles=roles,
        sites=sites,
        all_sites=all_sites,
        active_at=None,
        invited_at=None,
        undelivered="",
    )


@pytest.mark.parametrize(
    ("roles", "text"), [((), "None"), (("Auditor",), "Auditor"), (("Auditor", "ReadOnly"), "Auditor + 1")]
)
def test_names_the_first_role(roles: tuple[str, ...], text: str) -> None:
    assert brief_roles(person(roles=roles)) == text


@pytest.mark.parametrize(
    ("sites", "text"),
    [
        ((), "None"),
        (("Lyon",), "Lyon"),
        (("Lyon", "Porto"), "Lyon, Porto"),
        (("Lyon depot north", "Porto yard"), "Lyon depot north + 1 more"),
        (("Lyon", "Porto", "Turin"), "Lyon + 2 more"),
    ],
)
def test_names_as_many_sites_as_fit(sites: tuple[str, ...], text: str) -> None:
    assert brief_sites(person(sites=sites), 48) == text


@pytest.mark.parametrize(("count", "text"), [(0, "All sites"), (1, "All sites"), (1_234, "All 1,234 sites")])
def test_counts_all_sites(count: int, text: str) -> None:
    assert brief_sites(person(all_sites=True), count) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=30), "Now"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(minutes=61), "1 hr ago"),
        (timedelta(hours=13), "13 hr ago"),
        (timedelta(hours=15), "Yesterday"),
        (timedelta(days=27), "Oct 16"),
        (timedelta(days=365), "Nov 12, 2025"),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_says_when_a_member_was_last_seen(ago: timedelta, text: str) -> None:
    assert last_seen(NOW - ago) == text


def test_says_that_a_member_never_signed_in() -> None:
    assert last_seen(None) == "Never signed in"


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(hours=1), "Invited today"),
        (timedelta(days=1), "Invited yesterday"),
        (timedelta(days=27), "Invited Oct 16"),
        (timedelta(days=365), "Invited Nov 12, 2025"),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_says_when_somebody_was_invited(ago: timedelta, text: str) -> None:
    assert invited(NOW - ago) == text


def test_writes_a_date_with_its_year() -> None:
    assert day(NOW) == "Nov 12, 2026"


@time_machine.travel(NOW, tick=False)
def test_names_the_year_only_if_it_is_not_this_one() -> None:
    assert moment(NOW) == "Nov 12, 2:02 PM"
    assert moment(NOW - timedelta(days=365)) == "Nov 12, 2025, 2:02 PM"
