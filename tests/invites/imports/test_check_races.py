"""What happens to a file while it is checked or waits to be corrected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Membership, User
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import check, check_claims
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_batch
from invites.imports.upload import correct_batch, invite_valid_rows, start_batch
from invites.invitations.authorization import selection_of
from invites.models import Batch, DailyInviteCount, Invitation, Row
from tests.concurrency import once_after
from tests.files import PROBLEMS, csv_of, many
from tests.invites.imports.chunk_work import invite_one_chunk
from tests.rules import domain_error

Run = Callable[..., Batch]


def test_a_file_with_one_person_many_times_invites_them_once(run: Run) -> None:
    summary = summary_of(run(csv_of(*["ann@example.com"] * 30)))

    assert (summary.invited, summary.skips["duplicate"], summary.rows) == (1, 29, 30)


def test_a_file_with_only_members_ends_immediately(run: Run, member: User) -> None:
    batch = run(csv_of("member@example.com", "admin@example.com"))

    assert (batch.state, summary_of(batch).skips["already_member"], mail.outbox) == (Batch.State.DONE, 2, [])


def test_only_valid_waits_for_corrections_if_no_row_is_valid(run: Run) -> None:
    batch = run(csv_of("ben@@example.com", "c@example.com,,Cole,"), only_valid=True)

    assert batch.state == Batch.State.NEEDS_CORRECTION
    assert Invitation.objects.count() == 0


@pytest.mark.servers
def test_an_outdated_check_does_not_delete_what_the_next_one_staged(
    start: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(3)], selection=read_only)
    given_up = check_claims.claim_batch(batch.pk)
    assert given_up is not None
    Batch.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    tasks.check_batch(batch.pk)

    with pytest.raises(check_claims.LostClaim):
        check._delete_staged_rows(given_up)

    assert batch.rows.count() == 3


def test_a_check_of_the_replaced_file_has_no_claim_on_the_corrected_one(
    admin_membership: Membership, read_only: AccessSelection
) -> None:
    """The attempts of a corrected file start at 0, and reach the number of an earlier claim."""
    batch = start_batch(admin_membership, file_name="team.csv", content=[PROBLEMS], selection=read_only)
    slow = check_claims.claim_batch(batch.pk)
    assert slow is not None
    Batch.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    tasks.check_batch(batch.pk)
    correct_batch(batch, file_name="b.csv", content=[many(3)], selection=read_only, by=admin_membership)
    other = check_claims.claim_batch(batch.pk)
    assert other is not None
    assert other.attempts == slow.attempts

    with pytest.raises(check_claims.LostClaim):
        check_claims.renew_claim(slow)


def test_an_outdated_check_does_not_use_the_claim_of_the_next_one(
    admin_membership: Membership, read_only: AccessSelection
) -> None:
    """A machine hangs right after its claim, until the claim has expired."""
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(3)], selection=read_only)
    others: list[Batch | None] = []

    def claim() -> None:
        Batch.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
        others.append(check_claims.claim_batch(batch.pk))

    with once_after('UPDATE "invites_batch"', claim):
        first = check_claims.claim_batch(batch.pk)

    assert first is not None
    with pytest.raises(check_claims.LostClaim):
        check_claims.renew_claim(first)
    assert others[0] is not None
    check_claims.renew_claim(others[0])


def test_a_batch_stopped_while_its_check_fails_stays_stopped(
    admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(3)], selection=read_only)
    Batch.objects.update(attempts=check_claims.MAX_ATTEMPTS)

    with once_after('UPDATE "invites_batch"', lambda: stop_batch(Batch.objects.get())):
        assert check.check_batch(batch.pk) is None

    batch.refresh_from_db()
    assert (batch.state, batch.state_reasons) == (Batch.State.STOPPED, [])


def test_stopping_while_the_file_is_read_is_not_an_error(
    admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(3)], selection=read_only)

    with once_after('FROM "invites_uploadpart"', lambda: stop_batch(Batch.objects.get())):
        assert check.check_batch(batch.pk) is None

    assert (Batch.objects.get().state, Row.objects.count()) == (Batch.State.STOPPED, 0)


def test_a_corrected_file_stopped_during_its_check_leaves_no_rows(
    start: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start(PROBLEMS)
    correct_batch(batch, file_name="b.csv", content=[many(9)], selection=read_only, by=admin_membership)

    with once_after('DELETE FROM "invites_row"', lambda: stop_batch(Batch.objects.get())):
        assert check.check_batch(batch.pk) is None

    batch.refresh_from_db()
    assert (batch.state, batch.file_name, summary_of(batch).rows) == (Batch.State.STOPPED, "b.csv", 0)


@pytest.fixture
def as_it_was_seen(admin_membership: Membership, read_only: AccessSelection) -> Batch:
    """A batch of 300 people, as it was loaded before its check."""
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(300)], selection=read_only)
    check.check_batch(batch.pk)
    return batch


def test_a_stop_that_waited_for_the_check_counts_its_rows_and_refunds_the_quota(
    as_it_was_seen: Batch,
) -> None:
    assert as_it_was_seen.state == Batch.State.CHECKING

    assert stop_batch(as_it_was_seen)

    summary = summary_of(as_it_was_seen)
    assert (summary.rows, summary.stopped) == (300, 300)
    assert DailyInviteCount.objects.get().invitations == 0


def test_a_stop_that_waited_for_a_chunk_keeps_its_invitations(as_it_was_seen: Batch) -> None:
    invite_one_chunk(as_it_was_seen)

    assert stop_batch(as_it_was_seen)

    summary = summary_of(as_it_was_seen)
    assert (summary.rows, summary.invited, summary.stopped) == (300, 200, 100)


def test_a_batch_whose_check_ends_meanwhile_is_not_finished(
    start: Run, work: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    """A task that runs early: it finds no chunks, and a moment later there are some."""
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(300)], selection=read_only)

    with once_after('FROM "invites_batchchunk"', lambda: check.check_batch(batch.pk)):
        tasks.finish_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == Batch.State.INVITING
    assert (summary_of(work(batch)).invited, len(mail.outbox)) == (300, 300)


def test_a_corrected_file_has_the_time_of_its_upload(
    start: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start(PROBLEMS)
    Batch.objects.update(created_at=timezone.now() - timedelta(hours=1))

    correct_batch(batch, file_name="b.csv", content=[many(9)], selection=read_only, by=admin_membership)
    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert timezone.now() - batch.created_at < timedelta(minutes=1)


def test_inviting_valid_rows_checks_the_access_of_the_file_that_replaced_the_first(
    start: Run, admin_membership: Membership, read_only: AccessSelection, limited: Membership
) -> None:
    seen = start(PROBLEMS)
    everywhere = AccessSelection.of(read_only.roles, all_sites=True)
    corrected = Batch.objects.get()
    assert not selection_of(seen.grant).all_sites
    correct_batch(corrected, file_name="b.csv", content=[PROBLEMS], selection=everywhere, by=admin_membership)
    tasks.check_batch(corrected.pk)

    with domain_error("beyond_permissions"):
        invite_valid_rows(seen, by=limited)

    assert Batch.objects.get().state == Batch.State.NEEDS_CORRECTION
