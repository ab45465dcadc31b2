"""A reset link doesn't wait for an import, and is sent even if the broker or the mail server was down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.harness.running import Mail, wait_for
from tests.files import HEADER
from tests.invites.imports.work import Work
from tests.worker_on_file import WorkerOnFile

# Submits the form in a process that uses the broker of this worker. Prints the status and the duration.
ASK = """
import json, time
from django.test import Client
began = time.monotonic()
answer = Client(HTTP_HOST="127.0.0.1").post("/accounts/password/reset/", {"email": "admin@example.com"})
print(json.dumps([answer.status_code, time.monotonic() - began]))
"""
PEOPLE = 20_000
# As if several organizations were importing: this many tasks of a few seconds wait in the queue of imports.
FILL_QUEUE = "from invites.tasks import process_chunk\nfor _ in range(60): process_chunk.delay(1)"


@pytest.fixture
def work(worker: WorkerOnFile, tmp_path: Path) -> Work:
    return Work(worker, tmp_path)


def import_many(work: Work, people: int) -> None:
    lines = (f"person{number}@people.example.com,Ann,Example,{'Night shift. ' * 9}" for number in range(people))
    work.invite("\r\n".join([HEADER, *lines]).encode())


def emails_to_the_admin(work: Work) -> list[Mail]:
    return [mail for mail in work.worker.inbox("admin@example.com") if "password" in mail.subject]


def test_a_reset_link_is_sent_within_ten_seconds_during_an_import(tmp_path: Path) -> None:
    # Without the schedule, which would find the email, too.
    with WorkerOnFile(tmp_path, RECOVERY_SECONDS="600") as worker:
        work = Work(worker, tmp_path)
        import_many(work, PEOPLE)

        wait_for_link(work, number=1)
        wait_for(lambda: work.sent() > 100, what="mails", seconds=120)
        work.worker.run(FILL_QUEUE)
        wait_for_link(work, number=2)

        assert work.ask("SELECT state FROM invites_batch") != ["done"], "It was during the import."


def wait_for_link(work: Work, *, number: int) -> None:
    """Ask for a link, and fail if it doesn't leave within ten seconds."""
    status, _seconds = work.worker.ask(ASK)
    assert status == 302
    wait_for(lambda: len(emails_to_the_admin(work)) == number, what="link to a new password", seconds=10)


def test_a_reset_link_is_sent_after_the_broker_was_down_and_its_token_is_only_in_the_email(
    work: Work, tmp_path: Path
) -> None:
    work.worker.broker.stop()
    status, seconds = work.worker.ask(ASK)
    assert status == 302
    assert seconds < 5
    work.worker.broker.lose_everything()
    work.worker.broker.start()

    (email,) = wait_for(lambda: emails_to_the_admin(work), what="link to a new password", seconds=30)

    found = re.search(r"/accounts/password/reset/key/(\S+)/", email.text)
    assert found
    work.worker.kill_worker()
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.parent.name != "mail":
            assert found[1].encode() not in path.read_bytes(), path
