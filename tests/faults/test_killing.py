"""Workers are killed with -9 at random points: nobody is lost or invited twice, and almost nobody is emailed twice.

Meanwhile the mail server refuses some addresses permanently. None of these people may count as invited.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from config.harness.running import Stack, children_of, is_alive, wait_for
from invites.directory.bulk.start import CHUNK
from invites.imports.undo import SLICE
from invites.imports.upload_parts import BYTES_IN_REQUEST
from tests.faults.conftest import FEWER, TRIALS
from tests.files import many
from tests.invites.imports.work import Work
from tests.invites.mailing.mail_server import MailServer

PEOPLE = 1_000
# One in so many addresses is unknown to the mail server.
UNKNOWN = 7
REFUSED = len(range(0, PEOPLE, UNKNOWN))
# Rows of a file that a worker checks, in several chunks.
MANY = 6_000
# It promises half a minute. Twice as much is allowed, because the machine may be busy.
RESUMED_SECONDS = 60
# In this share of the trials, something must be in progress at the kill. Otherwise the test proves nothing.
HITS = TRIALS // 4


def mailed(server: MailServer, domain: str) -> Counter[str]:
    return Counter(address for address in list(server.taken) if address.endswith(f"@{domain}"))


def living_children(work: Work) -> list[int]:
    """Both of them: one that was killed while it had nothing to do is replaced a moment later.

    The kernel is asked and not the worker, which needs the broker for its answer. The schedule is a child, too, but has
    the priority of the worker.
    """

    def both() -> list[int] | None:
        assert work.worker.worker is not None
        parent = work.worker.worker.pid
        found = [pid for pid in children_of(parent) if priority_of(pid) > priority_of(parent)]
        return found if len(found) == 2 else None

    return wait_for(both, what="two children", seconds=60)


def priority_of(pid: int) -> int:
    """Its nice value; very low if it has ended."""
    try:
        return os.getpriority(os.PRIO_PROCESS, pid) if is_alive(pid) else -100
    except ProcessLookupError:
        return -100


# --- While sending email -----------------------------------------------------------------------------


@pytest.mark.parametrize("whole", [False, True], ids=["a child", "the whole worker"])
def test_a_killed_worker_loses_nobody_and_emails_at_most_one_person_twice(
    work: Work, server: MailServer, whole: bool
) -> None:
    hits = 0
    for trial in range(TRIALS):
        hits += kill_once(work, server, domain=f"trial{trial}.example.com", whole=whole)
    assert hits >= HITS


def kill_once(work: Work, server: MailServer, *, domain: str, whole: bool) -> bool:
    """Whether a chunk was held at the kill."""
    victims = living_children(work)
    for number in range(0, PEOPLE, UNKNOWN):
        server.answers[f"person{number}@{domain}"] = ["550 5.1.1 No such user here"] * 5
    point = random.SystemRandom().randrange(PEOPLE - REFUSED)
    batch = work.invite(many(PEOPLE, domain=domain))
    wait_for(lambda: mailed(server, domain).total() >= point, what=f"{point} mails", seconds=120)

    if whole:
        work.worker.kill_worker()
    else:
        os.kill(random.SystemRandom().choice(victims), signal.SIGKILL)
    held = work.held(batch)
    if whole:
        work.worker.start_worker()

    work.wait_until_taken_up(batch, held, seconds=RESUMED_SECONDS)
    check_the_ledger(work, batch)
    mails = mailed(server, domain)
    assert len(mails) == PEOPLE - REFUSED, f"Killed after {point} mails."
    # A killed worker has two children, each of them sending an email.
    assert mails.total() - len(mails) <= (2 if whole else 1), f"Killed after {point} mails."
    return bool(held)


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


@pytest.mark.parametrize("whole", [False, True], ids=["all children", "the whole worker"])
def test_a_scheduled_import_goes_on_after_a_kill_and_emails_at_most_one_person_for_each_child_twice(
    work: Work, server: MailServer, whole: bool
) -> None:
    server.seconds_per_mail = 0.01
    hits = 0
    for trial in range(FEWER):
        hits += send_later_and_kill(work, server, domain=f"trial{trial}.example.com", whole=whole)
    assert hits >= FEWER // 4


def send_later_and_kill(work: Work, server: MailServer, *, domain: str, whole: bool) -> bool:
    """Whether a chunk was held at the kill, which comes between the start of the import and its last email."""
    tomorrow = f"{datetime.now() + timedelta(days=1):%Y-%m-%d} 12:00"
    batch = work.invite(many(PEOPLE, domain=domain), send_at=tomorrow)
    state = f"SELECT state FROM invites_batch WHERE id = {batch}"
    wait_for(lambda: work.ask(state) == ["scheduled"], what="a scheduled import", seconds=120)
    assert mailed(server, domain).total() == 0
    victims = living_children(work)
    point = random.SystemRandom().randrange(PEOPLE - 50)
    work.let_time_pass(batch)
    wait_for(lambda: mailed(server, domain).total() >= point, what=f"{point} mails", seconds=120)

    if whole:
        work.worker.kill_worker()
    else:
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
    held = work.held(batch)
    if whole:
        work.worker.start_worker()

    work.wait_until_taken_up(batch, held, seconds=RESUMED_SECONDS)
    work.wait_for_end(batch)
    mails = mailed(server, domain)
    assert len(mails) == PEOPLE, f"Killed after {point} mails."
    assert mails.total() <= PEOPLE + 2, f"Killed after {point} mails."
    of_batch = f"FROM invites_invitation WHERE batch_id = {batch}"
    assert work.ask(f"SELECT count(*) {of_batch} AND state = 'pending' AND mail_state = 'sent'") == [PEOPLE]
    return bool(held)


@pytest.mark.parametrize("whole", [False, True], ids=["all children", "the whole worker"])
def test_resending_continues_after_a_kill_and_at_most_one_person_gets_two(
    work: Work, server: MailServer, whole: bool
) -> None:
    server.seconds_per_mail = 0.02
    for trial in range(FEWER):
        resend_and_kill(work, server, domain=f"trial{trial}.example.com", whole=whole)


def resend_and_kill(work: Work, server: MailServer, *, domain: str, whole: bool) -> None:
    people = 200
    batch = work.invite(many(people, domain=domain))
    work.wait_for_end(batch)
    victims = living_children(work)
    point = people + random.SystemRandom().randrange(1, people)
    assert work.resend(batch) == people
    wait_for(lambda: mailed(server, domain).total() >= point, what=f"{point} mails", seconds=60)

    if whole:
        work.worker.kill_worker()
    else:
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
    before = mailed(server, domain).total()
    if whole:
        work.worker.start_worker()

    # What was in progress at the kill may still arrive.
    unsent = f"SELECT count(*) FROM invites_invitation WHERE batch_id = {batch} AND mail_state <> 'sent'"
    goes_on = "more mail than was under way"
    wait_for(
        lambda: mailed(server, domain).total() > before + 1 or work.ask(unsent) == [0],
        what=goes_on,
        seconds=RESUMED_SECONDS,
    )
    wait_for(lambda: work.ask(unsent) == [0], what="the rest of them", seconds=120)
    mails = mailed(server, domain)
    assert set(mails.values()) <= {2, 3}, f"Killed after {point} mails."
    assert mails.total() <= 2 * people + 1, f"Killed after {point} mails."
    assert work.report(batch)["invited"] == people


@pytest.mark.parametrize("whole", [False, True], ids=["all children", "the whole worker"])
def test_a_bulk_resend_continues_after_a_kill_and_nobody_gets_two_new_links(
    work: Work, server: MailServer, whole: bool
) -> None:
    hits = 0
    for trial in range(FEWER):
        hits += resend_thousands_and_kill(work, server, domain=f"trial{trial}.example.com", whole=whole)
    assert hits >= FEWER // 4


def resend_thousands_and_kill(work: Work, server: MailServer, *, domain: str, whole: bool) -> bool:
    """Whether the action was under way at the kill."""
    people = 5 * CHUNK
    point = random.SystemRandom().randrange(people)
    victims = living_children(work)
    batch = work.pretend_invited(people, domain=domain)
    (last,) = work.ask("SELECT coalesce(max(id), 0) FROM invites_bulkaction")
    done = f"SELECT coalesce(max(done), -1) FROM invites_bulkaction WHERE id > {last}"

    # In parallel, because workers begin before the process that started it has ended.
    with ThreadPoolExecutor(1) as beside:
        resending = beside.submit(work.resend_in_background, batch)
        wait_for(lambda: work.ask(done)[0] >= point, what=f"{point} resent", seconds=60)
        if whole:
            work.worker.kill_worker()
        else:
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
        (before,) = work.ask(done)
        if whole:
            work.worker.start_worker()
        action = resending.result(60)

    if before < people:
        wait_for(lambda: work.ask(done)[0] > before, what="more of it", seconds=RESUMED_SECONDS)
    found = f"FROM invites_bulkaction WHERE id = {action}"
    wait_for(lambda: work.ask(f"SELECT state {found}") == ["done"], what=f"end, killed after {point}", seconds=60)
    changed = f"SELECT count(*) FROM invites_bulkactionrow WHERE action_id = {action} AND outcome = 'changed'"
    assert work.ask(changed) == work.ask(f"SELECT done {found}") == [people]
    of_batch = f"FROM invites_invitation WHERE batch_id = {batch}"
    assert work.ask(f"SELECT DISTINCT times_resent {of_batch}") == [1], f"Killed after {point}."
    # The emails sent so far have the new links. There is no need to wait for the rest.
    work.undo(batch)
    mails = mailed(server, domain)
    assert mails.total() - len(mails) <= 2, f"Killed after {point}."
    return bool(before < people)


# --- Before sending email ----------------------------------------------------------------------------


def test_a_kill_while_checking_or_inviting_loses_nobody_and_invites_nobody_twice(
    work: Work, server: MailServer
) -> None:
    hits = Counter(
        kill_early(work, server, domain=f"trial{trial}.example.com", whole=trial % 2 == 1) for trial in range(TRIALS)
    )
    assert hits["checking"] >= HITS // 2
    assert hits["inviting"] >= HITS // 2


def kill_early(work: Work, server: MailServer, *, domain: str, whole: bool) -> str:
    """What was under way at the kill: "checking", "inviting", or nothing anymore."""
    file = many(MANY, domain=domain)
    assert len(file) > BYTES_IN_REQUEST
    victims = living_children(work)
    (last,) = work.ask("SELECT coalesce(max(id), 0) FROM invites_batch")
    done = (
        f"SELECT (SELECT count(*) FROM invites_row WHERE batch_id > {last})"
        f" + (SELECT count(*) FROM invites_invitation WHERE batch_id > {last})"
    )
    point = random.SystemRandom().randrange(2 * MANY)
    # In parallel, because the file is checked right after the command.
    with ThreadPoolExecutor(1) as beside:
        starting = beside.submit(work.invite, file)
        wait_for(lambda: work.ask(f"SELECT max(id) FROM invites_batch WHERE id > {last}")[0], what="batch")
        wait_for(lambda: work.ask(done)[0] >= point, what=f"{point} rows and invitations", seconds=60)
        if whole:
            work.worker.kill_worker()
        else:
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
        (state,) = work.ask(f"SELECT state FROM invites_batch WHERE id > {last}")
        to_invite = work.ask(f"SELECT count(*) FROM invites_batchchunk WHERE batch_id > {last} AND stage = 'invite'")
        (before,) = work.ask(done)
        if whole:
            work.worker.start_worker()
        batch = starting.result(60)

    if before < 2 * MANY:
        wait_for(lambda: work.ask(done)[0] != before, what="more of it", seconds=RESUMED_SECONDS)
    work.wait_for_end(batch)
    report = work.report(batch)
    assert (report["rows"], report["invited"], report["failed"]) == (MANY, MANY, 0), f"Killed after {point}."
    of_batch = f"FROM invites_invitation WHERE batch_id = {batch}"
    assert work.ask(f"SELECT count(*) {of_batch}") == work.ask(f"SELECT count(DISTINCT email_key) {of_batch}") == [MANY]
    mails = mailed(server, domain)
    assert len(mails) == MANY, f"Killed after {point}."
    assert mails.total() - len(mails) <= 2, f"Killed after {point}."
    return "checking" if state == "checking" else "inviting" if to_invite != [0] else "nothing"


# --- While undoing a batch ---------------------------------------------------------------------------


def test_an_undo_continues_after_a_kill_and_revokes_everything(work: Work, server: MailServer) -> None:
    hits = 0
    for trial in range(FEWER):
        hits += undo_and_kill(work, server, domain=f"trial{trial}.example.com")
    assert hits >= FEWER // 4


def undo_and_kill(work: Work, server: MailServer, *, domain: str) -> bool:
    """Whether it was under way at the kill."""
    people = 5 * SLICE
    point = random.SystemRandom().randrange(people)
    victims = living_children(work)
    batch = work.invite(many(people, domain=domain))
    work.wait_for_end(batch)
    mails = len(server.taken)
    of_batch = f"FROM invites_invitation WHERE batch_id = {batch}"
    taken_back = f"SELECT count(*) {of_batch} AND state = 'revoked'"
    being_undone = f"SELECT count(*) FROM invites_batch WHERE id = {batch} AND is_being_undone"

    # In parallel, because workers begin before the process that undoes it has ended.
    with ThreadPoolExecutor(1) as beside:
        undoing = beside.submit(work.undo, batch)
        wait_for(lambda: work.ask(taken_back)[0] >= point, what=f"{point} taken back", seconds=60)
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        was_hit = work.ask(being_undone) == [1]
        assert undoing.result(60) == people

    wait_for(lambda: work.ask(being_undone) == [0], what=f"end of the undo, killed after {point}", seconds=60)
    assert work.ask(taken_back) == work.ask(f"SELECT count(*) {of_batch}") == [people]
    assert len(server.taken) == mails
    report = work.report(batch)
    assert (report["rows"], report["invited"]) == (people, people)
    return was_hit


# --- The embedded product ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_the_embedded_product_continues_at_its_next_start(
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
