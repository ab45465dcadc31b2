"""The configuration of Celery: tasks may be delivered twice or never, and workers don't prefetch them."""

from __future__ import annotations

from config.celery import app
from invites.imports.chunks import CLAIM_DURATION
from invites.mailing.sender import TIME_SLICE_SECONDS

# For the tasks of imports and single emails, those about accounts, and those that beat sends.
QUEUES = {"celery", "account-email", "schedule"}


def test_every_worker_takes_from_all_queues() -> None:
    queues = app.amqp.queues

    assert set(queues.consume_from) == QUEUES
    assert {queue.routing_key for queue in queues.values()} == QUEUES


def test_what_beat_sends_waits_in_a_queue_of_its_own() -> None:
    """While a worker gets little of a busy machine, recoveries pile up. An email mustn't wait for all of them."""

    def queue_of(task: str) -> str:
        return str(app.amqp.router.route({}, task)["queue"].name)

    assert {queue_of(each["task"]) for each in app.conf.beat_schedule.values()} == {"schedule"}
    assert queue_of("invites.tasks.send_due_invitations") == queue_of("invites.tasks.process_chunk") == "celery"


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
