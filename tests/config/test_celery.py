"""The configuration of Celery: tasks may be delivered twice or never, and workers don't prefetch them."""

from __future__ import annotations

from config.celery import app
from invites.imports.chunks import CLAIM_DURATION
from invites.mailing.sender import TIME_SLICE_SECONDS


def test_a_task_is_acknowledged_when_it_is_done_and_delivered_again_if_its_worker_dies() -> None:
    """The recovery task also finds the work of a dead worker, but the queue must not lose the task before that."""
    conf = app.conf

    assert (conf.task_acks_late, conf.task_reject_on_worker_lost) == (True, True)
    # One task per process: no other worker could start a task that was prefetched.
    assert conf.worker_prefetch_multiplier == 1
    visible_again = conf.broker_transport_options["visibility_timeout"]
    assert CLAIM_DURATION.total_seconds() < visible_again <= 600
    assert conf.worker_soft_shutdown_timeout >= TIME_SLICE_SECONDS
    assert conf.worker_cancel_long_running_tasks_on_connection_loss is False
