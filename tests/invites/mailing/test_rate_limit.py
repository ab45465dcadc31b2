"""Permits are counted exactly, in Redis or, while it is away, in each process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from config.harness.redis_server import RedisServer, program
from invites.mailing import rate_limit
from invites.mailing.rate_limit import (
    Permits,
    WindowCounter,
    acquire_for_domains,
    acquire_for_organization,
    acquire_global,
)
from invites.models import Batch
from tests.files import many
from tests.invites.mailing.conftest import Clock
from tests.invites.mailing.mail_server import MailServer

NOWHERE = "redis+unix:///nowhere/valkey.sock"


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(autouse=True)
def without_redis(settings: Any) -> None:
    settings.RATE_LIMIT_STORAGE = NOWHERE


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    if program() is None:
        pytest.skip("no Redis: apt install redis-server")
    with RedisServer() as server:
        yield server


def test_an_organization_gets_what_is_left_of_a_window(clock: Clock, settings: Any) -> None:
    settings.MAILS_PER_SECOND_PER_ORGANIZATION = 40

    assert acquire_for_organization(1, 15) == Permits(15, 0.0, 0.5)
    assert acquire_for_organization(1, 15) == Permits(5, 0.0, 0.5)
    clock.now += 0.25
    assert acquire_for_organization(1, 15) == Permits(0, 0.0, 0.25)
    assert acquire_for_organization(2, 100) == Permits(20, 0.0, 0.25)
    clock.now += 0.25
    assert acquire_for_organization(1, 15) == Permits(15, 0.0, 0.5)


def test_each_domain_has_a_limit_of_its_own(settings: Any) -> None:
    settings.MAILS_PER_SECOND_PER_DOMAIN = 6

    permits = acquire_for_domains({"one.example.com": 5, "other.example.com": 2})

    assert {domain: found.count for domain, found in permits.items()} == {"one.example.com": 3, "other.example.com": 2}


def test_the_global_limit_books_windows_ahead_up_to_the_longest_wait(settings: Any) -> None:
    settings.MAILS_PER_SECOND = 40

    booked = [acquire_global(100) for _ in range(7)]

    assert [permits.count for permits in booked] == [4, 4, 4, 4, 4, 4, 0]
    assert [permits.wait for permits in booked] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0], abs=1e-6)
    assert booked[-1].next_in == pytest.approx(0.6, abs=1e-6)


@pytest.mark.parametrize("rate", [1, 3, 7, 15, 45])
def test_a_rate_that_no_tenth_of_a_second_divides_is_kept_exactly(clock: Clock, settings: Any, rate: int) -> None:
    settings.MAILS_PER_SECOND = rate
    began, acquired = clock.now, 0

    for _ in range(600):
        permits = acquire_global(100)
        acquired += permits.count
        clock.now += permits.wait if permits.count else permits.next_in

    assert acquired / (clock.now - began) == pytest.approx(rate, rel=0.1)


def test_all_processes_share_the_counts_of_redis(redis_server: RedisServer) -> None:
    counters = [WindowCounter(redis_server.url) for _ in range(4)]

    with ThreadPoolExecutor(4) as threads:
        counts = list(threads.map(lambda number: counters[number % 4].add("emails/all/1", 5), range(20)))

    assert sorted(counts) == [5 * number for number in range(1, 21)]
    (key,) = redis_server.client.keys("LIMITS:*")
    assert 0 < redis_server.client.ttl(key) <= rate_limit.KEEP_SECONDS


def test_while_redis_is_away_every_process_counts_for_itself(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters = [WindowCounter(redis_server.url) for _ in range(2)]
    assert [counter.add("emails/all/1", 5) for counter in counters] == [5, 10]

    redis_server.stop()
    assert [counter.add("emails/all/2", 5) for counter in counters] == [5, 5]
    redis_server.start()
    monkeypatch.setattr(rate_limit, "REDIS_PAUSE_SECONDS", 0)
    for counter in counters:
        counter._redis_away_until = 0

    assert [counter.add("emails/all/3", 5) for counter in counters] == [5, 10]


@pytest.mark.parametrize("setting", ["MAILS_PER_SECOND", "MAILS_PER_SECOND_PER_ORGANIZATION"])
def test_an_import_without_redis_is_sent_at_the_configured_rate(
    server: MailServer, run: Callable[..., Batch], settings: Any, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setattr(rate_limit, "time", time)
    setattr(settings, setting, 1_000)

    batch = run(many(30))

    assert (batch.state, len(server.taken)) == (Batch.State.DONE, 30)
