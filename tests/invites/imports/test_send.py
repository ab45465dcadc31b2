"""Sending with a real mail server: no email is lost, and nobody gets two."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from structlog.testing import capture_logs

from accounts.models import Membership
from invites import tasks
from invites.imports import chunks, send
from invites.imports.selectors.summary import summary_of
from invites.imports.undo import undo_import
from invites.mailing import sender
from invites.mailing.transports.smtp import EmailBackend
from invites.models import Batch, BatchChunk, FailureReason, Invitation, Row
from tests.files import csv_of, many
from tests.invites.imports.chunk_work import claim_one_chunk, invite_one_chunk, process_one_chunk
from tests.invites.mailing.mail import let_time_pass
from tests.invites.mailing.mail_server import MailServer

Run = Callable[..., Batch]


def test_every_person_gets_one_email_over_one_connection(server: MailServer, run: Run) -> None:
    batch = run(many(30))

    assert batch.state == Batch.State.DONE
    assert sorted(server.taken) == sorted(f"person{number}@people.example.com" for number in range(30))
    assert server.connections == 1


def test_a_permanent_failure_fails_the_row_and_the_rest_are_sent(server: MailServer, run: Run) -> None:
    server.answers["gone@example.com"] = ["550 5.1.1 No such user here"]

    batch = run(csv_of("ann@example.com", "gone@example.com", "zoe@example.com"))

    summary = summary_of(batch)
    assert (batch.state, summary.invited, summary.failed, summary.rows) == (Batch.State.DONE, 2, 1, 3)
    row = batch.rows.get(email="gone@example.com")
    assert (row.outcome, row.reason) == (Row.Outcome.FAILED, Row.Reason.MAIL_REFUSED)
    assert "No such user here" in row.detail
    assert Invitation.objects.get(email="gone@example.com").state == Invitation.State.REVOKED
    assert sorted(server.taken) == ["ann@example.com", "zoe@example.com"]


def test_a_refused_person_can_be_imported_again(server: MailServer, run: Run) -> None:
    server.answers["ann@example.com"] = ["550 5.2.2 Mailbox full"]
    run(csv_of("ann@example.com"))

    assert summary_of(run(csv_of("ann@example.com"))).invited == 1
    assert server.taken == ["ann@example.com"]


def test_a_temporary_failure_is_retried_later_and_the_others_are_sent_now(
    server: MailServer, start: Run, work: Run
) -> None:
    server.answers["grey@example.com"] = ["450 4.2.0 Greylisted, come back"]
    batch = work(start(csv_of("ann@example.com", "grey@example.com", "zoe@example.com")))
    assert (batch.state, sorted(server.taken)) == (Batch.State.INVITING, ["ann@example.com", "zoe@example.com"])

    assert work(batch).state == Batch.State.INVITING, "It waits for the delay."
    let_time_pass(batch)
    work(batch)

    assert batch.state == Batch.State.DONE
    assert sorted(server.taken) == ["ann@example.com", "grey@example.com", "zoe@example.com"]
    assert summary_of(batch).invited == 3


def test_the_delays_grow_while_every_email_fails(server: MailServer, start: Run, work: Run) -> None:
    server.answers["grey@example.com"] = ["450 4.2.0 Not now"] * 4
    batch = start(csv_of("grey@example.com"))
    backoff_count = []
    for _ in range(4):
        work(batch)
        retry_at = batch.chunks.get().retry_at
        assert retry_at is not None
        backoff_count.append(round((retry_at - timezone.now()).total_seconds(), -1))
        let_time_pass(batch)

    assert backoff_count == [10, 20, 40, 80]
    assert work(batch).state == Batch.State.DONE


def test_a_recipient_that_always_fails_temporarily_is_given_up_with_the_reason(
    server: MailServer, start: Run, work: Run
) -> None:
    server.answers["grey@example.com"] = ["450 4.2.0 Not now"] * 9
    batch = start(csv_of("ann@example.com", "grey@example.com"))
    work(batch)
    BatchChunk.objects.update(backoff_count=send.MAX_BACKOFFS)
    let_time_pass(batch)

    work(batch)

    summary = summary_of(batch)
    assert (batch.state, summary.invited, summary.failed) == (Batch.State.DONE, 1, 1)
    assert batch.rows.get(email="grey@example.com").detail == FailureReason.UNREACHABLE


@pytest.mark.usefixtures("small_chunks")
def test_the_whole_batch_waits_for_a_server_that_closes_the_connection(
    server: MailServer, start: Run, work: Run
) -> None:
    batch = start(many(45))
    server.answer_all = "421 4.3.2 Service shutting down"

    work(batch)

    assert Invitation.objects.count() == 45, "Inviting continues without the mail server."
    assert (batch.state, server.taken) == (Batch.State.INVITING, [])
    assert server.connections <= 4
    server.answer_all = ""
    let_time_pass(batch)
    work(batch)
    assert (batch.state, len(server.taken), len(set(server.taken))) == (Batch.State.DONE, 45, 45)


def test_nothing_is_lost_while_the_server_is_down(server: MailServer, start: Run, work: Run) -> None:
    batch = start(csv_of("ann@example.com"))
    server.stop()

    work(batch)

    assert (batch.state, Invitation.objects.get().mail_state) == (Batch.State.INVITING, Invitation.Mail.QUEUED)
    server.start()
    let_time_pass(batch)
    assert work(batch).state == Batch.State.DONE
    assert server.taken == ["ann@example.com"]


@pytest.mark.usefixtures("small_chunks")
def test_a_server_that_hangs_costs_one_timeout_and_not_one_per_person(
    server: MailServer, start: Run, work: Run
) -> None:
    batch = start(many(45))
    server.hangs = True

    work(batch)

    assert server.connections <= 2
    assert Batch.objects.get().mail_retry_at is not None
    server.hangs = False
    let_time_pass(batch)
    work(batch)
    assert (batch.state, len(set(server.taken))) == (Batch.State.DONE, 45)


@pytest.mark.parametrize("pipelining", [True, False])
def test_each_response_of_a_slow_server_renews_the_claim(
    server: MailServer, start: Run, work: Run, monkeypatch: pytest.MonkeyPatch, pipelining: bool
) -> None:
    kept: list[bool] = []

    def keep(claim: chunks.ChunkClaim) -> bool:
        kept.append(chunks.renew_claim(claim))
        return kept[-1]

    monkeypatch.setattr(send, "renew_claim", keep)
    monkeypatch.setattr(sender, "RENEWAL_SECONDS", 0)
    server.pipelining = pipelining

    work(start(many(2)))

    # The greeting and the reply to ours, and for each email the sender, the recipient, the start and the end of its data.
    assert len(server.taken) == 2
    assert len(kept) >= 2 + 2 * 4
    assert all(kept)


def test_each_unreachable_address_of_the_server_renews_the_claim(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, replies = socket.getaddrinfo, []

    def answer(host: str, port: int, *more: Any, **named: Any) -> Any:
        addresses = ("127.0.0.2", "127.0.0.3", "127.0.0.1") if host == "mail.example.com" else (host,)
        return [found for address in addresses for found in look_up(address, port, *more, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    backend = EmailBackend(host="mail.example.com", port=server.port, timeout=3)
    backend.on_reply = lambda: replies.append(time.monotonic())

    backend.open()
    backend.close()

    greeting_and_farewell = 2
    assert len(replies) == 2 + greeting_and_farewell
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        backend.open()
    assert len(replies) == 2 + greeting_and_farewell + 3


def test_a_slow_worker_does_not_count_as_dead(start: Run) -> None:
    batch = start(many(2))
    slow = claim_one_chunk(batch)
    BatchChunk.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    other = claim_one_chunk(batch)
    assert other.attempts == 2

    chunks.release_claim(slow)

    still = chunks.held(other).get()
    assert still.claimed_until is not None, "The other worker still holds the chunk."
    assert still.attempts == 0


@pytest.fixture
def invited(start: Run) -> Batch:
    """Thirty invited people in one chunk, whose emails are not sent yet."""
    batch = start(many(30))
    claim = invite_one_chunk(batch)
    chunks.release_claim(claim)
    return batch


def claim_after_deaths(batch: Batch) -> chunks.ChunkClaim | None:
    """The claim after the workers of all earlier claims died."""
    BatchChunk.objects.update(attempts=chunks.MAX_ATTEMPTS)
    return chunks.claim_chunk(batch.pk)


@pytest.mark.servers
def test_an_email_that_crashes_every_worker_is_given_up_and_the_rest_are_sent(invited: Batch, work: Run) -> None:
    first = invited.invitations.earliest("pk").email
    claim = claim_after_deaths(invited)
    assert claim is not None

    send.send_chunk(claim)
    work(invited)

    summary = summary_of(invited)
    assert (invited.state, summary.mail_refused, summary.invited) == (Batch.State.DONE, 1, 29)
    row = invited.rows.get(outcome=Row.Outcome.FAILED)
    assert (row.email, row.detail, len(mail.outbox)) == (first, FailureReason.INTERRUPTED, 29)


def test_a_chunk_whose_emails_all_crash_workers_ends(invited: Batch, work: Run) -> None:
    given_up = []
    while claim := claim_after_deaths(invited):
        send.send_chunk(claim)
        given_up.append(summary_of(invited).mail_refused)

    assert given_up == [1, 2, 4, 8, 16, 30]
    assert (work(invited).state, mail.outbox) == (Batch.State.DONE, [])


def test_wrong_email_settings_count_as_a_failure_of_the_server(start: Run, work: Run, settings: Any) -> None:
    ways = {"EMAIL_BACKEND": settings.EMAIL_BACKEND, "ANYMAIL": settings.ANYMAIL}
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.mailgun.EmailBackend", {}
    batch = start(many(2))

    with capture_logs() as logged:
        work(batch)

    assert any("MAILGUN_API_KEY" in line.get("error", "") for line in logged), "The operator has to know."

    assert (batch.state, summary_of(batch).invited, summary_of(batch).failed) == (Batch.State.INVITING, 2, 0)
    assert Batch.objects.get().mail_retry_at is not None
    settings.EMAIL_BACKEND, settings.ANYMAIL = ways.values()
    let_time_pass(batch)
    assert work(batch).state == Batch.State.DONE
    assert len(mail.outbox) == 2


def test_after_a_dropped_connection_the_rest_is_sent_over_a_new_one(server: MailServer, run: Run) -> None:
    server.most_per_connection = 7

    batch = run(many(30))

    assert (batch.state, len(server.taken), len(set(server.taken))) == (Batch.State.DONE, 30, 30)
    assert server.connections >= 4


def test_a_time_slice_ends_after_some_seconds(
    server: MailServer, start: Run, work: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "TIME_SLICE_SECONDS", 0)
    monkeypatch.setattr(sender, "GROUP", 25)
    batch = start(many(60))
    process_one_chunk(batch)

    assert len(server.taken) == 25
    again = chunks.claim_chunk(batch.pk)
    assert again is not None, "It is released immediately."
    assert again.attempts == 1, "It does not count as a failed attempt."
    tasks.process_claimed_chunk(again)
    work(batch)
    assert (batch.state, len(set(server.taken))) == (Batch.State.DONE, 60)


def test_an_invitation_that_was_resent_is_not_sent_by_the_batch_too(server: MailServer, start: Run, work: Run) -> None:
    batch = start(csv_of("ann@example.com", "ben@example.com"))
    server.answer_all = "421 4.3.2 Not now"
    work(batch)
    Invitation.objects.filter(email="ann@example.com").update(mail_due_at=timezone.now())
    server.answer_all = ""
    let_time_pass(batch)

    work(batch)

    assert (batch.state, server.taken) == (Batch.State.DONE, ["ben@example.com"])


def test_an_invitation_that_was_revoked_meanwhile_is_not_sent(server: MailServer, start: Run, work: Run) -> None:
    batch = start(csv_of("ann@example.com", "ben@example.com"))
    server.answer_all = "421 4.3.2 Not now"
    work(batch)
    Invitation.objects.filter(email="ann@example.com").update(state=Invitation.State.REVOKED)
    server.answer_all = ""
    let_time_pass(batch)

    assert work(batch).state == Batch.State.DONE
    assert server.taken == ["ben@example.com"]


@pytest.mark.parametrize("pipelining", [True, False])
def test_undoing_stops_sending_within_a_second(
    server: MailServer,
    start: Run,
    work: Run,
    admin_membership: Membership,
    monkeypatch: pytest.MonkeyPatch,
    pipelining: bool,
) -> None:
    server.pipelining, server.seconds_per_mail = pipelining, 0.03
    batch = start(many(90))

    def undo(*_: object) -> None:
        if len(server.taken) == 5:
            undo_import(admin_membership, batch)

    monkeypatch.setattr("invites.mailing.domain_backoff.DomainBackoffs.note_success", undo)

    work(batch)

    assert len(server.taken) < 5 + 1 / server.seconds_per_mail + 3
    summary = summary_of(batch)
    assert (summary.invited, summary.revoked, summary.waiting_answer) == (90, 90, 0)
