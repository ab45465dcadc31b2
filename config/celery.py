"""The Celery application: the queue carries ids, the database is the truth."""

from __future__ import annotations

import os
from typing import Any

import structlog
from celery import Celery, signals
from django_structlog.celery.steps import DjangoStructLogInitStep

from config.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

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


@signals.worker_process_init.connect
@signals.beat_embedded_init.connect
def end_with_the_worker(**_: Any) -> None:
    """Of a worker that is killed nothing stays behind: a half-done task is taken up elsewhere, and two
    schedules must not run side by side."""
    die_with_parent()
