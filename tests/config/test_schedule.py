"""Only one of several beat processes is active. If it dies, another takes over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from config import schedule
from config.celery import app
from config.harness.redis_server import RedisServer, program
from config.harness.running import run_manage, wait_for
from config.schedule import LOCK_SECONDS, ElectedScheduler

pytestmark = pytest.mark.skipif(program() is None, reason="no Redis: apt install redis-server")
RUNS_OUT = 0.3


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def broker(redis_server: RedisServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> RedisServer:
    """A Redis without a lock. The lock of a killed beat expires soon."""
    redis_server.client.flushall()
    settings.CELERY_BROKER_URL = redis_server.url
    monkeypatch.setattr(schedule, "LOCK_SECONDS", RUNS_OUT)
    return redis_server


class Beat(ElectedScheduler):
    """Counts due tasks instead of sending them."""

    sent = 0

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        self.sent += 1

    producer: Any = None

    def turn(self) -> bool:
        """Whether it has sent the due tasks."""
        before = self.sent
        for entry in self.schedule.values():
            entry.last_run_at = entry.default_now().replace(year=2000)
        self._heap = None
        self.tick()
        return self.sent > before


def test_only_one_beat_is_active(broker: RedisServer) -> None:
    first, second = Beat(app), Beat(app)

    assert [(first.turn(), second.turn()) for _ in range(5)] == [(True, False)] * 5


def test_another_beat_takes_over_from_a_killed_one_and_stays_active(broker: RedisServer) -> None:
    killed, other = Beat(app), Beat(app)
    assert (killed.turn(), other.turn()) == (True, False)

    began = time.monotonic()
    wait_for(other.turn, what="work of the other", seconds=5)

    assert time.monotonic() - began >= RUNS_OUT - 0.1
    assert (killed.turn(), other.turn()) == (False, True), "One that was only away comes back as a stand-by."


def test_another_beat_takes_over_at_once_after_a_regular_stop(broker: RedisServer) -> None:
    first, second = Beat(app), Beat(app)
    assert (first.turn(), second.turn()) == (True, False)

    first.close()

    assert second.turn()


def test_one_beat_acquires_a_lock_that_redis_has_lost(broker: RedisServer) -> None:
    beats = [Beat(app), Beat(app)]
    assert [beat.turn() for beat in beats] == [True, False]

    broker.client.flushall()

    assert sum(beat.turn() for beat in beats) == 1


def test_no_beat_is_active_while_redis_is_down(broker: RedisServer) -> None:
    beat = Beat(app)
    assert beat.turn()
    broker.stop()

    assert not beat.turn()

    broker.start()
    wait_for(beat.turn, what="work", seconds=5)


def test_lost_work_is_recovered_within_half_a_minute() -> None:
    """When a machine dies with the active beat: its lock expires, a recovery runs, and its claims expire."""
    from django.conf import settings

    from invites.imports.chunks import CLAIM_DURATION

    assert LOCK_SECONDS + settings.RECOVERY_SECONDS < 30
    assert CLAIM_DURATION.total_seconds() + settings.RECOVERY_SECONDS < 30


def test_scheduled_tasks_exist_and_expired_rows_are_deleted_often() -> None:
    from django.conf import settings

    app.loader.import_default_modules()
    due: dict[Any, Any] = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert set(due) <= set(app.tasks)
    assert due["accounts.tasks.clean_up"] <= 600
    assert due["accounts.tasks.send_unsent_emails"] < 10


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({}, "celery.beat:PersistentScheduler"),
        ({"REDIS_URL": "redis://127.0.0.1/0"}, "config.schedule:ElectedScheduler"),
    ],
    ids=["embedded", "outside"],
)
def test_a_beat_is_elected_where_others_may_run(tmp_path: Any, given: dict[str, str], chosen: str) -> None:
    asked = run_manage(
        "shell",
        "--no-imports",
        "-c",
        "from config.celery import app; print(app.conf.beat_scheduler)",
        DATA_DIR=str(tmp_path),
        **given,
    )

    assert asked.stdout.strip() == chosen, asked.stderr
