"""The Celery application: the queue carries ids, the database is the truth."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import structlog
from celery import Celery, signals
from celery.beat import EmbeddedService
from celery.worker import state as worker_state
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES

from config.devserver.keeper import die_with_parent
from config.devserver.processes import give_way

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

LOOK_AFTER_SCHEDULE_SECONDS = 5.0

# By the names of the URL, for whoever asks for a broker of that kind.
TRANSPORT_ALIASES.update(redis="config.broker:Transport", rediss="config.broker:Transport")
app = Celery("rollcall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@signals.setup_logging.connect
def keep_djangos_logging(**_: Any) -> None:
    """With a receiver of this signal Celery leaves the logging alone that Django has set up."""


@signals.worker_ready.connect
def say_ready(**_: Any) -> None:
    """The line that `manage.py up` waits for, at a level that is always shown."""
    structlog.get_logger(__name__).warning("worker_ready")


@signals.worker_ready.connect
def look_for_lost_work(**_: Any) -> None:
    """A worker that replaces a dead one need not wait until the schedule sends the next recovery."""
    with suppress(OperationalError, OSError):
        app.send_task("invites.tasks.recover", expires=20)


@signals.worker_ready.connect
def keep_the_schedule(sender: Any, **_: Any) -> None:
    """Celery starts another process for one of the pool that is killed, but none for the schedule: without it
    nobody would look for lost work any more."""
    worker = sender.controller

    def look() -> None:
        # An exit status, which may be 0, once the worker is to stop. It stops its beat itself then.
        is_stopping = worker_state.should_stop is not None and worker_state.should_stop is not False
        if worker.beat is not None and not worker.beat.is_alive() and not is_stopping:
            structlog.get_logger(__name__).error("schedule_died")
            worker.beat = EmbeddedService(
                app, schedule_filename=worker.schedule_filename, scheduler_cls=worker.scheduler
            )
            worker.beat.start()

    if getattr(worker, "beat", None) is not None:
        sender.timer.call_repeatedly(LOOK_AFTER_SCHEDULE_SECONDS, look)


@signals.worker_process_init.connect
@signals.beat_embedded_init.connect
def end_with_the_worker(**_: Any) -> None:
    """Of a worker that is killed nothing stays behind: a half-done task is taken up elsewhere, and two
    schedules must not run side by side."""
    die_with_parent()


@signals.worker_process_init.connect
def let_pages_go_first(**_: Any) -> None:
    """On a machine that has the web server or the database, too."""
    give_way()
