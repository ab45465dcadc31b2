"""The broker, the database and the mail server fail during imports. Every import still ends correctly."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest

from config.harness.postgres import PostgresServer
from config.harness.running import wait_for
from tests.faults.conftest import FEWER
from tests.files import many
from tests.invites.imports.work import Work
from tests.invites.mailing.mail_server import MailServer

PEOPLE = 300
# Rows of a file that a worker checks.
MANY = 6_000


def once_each(count: int = PEOPLE, *, domain: str = "people.example.com") -> dict[str, int]:
    return {f"person{number}@{domain}": 1 for number in range(count)}


# --- The broker ----------------------------------------------------------------------------------------


def test_a_task_delivered_many_times_does_its_work_once(work: Work, server: MailServer) -> None:
    batch = work.invite(many(PEOPLE))
    tasks = "from invites.tasks import check_batch, process_chunk\n"
    work.worker.run(f"{tasks}for _ in range(10): check_batch.delay({batch}); process_chunk.delay({batch})")
    work.wait_for_end(batch)

    work.worker.run(f"{tasks}for _ in range(5): check_batch.delay({batch}); process_chunk.delay({batch})")
    # Tasks run in order: after a second batch, the tasks of the first one are done.
    work.wait_for_end(work.invite(many(5, domain="later.example.com")))

    assert work.report(batch)["invited"] == PEOPLE
    assert Counter(server.taken) == {**once_each(), **once_each(5, domain="later.example.com")}


@pytest.mark.parametrize(("people", "state"), [(PEOPLE, "inviting"), (MANY, "checking")], ids=["small", "large"])
def test_nobody_is_lost_if_the_broker_is_down_during_the_upload(
    work: Work, server: MailServer, people: int, state: str
) -> None:
    work.worker.broker.stop()

    answer = work.upload(many(people))

    assert (answer["status"], work.ask("SELECT state FROM invites_batch")) == (302, [state])
    assert answer["seconds"] < 2
    work.worker.broker.lose_everything()
    work.worker.broker.start()
    work.wait_for_end(1)
    assert Counter(server.taken) == once_each(people)


def test_no_work_is_lost_if_the_broker_loses_its_queue(work: Work, server: MailServer) -> None:
    for trial in range(FEWER):
        domain = f"trial{trial}.example.com"
        batch, before = work.invite(many(PEOPLE, domain=domain)), len(server.taken)
        server.wait_for_mails(before + 1)

        # Together with the process that would enqueue the rest, so only the recovery task can find it.
        work.worker.kill_worker()
        work.worker.broker.client.flushall()
        work.worker.start_worker()

        work.wait_for_end(batch)
        mails = Counter(address for address in server.taken if address.endswith(f"@{domain}"))
        assert set(mails) == set(once_each(domain=domain))
        assert mails.total() - len(mails) <= 2, "Each of the two children was sending one email."


def test_a_task_redelivered_while_it_runs_does_its_work_once(work_on_servers: Work, server: MailServer) -> None:
    """What Redis does with a task that takes longer than the visibility time-out."""
    client = work_on_servers.worker.broker.client
    batch = work_on_servers.invite(many(PEOPLE))
    server.wait_for_mails(1)

    again = 0
    while work_on_servers.ask(f"SELECT state FROM invites_batch WHERE id = {batch}") == ["inviting"]:
        for held in client.hvals("unacked"):
            message, _exchange, queue = json.loads(held)
            client.lpush(queue, json.dumps(message))
            again += 1

    work_on_servers.wait_for_end(work_on_servers.invite(many(5, domain="later.example.com")))
    assert again, "It was running."
    assert Counter(server.taken) == {**once_each(), **once_each(5, domain="later.example.com")}


def test_nobody_is_lost_if_the_broker_is_killed_and_restarted(work_on_servers: Work, server: MailServer) -> None:
    # Nearly always, one email was accepted but not yet saved. Then it is sent again.
    server.lingers = 0.05
    for trial in range(FEWER):
        domain = f"trial{trial}.example.com"
        batch, before = work_on_servers.invite(many(PEOPLE, domain=domain)), len(server.taken)
        server.wait_for_mails(before + 20)

        work_on_servers.worker.broker.stop()
        work_on_servers.worker.broker.start()

        work_on_servers.wait_for_end(batch)
        mails = Counter(address for address in server.taken if address.endswith(f"@{domain}"))
        assert mails == once_each(domain=domain)


# --- The database --------------------------------------------------------------------------------------


def test_an_import_continues_after_a_database_restart(
    postgres: PostgresServer, work_on_servers: Work, server: MailServer
) -> None:
    for trial in range(FEWER):
        domain = f"trial{trial}.example.com"
        batch, before = work_on_servers.invite(many(PEOPLE, domain=domain)), len(server.taken)
        server.wait_for_mails(before + 20)

        postgres.stop()
        postgres.start()

        work_on_servers.wait_for_end(batch)
        report = work_on_servers.report(batch)
        assert (report["rows"], report["invited"], report["failed"]) == (PEOPLE, PEOPLE, 0)
        assert {address for address in server.taken if address.endswith(f"@{domain}")} == set(once_each(domain=domain))
        assert work_on_servers.ask("SELECT count(*) FROM invites_batchchunk WHERE stage <> 'done'") == [0]


# --- The mail server -----------------------------------------------------------------------------------


def test_deferred_people_get_one_email_later_and_refused_ones_count_as_failed(work: Work, server: MailServer) -> None:
    server.answers = {
        "person3@people.example.com": ["550 5.1.1 No such user"],
        "person5@people.example.com": ["450 4.2.0 Greylisted"],
        "person7@people.example.com": ["421 4.3.2 Closing the channel"],
    }
    server.most_per_connection = 10
    batch = work.invite(many(40))
    work.wait_for_end(batch)

    report = work.report(batch)

    assert (report["rows"], report["invited"], report["failed"]) == (40, 39, 1)
    expected = once_each(40)
    del expected["person3@people.example.com"]
    assert Counter(server.taken) == expected
    refused = f"SELECT detail FROM invites_row WHERE batch_id = {batch} AND outcome = 'failed'"
    assert "No such user" in work.ask(refused)[0]


def test_waits_for_a_mail_server_that_is_down(work: Work, server: MailServer) -> None:
    server.stop()
    batch = work.invite(many(40))
    postponed = f"SELECT count(*) FROM invites_batch WHERE id = {batch} AND mail_retry_at IS NOT NULL"
    wait_for(lambda: work.ask(postponed) == [1], what="pause", seconds=60)

    server.start()

    work.wait_for_end(batch)
    assert Counter(server.taken) == once_each(40)


def test_a_hanging_mail_server_delays_nobody_else(work: Work, server: MailServer) -> None:
    server.hangs_for = "slow.example.com"
    slow = work.invite(many(400, domain="slow.example.com"))

    began = time.monotonic()
    quick = work.invite(many(20), organization="globex")
    work.wait_for_end(quick, seconds=60)

    assert time.monotonic() - began < 30
    assert Counter(server.taken) == once_each(20)
    server.hangs_for = ""
    work.wait_for_end(slow, seconds=180)
    mails = Counter(address for address in server.taken if address.endswith("@slow.example.com"))
    assert set(mails) == set(once_each(400, domain="slow.example.com"))
