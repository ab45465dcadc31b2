"""Many messages over one connection: each has its own result, and a crash leaves at most one unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from config.harness.running import wait_for
from invites import tasks
from invites.imports import chunks
from invites.imports.chunk_delivery_log import ChunkDeliveryLog
from invites.imports.invite import invite_chunk
from invites.imports.selectors.summary import summary_of
from invites.mailing.content import content_of
from invites.mailing.delivery import MailConnection
from invites.mailing.message import OutgoingMessage, load_unsent
from invites.mailing.template import InvitationTemplate
from invites.mailing.transports.smtp import Pipeline
from invites.models import Batch, BatchChunk, FailureReason, Invitation, Row
from tests.files import csv_of, many
from tests.invites.mailing.mail import let_time_pass
from tests.invites.mailing.mail_server import MailServer

Run = Callable[..., Batch]


class Killed(BaseException):
    """As a process that is no more: nothing after it is done."""


def person(number: int) -> str:
    return f"person{number}@people.example.com"


def invited(batch: Batch) -> chunks.ChunkClaim:
    """The batch's only chunk, invited and not mailed."""
    claim = chunks.claim_chunk(batch.pk)
    assert claim is not None
    invite_chunk(claim)
    return claim


def let_the_lease_run_out() -> None:
    BatchChunk.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))


def test_a_message_does_not_end_before_the_previous_result_is_taken(server: MailServer, start: Run) -> None:
    invited(start(many(3)))
    due = load_unsent(list(Invitation.objects.values_list("pk", flat=True)))
    template = InvitationTemplate(content_of(Invitation.objects.earliest("pk")))
    connection = MailConnection()

    with closing(connection), closing(connection.deliver(OutgoingMessage(each, template) for each in due)) as results:
        for number in range(2):
            message, failure = next(results)
            assert (message.data.email, failure) == (person(number), None)
            wait_for(partial(server.has_heard_of, person(number + 1)), what="the next recipient")
            assert server.taken == [person(each) for each in range(number + 1)]

    assert len(server.taken) == 2, "A worker that stops in between leaves the third one unsent."


@pytest.mark.parametrize("pipelining", [True, False])
def test_each_invitee_has_the_result_that_the_server_gave(
    server: MailServer, start: Run, work: Run, pipelining: bool
) -> None:
    server.pipelining = pipelining
    server.answers = {
        person(2): ["550 5.1.1 Nobody"],
        person(3): ["450 4.2.0 Later"],
        person(5): ["421 4.3.2 Closing"],
        person(9): ["552 5.2.2 Full"],
    }

    batch = work(start(many(10)))

    assert Counter(server.taken) == Counter(person(number) for number in (0, 1, 4, 5, 6, 7, 8))
    states = Invitation.objects.order_by("pk").values_list("mail_state", flat=True)
    expected = ["sent"] * 10
    expected[2] = expected[9] = "failed"
    expected[3] = "deferred"
    assert list(states) == expected
    let_time_pass(batch)
    assert summary_of(work(batch)).invited == 8
    assert Counter(server.taken) == Counter(person(number) for number in range(10) if number not in (2, 9))
    assert dict(batch.rows.filter(outcome=Row.Outcome.FAILED).values_list("email", "detail")) == {
        person(2): "550 5.1.1 Nobody",
        person(9): "552 5.2.2 Full",
    }


def test_a_broken_connection_duplicates_at_most_one_email(server: MailServer, run: Run) -> None:
    server.drops_after = 7

    batch = run(many(20))

    mails = Counter(server.taken)
    assert (batch.state, len(mails)) == (Batch.State.DONE, 20)
    assert mails.total() <= 21
    assert server.connections == 2


def test_uses_one_connection_and_one_write_per_message(
    server: MailServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes | str] = []
    deliver = Pipeline.deliver

    def watched(pipeline: Pipeline[OutgoingMessage]) -> object:
        send = pipeline._server.send

        def watched_send(content: bytes | str) -> None:
            written.append(content)
            send(content)

        monkeypatch.setattr(pipeline._server, "send", watched_send)
        return deliver(pipeline)

    monkeypatch.setattr(Pipeline, "deliver", watched)

    run(many(30))

    assert (len(server.taken), server.connections) == (30, 1)
    assert len(written) == 32, "One write begins the first, each ends one and begins the next, and one says good-bye."


@pytest.mark.parametrize("some_are_skipped", [False, True], ids=["all of them", "some put off"])
def test_what_a_dead_worker_sent_is_not_sent_again(
    server: MailServer, start: Run, work: Run, monkeypatch: pytest.MonkeyPatch, some_are_skipped: bool
) -> None:
    batch = start(many(20))
    claim = invited(batch)
    if some_are_skipped:
        server.answers = {person(4): ["450 4.2.0 Later"], person(8): ["550 5.1.1 Nobody"]}
    with monkeypatch.context() as patched:

        def die(*_: object) -> None:
            if len(server.taken) == 15:
                # Nothing that a process does on its way out may matter.
                patched.setattr("invites.imports.chunk_delivery_log.ChunkDeliveryLog.flush", lambda _: None)
                raise Killed

        patched.setattr("invites.mailing.domain_backoff.DomainBackoffs.note_success", die)
        with pytest.raises(Killed):
            tasks.process_claimed_chunk(claim)

    let_the_lease_run_out()
    work(batch)
    let_time_pass(batch)
    work(batch)

    mails = Counter(server.taken)
    assert batch.state == Batch.State.DONE
    assert set(mails) == {person(number) for number in range(20)} - ({person(8)} if some_are_skipped else set())
    assert mails.total() == len(mails) + 1, "The one that was under way, and no other."


def test_an_address_refused_before_a_crash_does_not_count_as_invited(
    server: MailServer, start: Run, work: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start(many(6))
    claim = invited(batch)
    server.answers = {person(2): ["550 5.1.1 Nobody"]}
    with monkeypatch.context() as patched:

        def die(*_: object) -> None:
            if len(server.taken) == 3:
                raise Killed

        patched.setattr("invites.mailing.domain_backoff.DomainBackoffs.note_success", die)
        with pytest.raises(Killed):
            tasks.process_claimed_chunk(claim)

    # At every moment, and not only at the end.
    assert (summary_of(batch).invited, summary_of(batch).failed) == (5, 1)
    let_the_lease_run_out()
    work(batch)
    assert (batch.state, summary_of(batch).invited, summary_of(batch).failed) == (Batch.State.DONE, 5, 1)
    row = batch.rows.get(outcome=Row.Outcome.FAILED)
    assert (row.email, row.reason, row.detail) == (person(2), Row.Reason.MAIL_REFUSED, "550 5.1.1 Nobody")
    assert Invitation.objects.get(email=person(2)).state == Invitation.State.REVOKED


def test_a_worker_that_lost_its_claim_stops_sending(
    server: MailServer, start: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = invited(start(many(20)))

    def lose_the_lease(*_: object) -> None:
        if len(server.taken) == 5:
            BatchChunk.objects.update(claims=99)

    monkeypatch.setattr("invites.mailing.domain_backoff.DomainBackoffs.note_success", lose_the_lease)

    tasks.process_claimed_chunk(claim)

    assert len(server.taken) == 5


def test_an_invitation_resent_meanwhile_does_not_count_as_sent(server: MailServer, start: Run, work: Run) -> None:
    batch = start(csv_of("ann@example.com", "ben@example.com"))
    invited(batch)
    ann = Invitation.objects.get(email="ann@example.com")
    BatchChunk.objects.update(first_delivered_id=ann.pk, last_delivered_id=ann.pk)
    Invitation.objects.filter(pk=ann.pk).update(mail_due_at=timezone.now())
    let_the_lease_run_out()

    work(batch)

    ann.refresh_from_db()
    assert (server.taken, ann.mail_state) == (["ben@example.com"], Invitation.Mail.QUEUED)


def test_a_message_that_crashes_every_worker_is_found_and_given_up_alone(
    server: MailServer, start: Run, work: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start(many(20))
    methods = {"render": OutgoingMessage.render, "build": OutgoingMessage.build}

    def dies(name: str) -> Callable[[OutgoingMessage], object]:
        def make(message: OutgoingMessage) -> object:
            if message.data.email == person(7):
                monkeypatch.setattr("invites.imports.chunk_delivery_log.ChunkDeliveryLog.flush", lambda _: None)
                raise Killed
            return methods[name](message)

        return make

    for name in methods:
        monkeypatch.setattr(OutgoingMessage, name, dies(name))
    flush = ChunkDeliveryLog.flush
    deaths = 0
    while batch.state == Batch.State.INVITING:
        try:
            work(batch)
        except Killed:
            deaths += 1
            monkeypatch.setattr(ChunkDeliveryLog, "flush", flush)
            let_the_lease_run_out()

    # The first one had invited them with the same claim.
    assert deaths == 1 + chunks.MAX_ATTEMPTS
    row = batch.rows.get(outcome=Row.Outcome.FAILED)
    assert (row.email, row.detail) == (person(7), FailureReason.INTERRUPTED)
    mails = Counter(server.taken)
    assert set(mails) == {person(number) for number in range(20)} - {person(7)}
    assert mails.total() - len(mails) <= 1 + chunks.SUSPICIOUS_AFTER, "Only what was under way beside it went twice."
