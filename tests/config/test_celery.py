"""The configuration of Celery: tasks may be delivered twice or never, and workers don't prefetch them."""

from __future__ import annotations

from config.celery import app
from invites.imports.chunks import CLAIM_DURATION
from invites.mailing.sender import TIME_SLICE_SECONDS


def test_a_task_stays_in_the_queue_until_it_is_done_and_is_handed_out_again_after_its_work_could_be_taken_up() -> None:
    """What its worker dies with is also found by the recovery task; this is for the queue not to lose it before."""
    conf = app.conf

    assert (conf.task_acks_late, conf.task_reject_on_worker_lost) == (True, True)
    # One each: what a worker holds besides, nobody else could begin.
    assert conf.worker_prefetch_multiplier == 1
    visible_again = conf.broker_transport_options["visibility_timeout"]
    assert CLAIM_DURATION.total_seconds() < visible_again <= 600
    assert conf.worker_soft_shutdown_timeout >= TIME_SLICE_SECONDS
    assert conf.worker_cancel_long_running_tasks_on_connection_loss is False
