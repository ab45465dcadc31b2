"""Changes of an import while it runs, and two people who do the same thing at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import ServiceError
from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.signals import reasons_to_keep
from invites import tasks
from invites.checking import Cells
from invites.imports import check, check_claims, chunks, invite, send
from invites.imports.bulk_insert import insert_invitations, insert_rows, people_in
from invites.imports.invite import invite_chunk
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_batch
from invites.imports.undo import undo_import
from invites.imports.upload import correct_batch, invite_valid_rows, start_batch
from invites.invitations.invite import invite_person
from invites.mailing.sender import SendResult
from invites.models import Batch, BatchChunk, FailureReason, Invitation, Row, UploadPart
from invites.reasons import as_reason
from tests.concurrency import at_once, crossing, once_after, unexpected
from tests.files import PROBLEMS, csv_of, many
from tests.invites.imports.chunk_work import claim_one_chunk, invite_one_chunk, process_one_chunk
from tests.invites.mailing.mail import addresses
from tests.rules import domain_error

Run = Callable[..., Batch]


def adds_up(batch: Batch) -> bool:
    summary = summary_of(batch)
    return summary.rows == summary.invited + summary.skipped + summary.problems + summary.failed + summary.waiting


# --- While it runs -----------------------------------------------------------------------------------


def test_the_import_stops_when_its_inviter_is_demoted(start: Run, work: Run, admin_membership: Membership) -> None:
    batch = start(many(450))
    process_one_chunk(batch)
    admin_membership.roles.set(Role.objects.filter(name="ReadOnly"))

    work(batch)

    summary = summary_of(batch)
    assert (batch.state, summary.invited, summary.stopped, summary.rows) == (Batch.State.STOPPED, 200, 250, 450)
    assert batch.state_reasons == [as_reason(FailureReason.INVITER_LEFT)]


def test_the_import_stops_when_its_inviter_can_grant_less(start: Run, work: Run, admin_membership: Membership) -> None:
    batch = start(many(450))
    process_one_chunk(batch)
    admin_membership.all_sites = False
    admin_membership.save()

    assert work(batch).state_reasons == [as_reason(FailureReason.ACCESS_LOST)]


def test_a_role_or_site_of_a_running_batch_is_kept(start: Run, read_only: AccessSelection) -> None:
    start(csv_of("ann@example.com"))

    assert reasons_to_keep(read_only.roles[0]) == ["An unfinished import grants this role. Finish or stop it first."]
    assert reasons_to_keep(read_only.sites[0]) == [
        "An unfinished import grants access to this site. Finish or stop it first."
    ]


def test_a_role_is_kept_while_its_import_ends(start: Run, work: Run, read_only: AccessSelection) -> None:
    """At the first query nobody is invited, and at the second nothing runs."""
    batch = start(csv_of("ann@example.com"))

    with once_after("SELECT", lambda: work(batch)):
        assert reasons_to_keep(read_only.roles[0]) != []


@pytest.mark.parametrize("what", ["role", "site"])
def test_roles_deleted_since_the_form_was_shown_are_not_granted(
    admin_membership: Membership, acme: Organization, what: str
) -> None:
    role = Role.objects.create(organization=acme, name="Temporary", permissions=[])
    site = Site.objects.create(organization=acme, name="Temporary")
    selection = AccessSelection.of([role], [site])
    (Role if what == "role" else Site).objects.filter(name="Temporary").delete()

    with domain_error("beyond_permissions"):
        start_batch(admin_membership, file_name="x.csv", content=[b"x"], selection=selection)
    assert (Batch.objects.count(), UploadPart.objects.count()) == (0, 0)


def test_new_members_are_skipped_and_removed_members_are_invited(
    start: Run, work: Run, acme: Organization, member: User, join: Callable[..., User]
) -> None:
    batch = start(csv_of("member@example.com", "joins@example.com", "new@example.com"))
    join(acme, "joins@example.com", "ReadOnly")
    member.memberships.get().delete()

    summary = summary_of(work(batch))

    assert (summary.invited, summary.skips["already_member"]) == (2, 1)
    assert addresses(mail.outbox) == ["member@example.com", "new@example.com"]


def test_a_person_who_was_invited_meanwhile_is_not_invited_twice(
    start: Run, work: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start(csv_of("ann@example.com", "ben@example.com"))
    invite_person(
        admin_membership,
        email="ANN@example.com",
        first_name="Ann",
        last_name="Lee",
        description="",
        selection=read_only,
    )

    summary = summary_of(work(batch))

    assert (summary.invited, summary.skips["already_invited"]) == (1, 1)
    assert Invitation.objects.filter(email_key="ann@example.com").count() == 1


def test_deleting_the_inviter_stops_the_import(
    start: Run, work: Run, admin_membership: Membership, join: Callable[..., User], acme: Organization
) -> None:
    colleague = join(acme, "colleague@example.com", "Org Admin")
    batch = start(many(450), by=colleague.memberships.get())
    process_one_chunk(batch)
    colleague.delete()
    batch.refresh_from_db()

    work(batch)

    assert (batch.state, summary_of(batch).invited, batch.inviter) == (Batch.State.STOPPED, 200, None)


def test_deleting_the_organization_breaks_no_task(start: Run, acme: Organization) -> None:
    batch, checking = start(many(450)), start(PROBLEMS)
    process_one_chunk(batch)
    claim = claim_one_chunk(batch)

    acme.delete()

    tasks.process_claimed_chunk(claim)
    for number in (batch.pk, checking.pk):
        tasks.check_batch(number)
        tasks.process_chunk(number)
        tasks.send_result_email(number)
    tasks.recover()
    assert (Batch.objects.count(), Invitation.objects.count(), Row.objects.count()) == (0, 0, 0)


def test_emails_are_sent_after_a_stop_if_people_are_invited(start: Run, work: Run) -> None:
    batch = start(many(450))
    invite_one_chunk(batch)
    stop_batch(batch)
    BatchChunk.objects.update(claimed_until=None)

    work(batch)

    summary = summary_of(batch)
    assert (batch.state, summary.invited, summary.stopped, len(mail.outbox)) == (Batch.State.STOPPED, 200, 250, 200)
    assert not BatchChunk.objects.exclude(stage=BatchChunk.Stage.DONE).exists()


def test_undoing_a_running_import_revokes_invitations_and_sends_nothing(
    start: Run, work: Run, admin_membership: Membership
) -> None:
    batch = start(many(450))
    process_one_chunk(batch)

    assert undo_import(admin_membership, batch) == 200
    mail.outbox.clear()
    work(batch)

    assert adds_up(batch)
    assert mail.outbox == []
    assert not Invitation.objects.filter(state=Invitation.State.PENDING).exists()


def test_a_person_who_accepts_an_earlier_invitation_meanwhile_is_not_invited(
    run: Run, start: Run, work: Run, acme: Organization, join: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(csv_of("ann@example.com"))
    batch = start(csv_of("ann@example.com", "new@example.com"))

    def accept_then_insert(*arguments: Any, **more: Any) -> int:
        if Invitation.objects.filter(state=Invitation.State.PENDING).update(state=Invitation.State.ACCEPTED):
            join(acme, "ann@example.com", "ReadOnly")
        return insert_invitations(*arguments, **more)

    monkeypatch.setattr(invite, "insert_invitations", accept_then_insert)
    summary = summary_of(work(batch))

    assert (summary.invited, summary.skips["already_member"], summary.rows) == (1, 1, 2)
    assert Invitation.objects.get(email="ann@example.com").state == Invitation.State.ACCEPTED


@pytest.mark.django_db(transaction=True)
def test_deleting_an_organization_deletes_invitations_that_are_stored_meanwhile(
    start: Run, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no foreign key constraint: the deletion waits for the worker, and deletes what it stored."""
    batch = start(many(3))
    has_invited, has_looked = threading.Event(), threading.Event()

    def invite_slowly(*arguments: Any, **more: Any) -> int:
        count = insert_invitations(*arguments, **more)
        has_invited.set()
        # With only one writer, the deletion waits before it reads.
        has_looked.wait(10 if connection.features.has_select_for_update else 0.1)
        return count

    def notice(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if sql.startswith("DELETE"):
            has_looked.set()
        return execute(sql, *more)

    def delete() -> None:
        assert has_invited.wait(10)
        with connection.execute_wrapper(notice):
            acme.delete()

    monkeypatch.setattr(invite, "insert_invitations", invite_slowly)
    claim = claim_one_chunk(batch)
    results = at_once(lambda: invite_chunk(claim), delete)

    assert (has_looked.is_set(), results) == (True, [None, None])
    assert (Batch.objects.count(), Row.objects.count(), Invitation.objects.count()) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_deleting_a_batch_deletes_late_rows_and_invitations(start: Run, acme: Organization) -> None:
    batch = start(many(3))
    person, now = people_in(batch.rows.all())[0], timezone.now()
    late = (batch.pk, 9, 9, "late@example.com", *Cells("late@example.com"), "")

    def store_late(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        """Called after the invitations are deleted, before the rest is."""
        result = execute(sql, *more)
        if sql.startswith('DELETE FROM "invites_batchchunk"'):
            insert_rows([late], [])
            insert_invitations(batch, [person], now=now, expires_at=now)
        return result

    with connection.execute_wrapper(store_late):
        acme.delete()

    assert (Batch.objects.count(), Row.objects.count(), Invitation.objects.count()) == (0, 0, 0)


# --- The mail ----------------------------------------------------------------------------------------


def test_a_chunk_that_is_claimed_meanwhile_is_not_given_up(start: Run) -> None:
    """Some of its emails are sent already when the other worker reaches it."""
    batch = start(many(450))
    claims = [claim for _ in range(3) if (claim := chunks.claim_chunk(batch.pk))]
    for claim in claims:
        invite_chunk(claim)
        chunks.release_claim(claim)
    mine, theirs = claims[0].chunk_id, claims[1].chunk_id
    BatchChunk.objects.filter(pk=mine).update(backoff_count=send.MAX_BACKOFFS)
    claim = claim_one_chunk(batch)
    assert claim.chunk_id == mine

    def start_processing() -> None:
        other = claim_one_chunk(batch)
        assert other.chunk_id == theirs

    with once_after('"invites_batchchunk"."claimed_until" IS NULL', start_processing):
        send._back_off(claim, BatchChunk.objects.get(pk=mine), SendResult(failure="Away.", server_failed=True))

    outcomes = {each.pk: set(_rows_of(each).values_list("outcome", flat=True)) for each in batch.chunks.all()}
    assert outcomes == {mine: {"failed"}, theirs: {"invited"}, claims[2].chunk_id: {"failed"}}


def _rows_of(chunk: BatchChunk) -> QuerySet[Row]:
    return chunk.batch.rows.filter(number__range=(chunk.first_number, chunk.last_number))


# --- Two at once -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_only_one_of_two_admins_invites_the_valid_rows(start: Run, work: Run, admin_membership: Membership) -> None:
    batch = start(PROBLEMS)

    def press() -> None:
        invite_valid_rows(Batch.objects.get(pk=batch.pk), by=admin_membership)

    results = at_once(*[press] * 4)

    assert unexpected(results) == []
    assert results.count(None) == 1
    assert BatchChunk.objects.count() == 1
    assert summary_of(work(batch)).invited == 2


@pytest.mark.django_db(transaction=True)
def test_only_one_of_two_corrected_files_is_used(
    start: Run, work: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start(PROBLEMS)

    def correct(number: int) -> Callable[[], Any]:
        return lambda: correct_batch(
            Batch.objects.get(pk=batch.pk),
            file_name=f"{number}.csv",
            content=[csv_of(f"person{number}@example.com")],
            selection=read_only,
            by=admin_membership,
        )

    results = at_once(correct(1), correct(2), correct(3))

    assert unexpected(results) == []
    assert len([result for result in results if isinstance(result, ServiceError)]) == 2
    assert UploadPart.objects.filter(is_correction=True).count() == 1
    tasks.check_batch(batch.pk)
    assert summary_of(work(batch)).invited == 1


@pytest.mark.django_db(transaction=True)
def test_correcting_and_inviting_do_not_both_happen(
    start: Run, work: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start(PROBLEMS)

    def correct() -> None:
        found = Batch.objects.get(pk=batch.pk)
        correct_batch(found, file_name="b.csv", content=[many(1)], selection=read_only, by=admin_membership)

    def press() -> None:
        invite_valid_rows(Batch.objects.get(pk=batch.pk), by=admin_membership)

    results = at_once(correct, press)

    assert unexpected(results) == []
    assert results.count(None) == 1
    tasks.check_batch(batch.pk)
    work(batch)
    assert adds_up(batch)
    assert summary_of(batch).invited in {1, 2}


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("undone", [False, True])
def test_the_summary_adds_up_after_a_stop_while_workers_run(
    start: Run, work: Run, admin_membership: Membership, undone: bool
) -> None:
    batch = start(many(1_000))

    def worker() -> None:
        while claim := chunks.claim_chunk(batch.pk):
            tasks.process_claimed_chunk(claim)
        tasks.finish_batch(batch.pk)

    def stop() -> None:
        found = Batch.objects.get(pk=batch.pk)
        if undone:
            undo_import(admin_membership, found)
        else:
            stop_batch(found)

    results = at_once(worker, worker, stop)

    assert unexpected(results) == []
    BatchChunk.objects.update(claimed_until=None)
    work(batch)
    summary = summary_of(batch)
    assert (summary.rows, summary.waiting) == (1_000, 0)
    assert adds_up(batch)
    assert summary.invited == Invitation.objects.count()
    if undone:
        assert not Invitation.objects.filter(state=Invitation.State.PENDING).exists()
    else:
        assert len(mail.outbox) == summary.invited


@pytest.mark.django_db(transaction=True)
def test_several_workers_stop_an_unauthorized_import_once(start: Run, admin_membership: Membership) -> None:
    batch = start(many(1_000))
    admin_membership.delete()

    def worker() -> None:
        while claim := chunks.claim_chunk(batch.pk):
            tasks.process_claimed_chunk(claim)

    results = at_once(worker, worker, worker)

    assert unexpected(results) == []
    batch.refresh_from_db()
    assert batch.state == Batch.State.STOPPED
    assert (summary_of(batch).stopped, Invitation.objects.count()) == (1_000, 0)


@pytest.mark.django_db(transaction=True)
def test_a_person_is_invited_once_by_a_form_and_an_import(
    start: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start(many(150))

    def alone() -> None:
        for number in range(0, 150, 10):
            try:
                invite_person(
                    admin_membership,
                    email=f"person{number}@people.example.com",
                    first_name="Ann",
                    last_name="Lee",
                    description="",
                    selection=read_only,
                )
            except ServiceError:
                continue

    results = at_once(alone, lambda: process_one_chunk(batch))

    assert unexpected(results) == []
    assert Invitation.objects.count() == 150
    summary = summary_of(batch)
    assert (summary.invited + summary.skips["already_invited"], summary.rows) == (150, 150)


@pytest.mark.django_db(transaction=True)
def test_a_stop_and_a_check_that_is_given_up_do_not_wait_for_each_other(
    admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(3)], selection=read_only)
    claimed = check_claims.claim_batch(batch.pk)
    assert claimed is not None
    Row.objects.create(batch=batch, number=2, line=2, email="half@example.com", email_key="half@example.com")

    results = crossing(
        ('DELETE FROM "invites_row"', lambda: check._give_up(claimed, "not_checked", reference="")),
        ('UPDATE "invites_batch"', lambda: stop_batch(Batch.objects.get())),
    )

    assert [
        each for each in results if isinstance(each, Exception) and not isinstance(each, check_claims.LostClaim)
    ] == []
    assert (Batch.objects.get().state in Batch.ENDED, Row.objects.count()) == (True, 0)


@pytest.mark.django_db(transaction=True)
def test_two_checks_of_the_same_file_stage_it_once(
    admin_membership: Membership, read_only: AccessSelection, work: Run
) -> None:
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(300)], selection=read_only)

    results = at_once(*[lambda: check.check_batch(batch.pk)] * 3)

    assert unexpected(results) == []
    assert summary_of(work(batch)).invited == 300
