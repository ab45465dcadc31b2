"""Batches on a real worker over a real broker: whatever is killed or away, nothing is lost and nothing is done twice.

The test's own process looks into the worker's database file with plain SQL, and changes it through the product.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.batches.conftest import HEADER, many
from tests.running import WorkerOnFile, run_manage, wait_for

INVITE = ("--organization", "acme", "--as", "admin@example.com", "--role", "ReadOnly", "--all-sites", "--json")
# The form of the page, sent by a test client in a process that has this worker's broker; prints how long it took.
UPLOAD = """
import json, time
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from accounts.models import Role, User
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(User.objects.get(email="admin@example.com"))
role = Role.objects.get(organization__slug="acme", name="ReadOnly")
file = SimpleUploadedFile("team.csv", open({path!r}, "rb").read())
began = time.monotonic()
answer = client.post("/o/acme/import/", {{"roles": [role.pk], "sites": ["all"], "file": file}})
print(json.dumps({{"status": answer.status_code, "seconds": time.monotonic() - began}}))
"""


class Work:
    """A worker with the demo organization: `invite(content)` starts a batch, the rest looks at what came of it."""

    def __init__(self, worker: WorkerOnFile, directory: Path) -> None:
        self.worker = worker
        self.path = directory / "team.csv"
        self.manage("seed_demo")

    def manage(self, *arguments: str) -> str:
        done = run_manage(*arguments, **self.worker.settings)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def invite(self, content: bytes) -> None:
        self.path.write_bytes(content)
        self.manage("invite_csv", str(self.path), *INVITE)

    def upload(self, content: bytes) -> dict[str, Any]:
        """The status of the page's answer, and the seconds that it took."""
        self.path.write_bytes(content)
        answer: dict[str, Any] = self.worker.ask(UPLOAD.format(path=str(self.path)))
        return answer

    def ask(self, question: str) -> list[Any]:
        """The first column of what the SQL finds."""
        with closing(sqlite3.connect(self.worker.data_dir / "rollcall.sqlite3", timeout=20)) as database:
            return [row[0] for row in database.execute(question)]

    def wait_until_done(self, *, batches: int = 1, seconds: float = 120) -> None:
        states = "SELECT state FROM invites_batch"
        wait_for(lambda: self.ask(states) == ["done"] * batches, what="end of the batch", seconds=seconds)

    def report(self, batch: int = 1) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.manage("batch_report", str(batch), "--json"))
        return report

    def sent(self) -> int:
        return int(self.ask("SELECT count(*) FROM invites_invitation WHERE batch_id = 1 AND mail_state = 'sent'")[0])

    def mails(self) -> Counter[str]:
        """How many mails each address got."""
        return Counter(mail.to for mail in self.worker.inbox())


@pytest.fixture
def work(worker: WorkerOnFile, tmp_path: Path) -> Work:
    return Work(worker, tmp_path)


PEOPLE = 400


def a_large_file() -> bytes:
    """Two ranges of people, in a file that is too large to be checked while the page waits."""
    lines = (f"person{number}@people.example.com,Ann,Example,{'Night shift. ' * 60}" for number in range(PEOPLE))
    return "\r\n".join([HEADER, *lines]).encode()


def test_everybody_is_invited_though_the_worker_is_killed_in_the_middle(work: Work) -> None:
    work.invite(a_large_file())
    wait_for(lambda: work.sent() >= 20, what="mails", seconds=60)

    work.worker.kill_worker()

    assert work.ask("SELECT state FROM invites_batch") == ["inviting"]
    sent_before = work.sent()
    assert sent_before < PEOPLE
    work.worker.start_worker()
    wait_for(lambda: work.sent() > sent_before, what="more mails", seconds=60)
    work.wait_until_done()

    report, mails = work.report(), work.mails()
    assert (report["rows"], report["invited"], report["failed"]) == (PEOPLE, PEOPLE, 0)
    assert work.ask("SELECT count(DISTINCT email_key) FROM invites_invitation WHERE batch_id = 1") == [PEOPLE]
    assert len(mails) == PEOPLE, "Nobody is left out."
    again = sum(mails.values()) - PEOPLE
    assert again <= 2, "Each of the two children was at one mail when it died, and at no other."


def test_what_is_uploaded_while_the_broker_is_down_is_finished_later_though_the_queue_is_lost(work: Work) -> None:
    work.worker.stop_broker()

    answer = work.upload(many(20))

    assert (answer["status"], work.ask("SELECT state FROM invites_batch")) == (302, ["inviting"])
    assert answer["seconds"] < 2
    shutil.rmtree(work.worker.data_dir / "valkey" / "appendonlydir")
    work.worker.start_broker()
    work.wait_until_done()
    assert (work.report()["invited"], sorted(set(work.mails().values()))) == (20, [1])


def test_tasks_that_are_delivered_many_times_at_once_do_their_work_once(work: Work) -> None:
    work.worker.kill_worker()
    work.invite(a_large_file())
    work.worker.run(
        "from invites.tasks import check_batch, work_on_batch\n"
        "for _ in range(10): check_batch.delay(1)\n"
        "for _ in range(20): work_on_batch.delay(1)"
    )
    work.worker.start_worker()

    work.wait_until_done()

    mails = work.mails()
    assert (work.report()["invited"], len(mails), set(mails.values())) == (PEOPLE, PEOPLE, {1})
