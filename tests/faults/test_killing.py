"""Workers are killed with -9 at random points: nobody is lost, nobody is invited twice, and next to nobody mailed twice.

Meanwhile the mail server refuses some for good, and none of them may count as invited.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from invites.services.undoing import SLICE
from tests.batches.conftest import many
from tests.batches.mail_server import MailServer
from tests.batches.work import Work
from tests.faults.conftest import TRIALS
from tests.running import Stack, is_alive, wait_for

PEOPLE = 1_000
# Every so many of them the mail server does not know.
UNKNOWN = 7
REFUSED = len(range(0, PEOPLE, UNKNOWN))
RESUMED_SECONDS = 30
CHILDREN = """
import json
from config.celery import app
replies = app.control.inspect(timeout=3).stats() or {}
print(json.dumps([pid for reply in replies.values() for pid in reply["pool"]["processes"]]))
"""


def a_random_point() -> int:
    """After how many mails of all; 0 is while the file is checked or invited."""
    return random.SystemRandom().randrange(PEOPLE - REFUSED)


def mailed(server: MailServer, domain: str) -> Counter[str]:
    return Counter(address for address in list(server.taken) if address.endswith(f"@{domain}"))


def living_children(work: Work) -> list[int]:
    """Both of them: one that was killed while it had nothing to do is replaced a moment later."""

    def both() -> list[int] | None:
        found: list[int] = [pid for pid in work.worker.ask(CHILDREN) if is_alive(pid)]
        return found if len(found) == 2 else None

    return wait_for(both, what="two children", seconds=30)


def check_the_ledger(work: Work, batch: int) -> None:
    """Once it has ended: everybody whom the server did not refuse is invited, once."""
    work.wait_for_end(batch)
    report = work.report(batch)
    assert (report["rows"], report["invited"], report["failed"]) == (PEOPLE, PEOPLE - REFUSED, REFUSED)
    of_batch = f"FROM invites_invitation WHERE batch_id = {batch}"
    assert work.ask(f"SELECT count(DISTINCT email_key) {of_batch}") == [PEOPLE]
    assert work.ask(f"SELECT count(*) {of_batch}") == [PEOPLE]
    assert work.ask(f"SELECT count(*) {of_batch} AND state = 'pending' AND mail_state = 'sent'") == [PEOPLE - REFUSED]
    assert work.ask(f"SELECT count(*) {of_batch} AND state = 'revoked' AND mail_state = 'failed'") == [REFUSED]


@pytest.mark.parametrize("whole", [False, True], ids=["a child", "the whole worker"])
def test_whoever_is_killed_loses_nobody_and_mails_at_most_one_twice(
    work: Work, server: MailServer, whole: bool
) -> None:
    for trial in range(TRIALS):
        kill_once(work, server, domain=f"trial{trial}.example.com", point=a_random_point(), whole=whole)


def kill_once(work: Work, server: MailServer, *, domain: str, point: int, whole: bool) -> None:
    victims = living_children(work)
    for number in range(0, PEOPLE, UNKNOWN):
        server.answers[f"person{number}@{domain}"] = ["550 5.1.1 No such user here"] * 5
    batch = work.invite(many(PEOPLE, domain=domain))
    wait_for(lambda: mailed(server, domain).total() >= point, what=f"{point} mails", seconds=120)

    if whole:
        work.worker.kill_worker()
        killed_at, before = time.monotonic(), len(server.taken)
        work.worker.start_worker()
    else:
        os.kill(random.SystemRandom().choice(victims), signal.SIGKILL)
        killed_at, before = time.monotonic(), len(server.taken)
    open_ranges = f"SELECT count(*) FROM invites_rowrange WHERE batch_id = {batch} AND stage <> 'done'"
    wait_for(lambda: len(server.taken) > before or work.ask(open_ranges) == [0], what="more mail", seconds=60)

    assert time.monotonic() - killed_at < RESUMED_SECONDS, f"Killed after {point} mails."
    check_the_ledger(work, batch)
    mails = mailed(server, domain)
    assert len(mails) == PEOPLE - REFUSED, f"Killed after {point} mails."
    # A worker that is killed whole is two children, each with a mail of its own under way.
    assert mails.total() - len(mails) <= (2 if whole else 1), f"Killed after {point} mails."


@pytest.mark.parametrize("whole", [False, True], ids=["all children", "the whole worker"])
def test_reminders_go_on_after_a_kill_and_at_most_one_is_sent_twice(
    work: Work, server: MailServer, whole: bool
) -> None:
    people = 200
    batch = work.invite(many(people))
    work.wait_for_end(batch)
    server.seconds_per_mail = 0.02
    victims = living_children(work)
    assert work.remind(batch) == people
    point = people + random.SystemRandom().randrange(1, people)
    wait_for(lambda: len(server.taken) >= point, what=f"{point} mails", seconds=60)

    if whole:
        work.worker.kill_worker()
        killed_at, before = time.monotonic(), len(server.taken)
        work.worker.start_worker()
    else:
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        killed_at, before = time.monotonic(), len(server.taken)
    unsent = "SELECT count(*) FROM invites_invitation WHERE mail_state <> 'sent'"
    wait_for(lambda: len(server.taken) > before + 1 or work.ask(unsent) == [0], what="more mail", seconds=60)

    assert time.monotonic() - killed_at < RESUMED_SECONDS, f"Killed after {point} mails."
    wait_for(lambda: work.ask(unsent) == [0], what="the rest of the reminders", seconds=60)
    mails = Counter(server.taken)
    assert set(mails.values()) <= {2, 3}, f"Killed after {point} mails."
    assert mails.total() <= 2 * people + 1, f"Killed after {point} mails."
    assert work.report(batch)["invited"] == people


def test_an_undo_goes_on_after_a_kill_and_takes_back_everybody(work: Work, server: MailServer) -> None:
    for trial in range(TRIALS):
        undo_and_kill(work, server, domain=f"trial{trial}.example.com")


def undo_and_kill(work: Work, server: MailServer, *, domain: str) -> None:
    people = 5 * SLICE
    point = random.SystemRandom().randrange(people)
    victims = living_children(work)
    batch = work.invite(many(people, domain=domain))
    work.wait_for_end(batch)
    mails = len(server.taken)
    of_batch = f"FROM invites_invitation WHERE batch_id = {batch}"
    taken_back = f"SELECT count(*) {of_batch} AND state = 'revoked'"

    assert work.undo(batch) == people
    wait_for(lambda: work.ask(taken_back)[0] >= point, what=f"{point} taken back", seconds=60)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)

    being_undone = f"SELECT count(*) FROM invites_batch WHERE id = {batch} AND is_being_undone"
    wait_for(lambda: work.ask(being_undone) == [0], what=f"end of the undo, killed after {point}", seconds=60)
    assert work.ask(taken_back) == work.ask(f"SELECT count(*) {of_batch}") == [people]
    assert len(server.taken) == mails
    report = work.report(batch)
    assert (report["rows"], report["invited"]) == (people, people)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_the_embedded_product_goes_on_at_its_next_start(
    tmp_path: Path, server: MailServer, how: signal.Signals
) -> None:
    mail = {"EMAIL_URL": f"smtp://127.0.0.1:{server.port}", "EMAIL_TIMEOUT": "3", "WORKERS": "2"}
    stack = Stack(tmp_path / "var", **mail)
    file = tmp_path / "team.csv"
    file.write_bytes(many(PEOPLE))
    try:
        stack.start()
        who = ("--organization", "acme", "--as", "admin@example.com", "--role", "ReadOnly", "--all-sites", "--json")
        batch = json.loads(stack.manage("invite_csv", str(file), *who).stdout)["batch"]
        wait_for(lambda: len(server.taken) >= 50, what="mails", seconds=60)

        stack.stop(how)
        assert len(set(server.taken)) < PEOPLE
        stack.lines.clear()
        stack.start()

        def done() -> bool:
            report = json.loads(stack.manage("batch_report", str(batch), "--json").stdout)
            return bool(report["state"] == "done")

        wait_for(done, what="end of the batch", seconds=120)
        mails = Counter(server.taken)
        assert len(mails) == PEOPLE
        assert sum(mails.values()) - PEOPLE <= 2
    finally:
        stack.stop()
