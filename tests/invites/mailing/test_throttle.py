"""Rate limits of email over all workers together, and domains in backoff."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership, Organization, User
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import chunks, send
from invites.imports.invite import invite_chunk
from invites.imports.selectors.summary import summary_of
from invites.invitations.invite import invite_person
from invites.mailing import backoff, rate_limit
from invites.mailing.domain_backoff import DEFERRALS_BEFORE_BACKOFF, DomainBackoffs, domain_of
from invites.mailing.outbox import send_due_invitations
from invites.mailing.sender import SendResult
from invites.models import Batch, DomainBackoff, FailureReason, Invitation, RateLimitBucket
from tests.concurrency import at_once, crossing, unexpected
from tests.files import csv_of, many
from tests.invites.imports.work import Work
from tests.invites.mailing.mail import let_time_pass, send_now
from tests.invites.mailing.mail_server import MailServer
from tests.worker_on_file import WorkerOnFile

Run = Callable[..., Batch]


def by_domain(addresses: Iterable[str]) -> Counter[str]:
    return Counter(domain_of(address) for address in addresses)


def invited(batch: Batch) -> list[int]:
    """Ids of the batch's invitations, none of which has been sent."""
    while claim := chunks.claim_chunk(batch.pk):
        invite_chunk(claim)
    return list(batch.invitations.order_by("pk").values_list("pk", flat=True))


def send_all(ids: list[int]) -> SendResult:
    """As a worker does that has nothing else to do: throttled emails are sent when the limit allows."""
    run = send_now(ids)
    # On a busy machine, a turn may end before all were tried.
    while rest := [*run.throttled, *run.not_tried]:
        time.sleep(run.retry_in or 0)
        run = send_now(rest)
    return run


def most_in_a_second(moments: list[float]) -> int:
    """The most in any second, whenever it begins."""
    return max(sum(begin <= each < begin + 1 for each in moments) for begin in moments)


# --- Concurrent workers --------------------------------------------------------------------------------


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "setting", ["EMAILS_PER_SECOND", "EMAILS_PER_SECOND_PER_ORGANIZATION", "EMAILS_PER_SECOND_PER_DOMAIN"]
)
def test_concurrent_workers_share_a_limit(server: MailServer, start: Run, settings: Any, setting: str) -> None:
    ids = invited(start(many(100)))
    setattr(settings, setting, 40)

    results = at_once(*(lambda half=ids[number::2]: send_all(half) for number in range(2)))

    assert not unexpected(results)
    assert len(set(server.taken)) == len(server.taken) == 100
    # A block may be late, just before the next one, but no two workers have the same block.
    assert most_in_a_second(server.taken_at) <= 2 * 40
    assert server.taken_at[-1] - server.taken_at[0] >= 1.5


def test_without_a_limit_nothing_is_counted(server: MailServer, run: Run) -> None:
    run(many(30))

    assert (len(server.taken), RateLimitBucket.objects.count()) == (30, 0)


def test_old_buckets_are_deleted(db: None, settings: Any) -> None:
    settings.EMAILS_PER_SECOND = 10
    rate_limit.acquire_global(1)
    RateLimitBucket.objects.create(key="domain example.com", free_at=timezone.now() - timedelta(days=2))

    tasks.recover()

    assert list(RateLimitBucket.objects.values_list("key", flat=True)) == ["all"]


# --- One organization ----------------------------------------------------------------------------------


def test_a_throttled_organization_makes_neither_workers_nor_others_wait(
    server: MailServer,
    start: Run,
    work: Run,
    outsider: User,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.EMAILS_PER_SECOND_PER_ORGANIZATION = 20
    monkeypatch.setattr("invites.mailing.throttle.time.sleep", lambda _: pytest.fail("A worker had to wait."))
    large = start(many(200))
    claim = chunks.claim_chunk(large.pk)
    assert claim is not None

    wait = tasks.process_claimed_chunk(claim)

    assert len(server.taken) == 20
    assert wait is not None
    assert timedelta(0) < wait <= timedelta(seconds=1)
    assert chunks.claim_chunk(large.pk) is None, "No worker can claim it before."
    membership = outsider.memberships.get()
    selection = AccessSelection.of([], all_sites=True)
    invite_person(
        membership,
        email="zoe@other.example.com",
        first_name="Zoe",
        last_name="Lee",
        description="",
        selection=selection,
    )
    assert send_due_invitations(membership.organization_id) is None
    assert server.taken[-1] == "zoe@other.example.com"


def test_a_task_for_the_rest_is_enqueued_for_when_the_limit_allows(
    server: MailServer, start: Run, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAILS_PER_SECOND_PER_ORGANIZATION = 20
    batch = start(many(50))
    enqueued: list[tuple[str, timedelta | None]] = []
    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, _, after=None: enqueued.append((task.name, after)))

    tasks.process_chunk(batch.pk)

    ((name, after),) = enqueued
    assert name == tasks.process_chunk.name
    assert after is not None
    assert timedelta(0) < after <= timedelta(seconds=1)


def test_real_workers_resume_by_themselves_and_serve_others_meanwhile(tmp_path: Path) -> None:
    with MailServer() as server:
        address = f"smtp://127.0.0.1:{server.port}"
        # The recovery task alone would resume the import only once a minute.
        with WorkerOnFile(
            tmp_path, EMAIL_URL=address, EMAILS_PER_SECOND_PER_ORGANIZATION="40", RECOVERY_SECONDS="60"
        ) as worker:
            work = Work(worker, tmp_path)
            large = work.invite(many(400, domain="large.example.com"))
            small = work.invite(many(20, domain="small.example.com"), organization="globex")

            work.wait_for_end(small)
            before = by_domain(server.taken)["large.example.com"]
            work.wait_for_end(large)

    assert before < 400, "The few did not wait for the many."
    moments = [moment for moment, to in zip(server.taken_at, server.taken, strict=True) if "@large." in to]
    assert len(moments) == 400
    # Ten blocks, and on a busy machine two may be late, just before the next one.
    assert most_in_a_second(moments) <= 3 * 40
    assert moments[-1] - moments[0] >= 8


def test_throttled_single_invitations_are_due_when_the_limit_allows_and_lose_no_attempt(
    server: MailServer,
    admin_membership: Membership,
    read_only: AccessSelection,
    acme: Organization,
    settings: Any,
) -> None:
    settings.EMAILS_PER_SECOND_PER_ORGANIZATION = 2
    for number in range(3):
        invite_person(
            admin_membership,
            email=f"person{number}@people.example.com",
            first_name="Ann",
            last_name="Lee",
            description="",
            selection=read_only,
        )

    wait = send_due_invitations(acme.pk)

    assert wait is not None
    assert len(server.taken) == 2
    left = Invitation.objects.get(mail_state=Invitation.Mail.QUEUED)
    assert left.mail_deferrals == 0
    assert left.mail_due_at is not None
    assert left.mail_due_at <= timezone.now() + timedelta(seconds=1)


# --- One domain ----------------------------------------------------------------------------------------


def two_domains(count: int) -> bytes:
    """Addresses of the two, alternating."""
    return csv_of(*(f"person{number}@{'slow' if number % 2 else 'quick'}.example.com" for number in range(count)))


def test_a_throttled_domain_waits_and_others_get_their_email(
    server: MailServer, start: Run, work: Run, settings: Any
) -> None:
    settings.EMAILS_PER_SECOND_PER_DOMAIN = 5
    others = [f"person{number}@domain{number}.example.com" for number in range(150)]
    batch = start(csv_of(*others, *(f"person{number}@slow.example.com" for number in range(150))))

    began = time.monotonic()
    batch = work(batch)
    seconds = time.monotonic() - began

    sent = by_domain(server.taken)
    assert sent.total() - sent["slow.example.com"] == 150
    # Five at once, and five more for every second that the work took on a busy machine.
    assert 5 <= sent["slow.example.com"] <= 5 * (1 + seconds)
    assert batch.state == Batch.State.INVITING


def test_a_domain_that_defers_several_in_a_row_is_left_alone_and_others_get_their_email(
    server: MailServer, start: Run, work: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine, a shorter delay would end before the others have got their email.
    monkeypatch.setattr(backoff, "FIRST_DELAY", backoff.LONGEST_DELAY)
    server.busy_domains = {"slow.example.com"}

    batch = work(start(two_domains(100)))

    assert by_domain(server.taken) == {"quick.example.com": 50}
    # One more was on its way when that became clear.
    assert by_domain(server.asked)["slow.example.com"] <= DEFERRALS_BEFORE_BACKOFF + 1
    assert batch.state == Batch.State.INVITING
    server.busy_domains.clear()
    let_time_pass(batch)
    work(batch)
    assert (batch.state, summary_of(batch).invited) == (Batch.State.DONE, 100)
    assert by_domain(server.taken) == {"quick.example.com": 50, "slow.example.com": 50}
    assert not DomainBackoff.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_email_to_a_domain_is_accepted_while_another_is_deferred() -> None:
    DomainBackoff.objects.create(domain="slow.example.com", deferrals=2)
    one, other = DomainBackoffs(), DomainBackoffs()

    results = crossing(
        ('"invites_domainbackoff"', lambda: one.note_deferral("ann@slow.example.com")),
        ('"invites_domainbackoff"', lambda: other.note_success("zoe@slow.example.com")),
    )

    assert results == [None, None]


def test_the_backoff_of_a_domain_is_exponential_and_known_to_all_workers(
    server: MailServer, start: Run, work: Run
) -> None:
    server.busy_domains = {"slow.example.com"}
    batch, backoff_count = start(two_domains(40)), []
    for _ in range(4):
        work(batch)
        until = DomainBackoff.objects.get().retry_at
        assert until is not None
        backoff_count.append(round((until - timezone.now()).total_seconds(), -1))
        let_time_pass(batch)
    asked = len(server.asked)
    DomainBackoff.objects.update(retry_at=timezone.now() + timedelta(minutes=1))

    other = work(start(csv_of("zoe@slow.example.com", "zoe@quick.example.com")))

    assert backoff_count == [10, 20, 40, 80]
    assert server.asked[asked:] == ["zoe@quick.example.com"]
    assert other.chunks.get().retry_at is not None


def test_a_deferred_email_waits_for_its_backoff_while_throttled_ones_are_sent(
    server: MailServer, start: Run, settings: Any
) -> None:
    settings.EMAILS_PER_SECOND_PER_ORGANIZATION = 10
    server.answers["grey@people.example.com"] = ["450 4.2.0 Come back"] * 2
    batch = start(csv_of("grey@people.example.com", *(f"person{number}@people.example.com" for number in range(25))))

    for _ in range(4):
        batch.chunks.update(retry_at=None)
        RateLimitBucket.objects.update(free_at=timezone.now())
        claim = chunks.claim_chunk(batch.pk)
        assert claim is not None
        tasks.process_claimed_chunk(claim)

    assert server.asked.count("grey@people.example.com") == 1
    assert len(server.taken) == 25
    assert batch.chunks.get().backoff_count == 1


def test_emails_to_a_domain_that_never_accepts_them_are_given_up_with_the_reason(
    server: MailServer, start: Run, work: Run
) -> None:
    server.busy_domains = {"slow.example.com"}
    batch = start(two_domains(40))
    work(batch)
    batch.chunks.update(backoff_count=send.MAX_BACKOFFS)
    let_time_pass(batch)

    work(batch)

    summary = summary_of(batch)
    assert (batch.state, summary.invited, summary.failed) == (Batch.State.DONE, 20, 20)
    assert set(batch.rows.filter(outcome="failed").values_list("detail", flat=True)) == {FailureReason.UNREACHABLE}


def test_old_backoffs_are_deleted(db: None) -> None:
    DomainBackoff.objects.create(domain="slow.example.com", deferrals=2)
    DomainBackoff.objects.update(changed_at=timezone.now() - timedelta(days=2))

    tasks.recover()

    assert not DomainBackoff.objects.exists()
