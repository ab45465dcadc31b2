"""The time at which something is sent: time zones, clocks that are set forward and back, and limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from accounts.models import Organization
from invites.invitations.send_time import check_send_time, send_time_from
from invites.invitations.wording import send_time_text
from tests.rules import domain_error

# Both changes of the clocks in Europe and in America are less than 90 days ahead of one of these.
AUTUMN = datetime(2026, 9, 15, 12, tzinfo=UTC)
WINTER = datetime(2027, 2, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def in_zone(organization: Organization, name: str) -> Organization:
    organization.time_zone = name
    return organization


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("Europe/Paris", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 12, 1, 14, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 12, 1, 3, 15, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 11, 30, 19, tzinfo=UTC)),
        ("Pacific/Pago_Pago", datetime(2026, 12, 1, 20, tzinfo=UTC)),
    ],
)
def test_a_time_is_one_of_the_organization(acme: Organization, zone: str, expected: datetime) -> None:
    with time_machine.travel(AUTUMN):
        assert send_time_from(in_zone(acme, zone), date(2026, 12, 1), time(9)) == expected


@pytest.mark.parametrize(
    ("zone", "day", "at"),
    [
        ("Europe/Paris", date(2027, 3, 28), time(2, 30)),
        ("Europe/Paris", date(2027, 3, 28), time(2)),
        ("America/New_York", date(2027, 3, 14), time(2, 59)),
        # Clocks are set forward by half an hour.
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15)),
    ],
)
def test_a_time_that_clocks_never_show_is_refused(acme: Organization, zone: str, day: date, at: time) -> None:
    with time_machine.travel(WINTER if day.year == 2027 else AUTUMN):
        with domain_error("no_such_time", match="are set forward on"):
            send_time_from(in_zone(acme, zone), day, at)
        assert send_time_from(acme, day, time(3)), "the hour after it exists"


@pytest.mark.parametrize(
    ("zone", "day", "at", "first"),
    [
        ("Europe/Paris", date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("America/New_York", date(2026, 11, 1), time(1, 30), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    ],
)
def test_of_two_equal_times_the_first_is_taken_and_said(
    acme: Organization, zone: str, day: date, at: time, first: datetime
) -> None:
    with time_machine.travel(AUTUMN):
        found = send_time_from(in_zone(acme, zone), day, at)

        assert found == first
        assert "the first of two (UTC" in send_time_text(acme, found)
        assert "first of two" not in send_time_text(acme, found - timedelta(hours=2))


def test_a_schedule_keeps_its_local_time_when_clocks_change(acme: Organization) -> None:
    with time_machine.travel(AUTUMN):
        before = send_time_from(in_zone(acme, "Europe/Paris"), date(2026, 10, 24), time(9))
        after = send_time_from(acme, date(2026, 10, 25), time(9))

    assert after - before == timedelta(hours=25)


def test_the_past_is_refused_with_the_time_that_it_is_now(acme: Organization) -> None:
    now = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        with domain_error("past", match="In Paris it’s 9:30 AM now"):
            send_time_from(in_zone(acme, "Europe/Paris"), date(2026, 12, 1), time(9, 30))
        assert send_time_from(acme, date(2026, 12, 1), time(9, 31))


def test_ninety_days_ahead_is_the_limit(acme: Organization) -> None:
    with time_machine.travel(AUTUMN, tick=False):
        check_send_time(acme, AUTUMN + timedelta(days=90))
        with domain_error("too_far", match="within the next 90 days"):
            check_send_time(acme, AUTUMN + timedelta(days=90, seconds=1))


@pytest.mark.parametrize(
    ("zone", "text"),
    [("UTC", "Dec 1, 8:00 AM UTC"), ("Europe/Paris", "Dec 1, 9:00 AM, Paris time")],
)
def test_a_text_names_the_zone(acme: Organization, zone: str, text: str) -> None:
    with time_machine.travel(AUTUMN):
        assert send_time_text(in_zone(acme, zone), datetime(2026, 12, 1, 8, tzinfo=UTC)) == text
