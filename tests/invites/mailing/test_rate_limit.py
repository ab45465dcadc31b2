"""Permits are acquired in blocks, and never more than the limit allows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from invites.mailing.rate_limit import Permits, acquire_for_domains, acquire_for_organization, acquire_global
from invites.models import RateLimitBucket
from tests.concurrency import once_after

BEGIN = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """A time that stands still until a test moves it."""
    with time_machine.travel(BEGIN, tick=False) as clock:
        yield clock


def test_an_organization_gets_a_block_a_second(clock: time_machine.Traveller, settings: Any) -> None:
    settings.EMAILS_PER_SECOND_PER_ORGANIZATION = 20

    assert acquire_for_organization(1, 100) == Permits(20, 0.0, 1.0)
    assert acquire_for_organization(2, 100) == Permits(20, 0.0, 1.0)
    clock.shift(0.75)
    assert acquire_for_organization(1, 100) == Permits(0, 0.25, 0.25)
    clock.shift(0.25)
    assert acquire_for_organization(1, 5) == Permits(5, 0.0, 0.25)


def test_each_domain_has_a_limit_of_its_own(settings: Any) -> None:
    settings.EMAILS_PER_SECOND_PER_DOMAIN = 3

    permits = acquire_for_domains({"one.example.com": 5, "other.example.com": 2})

    assert {domain: found.count for domain, found in permits.items()} == {"one.example.com": 3, "other.example.com": 2}


def test_the_global_limit_grants_blocks_ahead_up_to_the_longest_wait(settings: Any) -> None:
    settings.EMAILS_PER_SECOND = 40

    acquired = [acquire_global(100) for _ in range(7)]

    assert [permits.count for permits in acquired] == [4, 4, 4, 4, 4, 4, 0]
    assert [permits.wait for permits in acquired] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


@pytest.mark.parametrize("rate", [1, 3, 7, 15, 45])
def test_a_rate_that_no_block_divides_is_kept_exactly(clock: time_machine.Traveller, settings: Any, rate: int) -> None:
    settings.EMAILS_PER_SECOND = rate
    acquired, seconds = 0, 0.0

    for _ in range(100):
        permits = acquire_global(100)
        acquired += permits.count
        seconds += permits.next_in
        clock.shift(timedelta(seconds=permits.next_in))

    assert acquired / seconds == pytest.approx(rate, rel=0.01)


def test_a_bucket_that_is_deleted_meanwhile_is_created_again(settings: Any) -> None:
    settings.EMAILS_PER_SECOND_PER_ORGANIZATION = 20
    acquire_for_organization(1, 5)

    with once_after(f'INTO "{RateLimitBucket._meta.db_table}"', RateLimitBucket.objects.all().delete):
        permits = acquire_for_organization(1, 5)

    assert permits.count == 5
