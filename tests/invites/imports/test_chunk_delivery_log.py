"""A batch doesn't mark as sent what was resent meanwhile, or what it skipped before its worker died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership, Role
from invites.imports import send
from invites.imports.chunk_delivery_log import flush_previous_log, revoke_unsent
from invites.imports.send import send_chunk
from invites.invitations import actions
from invites.mailing.domain_backoff import DEFERRALS_BEFORE_BACKOFF
from invites.models import Batch, BatchChunk, Invitation, Row
from tests.files import csv_of
from tests.invites.imports.chunk_work import invite_one_chunk, process_one_chunk
from tests.invites.mailing.mail import let_time_pass
from tests.invites.mailing.mail_server import MailServer

Run = Callable[..., Batch]
Mail = Invitation.Mail


class Killed(BaseException):
    """Ends a process without any cleanup."""


# --- Resent ---------------------------------------------------------------------------------------------


@pytest.fixture
def resent(server: MailServer, start: Run, work: Run, admin_membership: Membership, settings: Any) -> Invitation:
    """Ann got the email of the batch, and then her invitation was resent. Ben's email failed temporarily."""
    settings.RESEND_PAUSE = 0
    server.answers["ben@example.com"] = ["450 4.2.0 Later"] * 3
    work(start(csv_of("ann@example.com", "ben@example.com")))
    ann = Invitation.objects.get(email="ann@example.com")
    actions.resend(admin_membership, ann)
    ann.refresh_from_db()
    assert (ann.mail_state, server.taken) == (Mail.QUEUED, ["ann@example.com"])
    return ann


def test_a_late_refusal_does_not_revoke_a_resent_invitation(resent: Invitation) -> None:
    """A worker that lost its claim finds out. Another email counts by now."""
    assert revoke_unsent([resent.pk], Row.Reason.MAIL_REFUSED, detail="550 Nobody") == 0

    resent.refresh_from_db()
    assert (resent.state, resent.mail_state) == (Invitation.State.PENDING, Mail.QUEUED)
    assert resent.row is not None
    assert resent.row.outcome == Row.Outcome.INVITED


def test_the_batch_does_not_mail_what_was_resent(server: MailServer, resent: Invitation, work: Run) -> None:
    batch = Batch.objects.get()
    let_time_pass(batch)

    work(batch)

    assert server.taken == ["ann@example.com"]
    resent.refresh_from_db()
    assert resent.mail_due_at is not None


def test_a_batch_that_gives_up_keeps_resent_invitations(resent: Invitation, work: Run) -> None:
    BatchChunk.objects.update(backoff_count=send.MAX_BACKOFFS)
    batch = Batch.objects.get()
    let_time_pass(batch)

    work(batch)

    states = dict(Invitation.objects.values_list("email", "state"))
    assert states == {"ann@example.com": "pending", "ben@example.com": "revoked"}


@pytest.mark.servers
def test_only_unsent_invitations_of_an_unauthorized_inviter_are_revoked(
    resent: Invitation, work: Run, admin_membership: Membership
) -> None:
    admin_membership.roles.set(Role.objects.filter(name="ReadOnly"))
    batch = Batch.objects.get()
    let_time_pass(batch)

    work(batch)

    assert batch.state == Batch.State.STOPPED
    outcomes = dict(batch.rows.values_list("email", "outcome"))
    assert outcomes == {"ann@example.com": Row.Outcome.INVITED, "ben@example.com": Row.Outcome.FAILED}


# --- Passed over: mail goes in the order of addresses ----------------------------------------------------------------------------------------


def die_at(mails: int, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Die without any cleanup when the server has accepted this many emails."""

    def die(*_: object) -> None:
        if len(server.taken) == mails:
            monkeypatch.setattr("invites.imports.chunk_delivery_log.ChunkDeliveryLog.flush", lambda _: None)
            raise Killed

    monkeypatch.setattr("invites.mailing.domain_backoff.DomainBackoffs.note_success", die)


def states_after_death(
    batch: Batch, server: MailServer, monkeypatch: pytest.MonkeyPatch, *, mails: int = 3
) -> dict[str, str]:
    """The state of each invitation when the next worker has read the log."""
    claim = invite_one_chunk(batch)
    with monkeypatch.context() as patched:
        die_at(mails, server, patched)
        with pytest.raises(Killed):
            send_chunk(claim)
    BatchChunk.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    flush_previous_log(batch.chunks.get())
    return dict(Invitation.objects.order_by("pk").values_list("email", "mail_state"))


def test_a_temporary_failure_does_not_count_as_sent(
    server: MailServer, start: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers["ben@b.example.com"] = ["450 4.2.0 Later"]
    batch = start(csv_of("ann@a.example.com", "ben@b.example.com", "cat@c.example.com", "dan@d.example.com"))

    states = states_after_death(batch, server, monkeypatch)

    assert states["ben@b.example.com"] in Invitation.UNSENT
    assert (states["ann@a.example.com"], states["cat@c.example.com"]) == (Mail.SENT, Mail.SENT)


@pytest.mark.servers
def test_a_throttled_email_does_not_count_as_sent(
    server: MailServer, start: Run, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.EMAILS_PER_SECOND_PER_DOMAIN = 1
    batch = start(csv_of("ann@a.example.com", "ben@a.example.com", "cat@c.example.com", "dan@d.example.com"))

    states = states_after_death(batch, server, monkeypatch)

    assert states["ben@a.example.com"] in Invitation.UNSENT
    assert (states["ann@a.example.com"], states["cat@c.example.com"]) == (Mail.SENT, Mail.SENT)


def test_an_email_to_a_domain_in_backoff_does_not_count_as_sent(
    server: MailServer, start: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.pipelining = False
    server.busy_domains = {"busy.example.com"}
    busy = [f"ben{number}@busy.example.com" for number in range(DEFERRALS_BEFORE_BACKOFF)]
    late = "cec@busy.example.com"
    batch = start(
        csv_of("ann@a.example.com", *busy, "cat@c.example.com", late, "dan@d.example.com", "eve@e.example.com")
    )

    states = states_after_death(batch, server, monkeypatch, mails=4)

    assert late not in server.asked
    assert {states[address] for address in (*busy, late)} <= set(Invitation.UNSENT)
    assert (states["cat@c.example.com"], states["dan@d.example.com"]) == (Mail.SENT, Mail.SENT)


# --- The streak -----------------------------------------------------------------------------------------


def test_a_refusal_ends_the_streak_after_which_the_server_counts_as_busy(server: MailServer, start: Run) -> None:
    """Nine temporary failures, one permanent, nine temporary: the server responds, so the last one is still tried."""
    addresses = [f"person{number:02}@domain{number}.example.com" for number in range(20)]
    server.answers = {address: ["450 4.2.0 Later"] for address in addresses[:19]}
    server.answers[addresses[9]] = ["550 5.1.1 Nobody"]
    batch = start(csv_of(*addresses))

    process_one_chunk(batch)

    assert server.taken == [addresses[19]]
    batch.refresh_from_db()
    assert batch.mail_retry_at is None
