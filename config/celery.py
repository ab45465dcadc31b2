"""The Celery app. Tasks carry only ids; all state is in the database."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import structlog
from celery import Celery, signals
from celery.beat import EmbeddedService
from celery.worker import state as worker_state
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES

from config.worker_process import die_with_parent, give_way

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

LOOK_AFTER_SCHEDULE_SECONDS = 5.0

# Use our transport for brokers with these URL schemes.
TRANSPORT_ALIASES.update(redis="config.broker:Transport", rediss="config.broker:Transport")
app = Celery("rollcall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@signals.setup_logging.connect
def keep_djangos_logging(**_: Any) -> None:
    """Celery doesn't configure logging if this signal has a receiver."""


@signals.worker_ready.connect
def say_ready(**_: Any) -> None:
    """Log the line that `manage.py up` waits for, at a level that is always shown."""
    structlog.get_logger(__name__).warning("worker_ready")


@signals.worker_ready.connect
def look_for_lost_work(**_: Any) -> None:
    """Recover stalled work at once, because this worker may replace a dead one."""
    with suppress(OperationalError, OSError):
        app.send_task("invites.tasks.recover", expires=20)


@signals.worker_ready.connect
def keep_the_schedule(sender: Any, **_: Any) -> None:
    """Restart the embedded beat if it dies. Celery restarts only the processes of its pool, and without beat nothing
    would recover stalled work.
    """
    worker = sender.controller

    def look() -> None:
        # An exit status, which may be 0, when the worker is stopping. Then it stops its beat itself.
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
    """End child processes together with a worker that is killed. Another worker redoes its task, and there must not be
    two schedules.
    """
    die_with_parent()


@signals.worker_process_init.connect
def let_pages_go_first(**_: Any) -> None:
    """Workers get a lower priority, because the web server or the database may be on the same machine."""
    give_way(settings.WORKER_NICE)
