"""Rate limits are exact under concurrency, in Redis and in the database."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone
from limits import RateLimitItemPerMinute
from pytest_django import DjangoAssertNumQueries
from time_machine import travel

from accounts.models import RateLimitCount
from accounts.users import rate_limits
from accounts.users.rate_limit_storage import forget_expired_counts
from accounts.users.rate_limits import RateLimiter
from config.harness.redis_server import RedisServer, program
from config.harness.running import run_manage
from tests.worker_on_file import EmbeddedValkey

LIMIT = RateLimitItemPerMinute(5, namespace="test")
NOWHERE = "redis+unix:///nowhere/valkey.sock"


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    if program() is None:
        pytest.skip("no Redis: apt install redis-server")
    with RedisServer() as server:
        yield server


def allowed(limiter: RateLimiter, times: int = 10, subject: str = "ann") -> int:
    return sum(limiter.hit(LIMIT, subject) for _ in range(times))


def at_once(limiter: RateLimiter, count: int) -> int:
    """How many concurrent attempts are allowed."""
    start, answers = threading.Barrier(count), []

    def attempt() -> None:
        start.wait()
        try:
            answers.append(limiter.hit(LIMIT, "ann"))
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count
    return sum(answers)


@pytest.mark.django_db(transaction=True)
def test_concurrent_attempts_cannot_exceed_a_limit_in_the_database() -> None:
    assert at_once(RateLimiter(NOWHERE), 20) == 5


@pytest.mark.django_db(transaction=True)
def test_concurrent_attempts_cannot_exceed_a_limit_in_redis(redis_server: RedisServer) -> None:
    assert at_once(RateLimiter(redis_server.url), 20) == 5


def test_counts_are_in_redis_while_it_is_up(db: None, redis_server: RedisServer) -> None:
    limiter = RateLimiter(redis_server.url)

    assert allowed(limiter, times=4) == 4

    assert not RateLimitCount.objects.exists()
    assert len(redis_server.client.keys("LIMITS:*")) == 1


def test_the_embedded_valkey_counts_too(db: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    data_dir = tmp_path_factory.mktemp("with a blank")
    broker = EmbeddedValkey(data_dir)
    asked = run_manage(
        "shell",
        "--no-imports",
        "-c",
        "from django.conf import settings; print(settings.RATE_LIMIT_STORAGE)",
        DATA_DIR=str(data_dir),
    )
    broker.start()
    try:
        assert allowed(RateLimiter(asked.stdout.strip())) == 5
        assert len(broker.client.keys("LIMITS:*")) == 1
    finally:
        broker.stop()


def test_counts_are_in_redis_again_after_it_was_down(
    db: None, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "REDIS_PAUSE_SECONDS", 0)
    limiter = RateLimiter(redis_server.url)
    redis_server.stop()
    assert allowed(limiter) == 5
    redis_server.start()

    assert allowed(limiter, subject="bob") == 5

    assert redis_server.client.keys("LIMITS:*")


def test_a_hanging_redis_delays_a_request_only_briefly(db: None, redis_server: RedisServer) -> None:
    limiter = RateLimiter(redis_server.url)
    assert allowed(limiter, times=1) == 1
    assert redis_server._process is not None
    redis_server._process.send_signal(signal.SIGSTOP)
    began = time.monotonic()

    assert allowed(limiter) == 5

    assert time.monotonic() - began < 5


@pytest.mark.servers
def test_an_attempt_that_is_given_back_does_not_count(db: None, redis_server: RedisServer) -> None:
    for subject, limiter in (("ann", RateLimiter(redis_server.url)), ("bob", RateLimiter(NOWHERE))):
        allowed(limiter, times=5, subject=subject)
        limiter.give_back(LIMIT, subject)
        assert allowed(limiter, subject=subject) == 1


def test_a_lock_survives_when_redis_goes_down_unless_it_was_given_back(db: None, redis_server: RedisServer) -> None:
    limiter = RateLimiter(redis_server.url)
    allowed(limiter, times=5, subject="locked")
    allowed(limiter, times=5, subject="signed in")
    limiter.give_back(LIMIT, "signed in")
    redis_server.stop()

    assert allowed(limiter, times=1, subject="locked") == 0
    assert allowed(limiter, times=1, subject="signed in") == 1


def test_a_lock_in_the_database_survives_when_redis_is_back(
    db: None, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "REDIS_PAUSE_SECONDS", 0)
    limiter = RateLimiter(redis_server.url)
    redis_server.stop()
    assert allowed(limiter) == 5
    redis_server.start()

    assert allowed(limiter) == 0
    limiter.clear(LIMIT, "ann")
    assert allowed(limiter) == 5, "the owner of the mailbox may sign in"
    with travel(timezone.now() + timedelta(seconds=61)):
        redis_server.client.flushall()
        assert allowed(limiter) == 5, "it has ended"


def test_a_lock_survives_when_redis_loses_its_data(db: None, redis_server: RedisServer) -> None:
    limiter = RateLimiter(redis_server.url)
    assert allowed(limiter) == 5
    redis_server.client.flushall()

    assert allowed(limiter) == 0


def test_a_lock_in_the_database_ends_with_the_one_in_redis(db: None, redis_server: RedisServer) -> None:
    limiter = RateLimiter(redis_server.url)
    allowed(limiter, times=4)
    (key,) = redis_server.client.keys("LIMITS:*")
    redis_server.client.expire(key, 7)

    allowed(limiter, times=1)

    assert RateLimitCount.objects.get().expires_at <= timezone.now() + timedelta(seconds=8)


def test_an_attempt_that_is_allowed_takes_one_query(
    db: None, redis_server: RedisServer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    limiter = RateLimiter(redis_server.url)
    with django_assert_num_queries(1):
        limiter.hit(LIMIT, "ann")


def test_a_count_that_has_ended_begins_again(db: None) -> None:
    limiter = RateLimiter(NOWHERE)
    assert allowed(limiter) == 5
    with travel(timezone.now() + timedelta(seconds=61)):
        assert allowed(limiter) == 5


@pytest.mark.servers
def test_only_expired_counts_are_removed(db: None) -> None:
    limiter = RateLimiter(NOWHERE)
    allowed(limiter)
    with travel(timezone.now() + timedelta(seconds=30)):
        allowed(limiter, subject="bob")
    with travel(timezone.now() + timedelta(seconds=61)):
        forget_expired_counts()
        assert RateLimitCount.objects.count() == 1
        assert allowed(limiter, subject="bob") == 0


def test_nothing_is_counted_in_a_cache_that_evicts_keys(settings: LazySettings) -> None:
    from allauth.account.app_settings import RATE_LIMITS

    assert RATE_LIMITS == {}
