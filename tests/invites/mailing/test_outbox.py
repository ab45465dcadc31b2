"""Sends the outbox to a real SMTP server that is busy, refuses, is away, or comes back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, Role, User
from config.harness.running import free_port
from invites import tasks
from invites.invitations.change import change_invitation
from invites.mailing import outbox, sender
from invites.mailing.message import OutgoingMessage
from invites.mailing.outbox import MAX_ATTEMPTS, MAX_CRASHES, organizations_with_due_mail, send_due_invitations
from invites.mailing.send_lock import HeldSendLock, acquire_send_lock
from invites.models import DomainBackoff, FailureReason, Invitation, SendLock
from tests.concurrency import once_after
from tests.invites.invitations.helpers import Invite, selection_of


class Mailbox:
    """A server that answers each recipient as `answers` says, and keeps what it took, which takes its time."""

    def __init__(self) -> None:
        self.answers: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.taken: list[str] = []
        self.seconds_per_mail = 0.0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked.append(address)
        answers = self.answers.get(address, [])
        answer = answers.pop(0) if answers else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.seconds_per_mail)
        self.taken += envelope.rcpt_tos
        return "250 Taken"


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "invites.mailing.transports.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_TIMEOUT = 2
    yield mailbox
    controller.stop()


@pytest.fixture
def due(invite: Invite) -> Callable[[str], Invitation]:
    """An invitation of that address whose mail is due now."""

    def due(email: str) -> Invitation:
        return invite(email, mailed=False)

    return due


@pytest.fixture
def slices_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer than in the product, so that a few people are more than one slice."""
    monkeypatch.setattr(outbox, "SLICE", 10)


def state_of(invitation: Invitation) -> tuple[str, str]:
    invitation.refresh_from_db()
    return invitation.mail_state, invitation.mail_detail


def let_seconds_pass(seconds: float) -> None:
    """For locks and for the times at which invitations are due."""
    SendLock.objects.update(expires_at=F("expires_at") - timedelta(seconds=seconds))
    Invitation.objects.update(mail_due_at=F("mail_due_at") - timedelta(seconds=seconds))


class Killed(BaseException):
    pass


def test_sends_due_invitations_once(mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization) -> None:
    people = [due(f"person{number}@people.example.com") for number in range(3)]

    assert send_due_invitations(acme.pk) is None
    assert send_due_invitations(acme.pk) is None

    assert sorted(mailbox.taken) == [person.email for person in people]
    assert {state_of(person) for person in people} == {("sent", "")}
    assert organizations_with_due_mail() == []


@pytest.mark.parametrize("answer", ["421 Closing down", "450 Busy", "451 Try again", "452 Full"])
def test_retries_later_when_the_server_is_busy(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization, answer: str
) -> None:
    invitation = due("ann@people.example.com")
    mailbox.answers["ann@people.example.com"] = [answer, answer]

    send_due_invitations(acme.pk)

    # A server that closes the channel has said nothing about this email.
    assert state_of(invitation) == ("queued" if answer.startswith("421") else "deferred", "")
    assert organizations_with_due_mail() == []
    asked = len(mailbox.asked)
    send_due_invitations(acme.pk)
    assert len(mailbox.asked) == asked, "it waits before it asks again"

    for minutes in (1, 3, 9):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            send_due_invitations(acme.pk)

    assert mailbox.taken == ["ann@people.example.com"]
    assert state_of(invitation) == ("sent", "")


def test_backoff_is_exponential(mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization) -> None:
    invitation = due("ann@people.example.com")
    mailbox.answers["ann@people.example.com"] = ["450 Busy"] * 20
    now, backoff_count = timezone.now(), []

    for _ in range(10):
        with time_machine.travel(now, tick=False):
            send_due_invitations(acme.pk)
            invitation.refresh_from_db()
            assert invitation.mail_due_at is not None
            backoff_count.append((invitation.mail_due_at - timezone.now()).total_seconds())
            now = invitation.mail_due_at

    assert backoff_count[:4] == [10, 20, 40, 80]
    assert backoff_count[-1] == 15 * 60


@pytest.mark.servers
def test_a_refused_address_fails_with_the_servers_reason_and_others_are_sent(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization
) -> None:
    refused, fine = due("nobody@people.example.com"), due("somebody@people.example.com")
    mailbox.answers[refused.email] = ["550 No such mailbox"]

    send_due_invitations(acme.pk)

    assert state_of(refused) == ("failed", "550 No such mailbox")
    assert state_of(fine) == ("sent", "")
    assert mailbox.taken == [fine.email]
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        send_due_invitations(acme.pk)
    assert mailbox.asked.count(refused.email) == 1


def test_loses_nothing_when_the_server_is_away(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization, settings: Any
) -> None:
    invitation = due("ann@people.example.com")
    here, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()

    send_due_invitations(acme.pk)
    assert state_of(invitation) == ("queued", "")

    settings.EMAIL_PORT = here
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert organizations_with_due_mail() == [acme.pk]
        send_due_invitations(acme.pk)
    assert mailbox.taken == ["ann@people.example.com"]


@pytest.mark.servers
def test_a_server_that_hangs_is_given_up_after_the_timeout(
    due: Callable[[str], Invitation], acme: Organization, settings: Any
) -> None:
    invitation = due("ann@people.example.com")
    settings.EMAIL_BACKEND = "invites.mailing.transports.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 0.3
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()

        send_due_invitations(acme.pk)

    assert state_of(invitation) == ("queued", "")
    assert invitation.mail_due_at is not None


@pytest.mark.servers
def test_gives_up_after_many_attempts_with_a_reason(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization
) -> None:
    invitation = due("ann@people.example.com")
    Invitation.objects.filter(pk=invitation.pk).update(mail_deferrals=MAX_ATTEMPTS - 1)
    mailbox.answers[invitation.email] = ["450 Busy"]

    send_due_invitations(acme.pk)

    assert state_of(invitation) == ("failed", FailureReason.UNREACHABLE)


def test_recovery_finds_due_invitations_without_a_task(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = due("ann@people.example.com")
    enqueued: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, pk, **_: enqueued.append((task.name, pk)))

    tasks.recover()

    assert (tasks.send_due_invitations.name, acme.pk) in enqueued
    tasks.send_due_invitations(acme.pk)
    assert state_of(invitation) == ("sent", "")


def test_recovery_finds_the_invitations_of_a_worker_that_died(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = due("ann@people.example.com")

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("invites.mailing.outbox.send_invitations", die)
        with pytest.raises(Killed):
            send_due_invitations(acme.pk)

    assert organizations_with_due_mail() == []
    let_seconds_pass(21)
    assert organizations_with_due_mail() == [acme.pk]
    send_due_invitations(acme.pk)
    assert mailbox.taken == [invitation.email]


def test_a_message_that_crashes_workers_lets_others_go_first_and_is_given_up(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = due("ann@people.example.com")
    with_it = [due(f"person{number}@people.example.com") for number in range(3)]
    build = OutgoingMessage.build

    def kill(message: OutgoingMessage) -> Any:
        if message.data.id == poison.pk:
            raise Killed
        return build(message)

    monkeypatch.setattr(OutgoingMessage, "build", kill)
    with pytest.raises(Killed):
        send_due_invitations(acme.pk)
    late = due("late@people.example.com")
    SendLock.objects.update(expires_at=timezone.now())
    send_due_invitations(acme.pk)
    assert mailbox.taken == [late.email], "Whatever is new does not wait for it."
    for _ in range(MAX_CRASHES + len(with_it) + 2):
        let_seconds_pass(1000)
        with contextlib.suppress(Killed):
            send_due_invitations(acme.pk)

    assert set(mailbox.taken) == {late.email, *(each.email for each in with_it)}
    assert state_of(poison) == ("failed", FailureReason.INTERRUPTED)


def test_many_deferrals_do_not_count_as_crashes(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization
) -> None:
    for number in range(5):
        due(f"person{number}@people.example.com")
    Invitation.objects.update(mail_deferrals=MAX_ATTEMPTS - 2)

    assert send_due_invitations(acme.pk) is None

    assert len(mailbox.taken) == 5


def test_invitations_that_were_not_tried_stay_due_while_a_domain_is_in_backoff(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    DomainBackoff.objects.create(
        domain="busy.example.com", backoff_count=1, retry_at=timezone.now() + timedelta(minutes=15)
    )
    monkeypatch.setattr(sender, "TIME_SLICE_SECONDS", 0)
    monkeypatch.setattr(sender, "GROUP", 2)
    busy = due("ann@busy.example.com")
    others = [due(f"person{number}@people.example.com") for number in range(4)]
    before = {each.pk: each.mail_due_at for each in others}

    more = send_due_invitations(acme.pk)

    assert more is not None
    assert more.wait == timedelta(0)
    left = [each for each in others if each.email not in mailbox.taken]
    assert 0 < len(left) < 4
    for invitation in left:
        invitation.refresh_from_db()
        assert (invitation.mail_due_at, invitation.mail_deferrals) == (before[invitation.pk], 0)
    busy.refresh_from_db()
    assert busy.mail_due_at is not None
    assert busy.mail_due_at > timezone.now() + timedelta(minutes=10)


def test_a_long_queue_does_not_delay_another_organization(
    mailbox: Mailbox,
    slices_of_ten: None,
    due: Callable[[str], Invitation],
    invite: Invite,
    acme: Organization,
    outsider: User,
) -> None:
    for number in range(12):
        due(f"person{number}@people.example.com")
    theirs = Membership.objects.get(user=outsider)
    invite("theirs@people.example.com", by=theirs, sites=None, mailed=False)

    assert send_due_invitations(acme.pk), "a slice at a time, and then there is more"
    assert len(mailbox.taken) == 10
    send_due_invitations(theirs.organization_id)

    assert "theirs@people.example.com" in mailbox.taken


def test_fails_invitations_of_an_inviter_who_lost_the_permission_and_says_why(
    mailbox: Mailbox,
    due: Callable[[str], Invitation],
    by: Membership,
    acme: Organization,
    client_of: Callable[[User], Client],
    join: Callable[..., User],
) -> None:
    invitation = due("ann@people.example.com")
    by.roles.set(Role.objects.filter(organization=acme, name="ReadOnly"))

    assert send_due_invitations(acme.pk) is None

    assert (mailbox.asked, state_of(invitation)) == ([], ("failed", FailureReason.INVITER_LEFT))
    colleague = client_of(join(acme, "second@example.com", "Org Admin"))
    assert (
        f'title="{FailureReason.INVITER_LEFT.label}">Not delivered<' in colleague.get("/o/acme/users/").content.decode()
    )
    colleague.post(f"/o/acme/invitations/{invitation.pk}/resend/")
    send_due_invitations(acme.pk)
    assert mailbox.taken == ["ann@people.example.com"], "A colleague who may can send it."


@pytest.mark.servers
def test_sends_an_invitation_that_a_colleague_takes_over_during_the_check(
    mailbox: Mailbox,
    due: Callable[[str], Invitation],
    by: Membership,
    acme: Organization,
    colleague: Membership,
) -> None:
    invitation = due("ann@people.example.com")
    by.roles.set(Role.objects.filter(organization=acme, name="ReadOnly"))

    with once_after(
        'FROM "invites_accessgrant"', lambda: change_invitation(colleague, invitation, selection_of(acme, "ReadOnly"))
    ):
        more = send_due_invitations(acme.pk)
    assert more is not None
    send_due_invitations(acme.pk, more.lock_token)

    assert mailbox.taken == ["ann@people.example.com"]


# --- One at a time -------------------------------------------------------------------------------------


def test_an_organization_has_one_chain_of_tasks_however_many_are_enqueued(
    mailbox: Mailbox,
    slices_of_ten: None,
    due: Callable[[str], Invitation],
    acme: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(22):
        due(f"person{number}@people.example.com")
    enqueued: list[str] = []
    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, _, **__: enqueued.append(task.name))
    # The recovery task also looks whether an email about expiry is due.
    Organization.objects.update(expiry_email_at=timezone.now() + timedelta(days=1))

    first = send_due_invitations(acme.pk)

    assert first is not None
    for _ in range(3):
        tasks.recover()
        tasks.send_due_invitations(acme.pk)
    assert (len(mailbox.taken), enqueued) == (10, [])
    second = send_due_invitations(acme.pk, first.lock_token)
    assert second is not None
    assert send_due_invitations(acme.pk, first.lock_token) is None, (
        "A task that is delivered twice starts no second chain."
    )
    assert len(mailbox.taken) == 20
    assert send_due_invitations(acme.pk, second.lock_token) is None
    assert len(set(mailbox.taken)) == len(mailbox.taken) == 22


def test_a_task_enqueues_the_next_one_with_the_token_of_the_lock(
    mailbox: Mailbox,
    slices_of_ten: None,
    due: Callable[[str], Invitation],
    acme: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(12):
        due(f"person{number}@people.example.com")
    published: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tasks.send_due_invitations, "apply_async", lambda given, **_: published.append(given))
    monkeypatch.setattr("accounts.tasks.transaction.on_commit", lambda enqueue: enqueue())

    tasks.send_due_invitations(acme.pk)
    ((organization_id, lock_token),) = published
    tasks.send_due_invitations(organization_id, lock_token)

    assert len(set(mailbox.taken)) == len(mailbox.taken) == 12
    assert len(published) == 1


def test_recovery_finds_a_lock_that_was_transferred_to_a_lost_task(
    mailbox: Mailbox, slices_of_ten: None, due: Callable[[str], Invitation], acme: Organization
) -> None:
    for number in range(12):
        due(f"person{number}@people.example.com")
    send_due_invitations(acme.pk)
    assert organizations_with_due_mail() == []

    let_seconds_pass(21)

    assert organizations_with_due_mail() == [acme.pk]
    assert send_due_invitations(acme.pk) is None
    assert len(set(mailbox.taken)) == len(mailbox.taken) == 12


def test_a_slow_server_does_not_extend_the_time_slice(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "TIME_SLICE_SECONDS", 0.3)
    monkeypatch.setattr(sender, "RENEWAL_SECONDS", 0.1)
    for number in range(30):
        due(f"person{number}@people.example.com")
    mailbox.seconds_per_mail = 0.05

    more = send_due_invitations(acme.pk)

    assert len(mailbox.taken) <= 15
    mailbox.seconds_per_mail = 0
    while more:
        more = send_due_invitations(acme.pk, more.lock_token)
    assert len(set(mailbox.taken)) == len(mailbox.taken) == 30
    assert set(Invitation.objects.values_list("mail_deferrals", flat=True)) == {0}, "To wait is no attempt."


def test_an_invitation_that_becomes_due_just_before_the_release_is_sent(
    mailbox: Mailbox, due: Callable[[str], Invitation], acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    due("ann@people.example.com")
    release = HeldSendLock.release

    def release_late(lock: HeldSendLock) -> None:
        due("late@people.example.com")
        assert send_due_invitations(acme.pk) is None, "Another worker is sending, so this one leaves it to that one."
        release(lock)

    with monkeypatch.context() as patched:
        patched.setattr(HeldSendLock, "release", release_late)
        more = send_due_invitations(acme.pk)

    assert more is not None
    send_due_invitations(acme.pk, more.lock_token)
    assert mailbox.taken == ["ann@people.example.com", "late@people.example.com"]


def test_a_lock_is_renewed_and_a_lost_one_is_neither_renewed_nor_transferred(acme: Organization) -> None:
    lock = acquire_send_lock(acme.pk)
    assert lock is not None
    let_seconds_pass(15)
    assert lock.renew()
    let_seconds_pass(15)
    assert acquire_send_lock(acme.pk) is None, "It is somebody's."

    let_seconds_pass(6)

    assert acquire_send_lock(acme.pk) is not None
    assert not lock.renew()
    assert lock.transfer(wait=timedelta(0)) is None
