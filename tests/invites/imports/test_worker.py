"""Imports with a real worker and a real broker: whatever dies, nothing is lost and nothing is done twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.harness.running import wait_for
from invites import tasks
from invites.mailing.sender import TIME_SLICE_SECONDS
from tests.files import HEADER, many
from tests.invites.imports.work import Work
from tests.worker_on_file import WorkerOnFile


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """A worker that all tests of this module share, so each has a domain of its own."""
    directory = tmp_path_factory.mktemp("worker")
    with WorkerOnFile(directory) as worker:
        yield Work(worker, directory)


PEOPLE = 400


def a_large_file(people: int = PEOPLE, *, domain: str = "people.example.com") -> bytes:
    """People in chunks of 200, in a file that is too large for a check in the request."""
    lines = (f"person{number}@{domain},Ann,Example,{'Night shift. ' * 60}" for number in range(people))
    return "\r\n".join([HEADER, *lines]).encode()


def test_everyone_is_invited_even_if_the_worker_is_killed(work: Work) -> None:
    batch = work.invite(a_large_file(domain="killed.example.com"))
    wait_for(lambda: work.sent(batch) >= 20, what="mails")

    work.worker.kill_worker()

    assert work.ask(f"SELECT state FROM invites_batch WHERE id = {batch}") == ["inviting"]
    sent_before = work.sent(batch)
    assert sent_before < PEOPLE
    work.worker.start_worker()
    wait_for(lambda: work.sent(batch) > sent_before, what="more mails")
    work.wait_for_end(batch)

    report, mails = work.report(batch), work.mails("killed.example.com")
    assert (report["rows"], report["invited"], report["failed"]) == (PEOPLE, PEOPLE, 0)
    assert work.ask(f"SELECT count(DISTINCT email_key) FROM invites_invitation WHERE batch_id = {batch}") == [PEOPLE]
    assert len(mails) == PEOPLE, "Everyone got an email."
    again = sum(mails.values()) - PEOPLE
    assert again <= 2, "Each of the two processes was sending one email when it died."


def test_an_upload_is_finished_even_if_the_broker_was_down_and_lost_its_queue(work: Work) -> None:
    work.worker.broker.stop()

    answer = work.upload(many(20, domain="upload.example.com"))

    assert answer["status"] == 302
    batch = work.newest()
    assert work.ask(f"SELECT state FROM invites_batch WHERE id = {batch}") == ["inviting"]
    assert answer["seconds"] < 4, "Two seconds, with a margin of two."
    work.worker.broker.lose_everything()
    work.worker.broker.start()
    work.wait_for_end(batch)
    assert work.report(batch)["invited"] == 20
    assert sorted(set(work.mails("upload.example.com").values())) == [1]


def test_a_starting_worker_recovers_lost_work_immediately(tmp_path: Path) -> None:
    worker = WorkerOnFile(tmp_path, RECOVERY_SECONDS="600")
    worker.starts = False
    with worker:
        work = Work(worker, tmp_path)
        worker.broker.stop()
        work.invite_singly(3, domain="single.example.com", organization="acme")
        worker.broker.lose_everything()
        worker.broker.start()

        worker.start_worker()

        wait_for(lambda: work.mails().total() == 3, what="mails")


def test_a_worker_survives_the_loss_of_its_broker(work: Work) -> None:
    """One of its processes works on a chunk, and the other waits for the broker."""
    people, domain = PEOPLE // 2, "lost.example.com"
    log_path = work.worker.log_path
    before = log_path.stat().st_size
    batch = work.invite(a_large_file(people, domain=domain))
    wait_for(lambda: work.sent(batch) >= 20, what="mails")

    work.worker.broker.stop()
    wait_for(lambda: b"Connection to broker lost" in log_path.read_bytes()[before:], what="lost connection")
    work.worker.broker.start()
    work.wait_for_end(batch)

    assert work.worker.worker is not None
    assert work.worker.worker.poll() is None, "Nobody has to restart it."
    assert (work.report(batch)["invited"], set(work.mails(domain).values())) == (people, {1})
    later = work.invite(many(20, domain="later.example.com"))
    work.wait_for_end(later)


def test_tasks_delivered_many_times_do_their_work_once(work: Work) -> None:
    work.worker.kill_worker()
    batch = work.invite(a_large_file(domain="often.example.com"))
    work.worker.run(
        "from invites.tasks import check_batch, process_chunk\n"
        f"for _ in range(10): check_batch.delay({batch})\n"
        f"for _ in range(20): process_chunk.delay({batch})"
    )
    work.worker.start_worker()

    work.wait_for_end(batch)

    mails = work.mails("often.example.com")
    assert (work.report(batch)["invited"], len(mails), set(mails.values())) == (PEOPLE, PEOPLE, {1})


def test_only_emails_contain_the_link(tmp_path: Path) -> None:
    with WorkerOnFile(tmp_path, LOG_LEVEL="DEBUG") as worker:
        work = Work(worker, tmp_path)
        work.wait_for_end(work.invite(many(30)))
        work.invite_singly(3, domain="single.example.com", organization="acme")
        assert work.resend(1) == 30
        wait_for(lambda: work.mails().total() == 63, what="all mails")
        link = re.compile(r"/i/(?:decline/|report/)?([\w-]{27,})/")
        tokens = {token for mail in worker.inbox() for token in link.findall(mail.text)}
        kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    elsewhere = {path: content for path, content in kept.items() if path.parent.name != "mail"}
    published = b"".join(content for path, content in elsewhere.items() if path.suffix == ".aof")
    assert all(task.name.encode() in published for task in (tasks.process_chunk, tasks.send_due_invitations))
    assert tasks.send_due_invitations.name.encode() in elsewhere[worker.log_path]
    assert b"person7@people.example.com" in elsewhere[worker.data_dir / "rollcall.sqlite3"]
    # Those that accept, and one per person that declines and reports.
    assert len(tokens) == 63 + 33
    for path, content in elsewhere.items():
        assert not any(token.encode() in content for token in tokens), path


def test_a_recovery_task_does_not_expire_behind_the_tasks_of_a_batch(settings: Any) -> None:
    """Otherwise no lost work would be found during a long import, and the terminal would show each recovery."""
    expires = settings.CELERY_BEAT_SCHEDULE["recover"]["options"]["expires"]

    assert expires > tasks.TASKS_PER_BATCH * TIME_SLICE_SECONDS
