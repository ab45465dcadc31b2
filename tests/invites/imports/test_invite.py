"""From a stored file to invitations, and a summary that adds up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import chunks, invite
from invites.imports.finish import finish_batch
from invites.imports.selectors.summary import summary_as_json, summary_of
from invites.imports.send import send_chunk
from invites.imports.stop import stop_batch
from invites.imports.upload import correct_batch, invite_valid_rows, start_batch
from invites.imports.upload_parts import stored_upload
from invites.mailing import sender
from invites.models import Batch, BatchChunk, DailyInviteCount, FailureReason, Invitation, Row, UploadPart
from invites.problems import message_of, stored_problem
from invites.reasons import as_reason
from tests.concurrency import at_once
from tests.files import csv_of, many
from tests.invites.imports.chunk_work import claim_one_chunk, invite_one_chunk, process_one_chunk
from tests.invites.mailing.mail import addresses
from tests.rules import domain_error

Run = Callable[..., Batch]


def test_invites_everyone_in_a_file_without_problems(run: Run) -> None:
    batch = run(csv_of("ann@example.com", "ben@example.com"))

    assert batch.state == Batch.State.DONE
    assert summary_as_json(batch) == {
        "batch": batch.pk,
        "state": "done",
        "rows": 2,
        "invited": 2,
        "skipped": {
            "already_member": 0,
            "already_invited": 0,
            "deactivated": 0,
            "already_declined": 0,
            "address_blocked": 0,
            "duplicate": 0,
            "not_a_person": 0,
            "address_of_another": 0,
        },
        "problems": 0,
        "failed": 0,
        "waiting": 0,
    }
    assert addresses(mail.outbox) == ["ann@example.com", "ben@example.com"]


@pytest.mark.servers
def test_each_invitation_has_the_values_of_its_row_and_the_grant_of_the_batch(
    run: Run, read_only: AccessSelection
) -> None:
    run(csv_of("Ann.Lee@Example.com,Ann,Lee,Night shift"))

    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.email_key) == ("Ann.Lee@example.com", "ann.lee@example.com")
    assert (invitation.full_name, invitation.description) == ("Ann Lee", "Night shift")
    assert list(invitation.grant.roles.all()) == list(read_only.roles)
    assert set(invitation.grant.sites.all()) == set(read_only.sites)
    assert invitation.expires_at - invitation.created_at == timedelta(days=14)
    assert invitation.mail_state == Invitation.Mail.SENT


@pytest.mark.servers
def test_imported_people_have_the_same_search_key_as_others(run: Run) -> None:
    names = ("Zoë", "ΣΊΣΥΦΟΣ", "İnci", "Anna  Maria", "ﷺ" * 150)
    run(csv_of(*(f"ann{number}@example.com,{first},Łukasiewicz," for number, first in enumerate(names))))
    assert Invitation.objects.count() == len(names)
    for invitation in Invitation.objects.all():
        stored = invitation.person_key

        invitation.save()

        assert stored == invitation.person_key


def test_a_second_import_of_the_same_file_invites_and_emails_nobody(run: Run) -> None:
    content = csv_of("ann@example.com", "ben@example.com")
    run(content)
    mail.outbox.clear()

    again = run(content)

    assert summary_as_json(again)["invited"] == 0
    assert summary_as_json(again)["skipped"] == {
        "already_member": 0,
        "already_invited": 2,
        "deactivated": 0,
        "already_declined": 0,
        "address_blocked": 0,
        "duplicate": 0,
        "not_a_person": 0,
        "address_of_another": 0,
    }
    assert mail.outbox == []


def test_skips_people_who_are_already_members(run: Run, member: User) -> None:
    batch = run(csv_of("MEMBER@example.com", "new@example.com"))

    assert summary_of(batch).skips["already_member"] == 1
    assert addresses(mail.outbox) == ["new@example.com"]


def test_a_member_of_another_organization_is_invited(run: Run, outsider: User) -> None:
    assert summary_of(run(csv_of(outsider.email))).invited == 1


def test_the_first_of_several_rows_with_an_address_is_invited_and_the_others_refer_to_it(run: Run) -> None:
    batch = run(csv_of("ann@example.com", "ANN@example.com", "ann@EXAMPLE.com"))

    summary = summary_of(batch)
    assert (summary.invited, summary.skips["duplicate"], summary.rows) == (1, 2, 3)
    assert batch.rows.get(number=3).duplicate_of == 2


def test_an_expired_invitation_is_replaced(run: Run) -> None:
    run(csv_of("ann@example.com"))
    Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    assert summary_of(run(csv_of("ann@example.com"))).invited == 1
    assert sorted(Invitation.objects.values_list("state", flat=True)) == ["pending", "replaced"]


@pytest.mark.servers
def test_members_invited_expired_and_new_people_get_their_outcome(run: Run, member: User, acme: Organization) -> None:
    run(csv_of("pending@example.com", "expired@example.com"))
    Invitation.objects.filter(email="expired@example.com").update(expires_at=timezone.now() - timedelta(minutes=1))
    mail.outbox.clear()

    summary = summary_of(run(csv_of("new@example.com", "expired@example.com", "pending@example.com", member.email)))

    assert (summary.rows, summary.invited, summary.skips["already_invited"], summary.skips["already_member"]) == (
        4,
        2,
        1,
        1,
    )
    assert addresses(mail.outbox) == ["expired@example.com", "new@example.com"]
    assert DailyInviteCount.objects.get().invitations == 4


def test_a_rejected_file_invites_nobody_and_is_deleted(start: Run) -> None:
    batch = start(b"Email,First name,Surname\r\nann,Ann,Lee\r\n")

    assert batch.state == Batch.State.REJECTED
    assert batch.rejection is not None
    assert "Last name" in message_of(stored_problem(batch.rejection))
    assert batch.rejection["found"] == ["Email", "First name", "Surname"]
    assert (Row.objects.count(), Invitation.objects.count(), UploadPart.objects.count()) == (0, 0, 0)
    assert summary_as_json(batch)["rows"] == 0


def test_a_file_with_problem_rows_waits_and_invites_nobody(start: Run) -> None:
    batch = start(csv_of("ann@example.com", "ben@@example.com", "c@example.com,,Cole,"))

    assert batch.state == Batch.State.NEEDS_CORRECTION
    assert summary_of(batch).problems == 2
    assert Invitation.objects.count() == 0
    problem = batch.rows.get(number=3)
    assert problem.cells == ["ben@@example.com", "Ann", "Example", "Night shift"]
    assert problem.problems[0]["column"] == "email"


def test_the_valid_rows_can_be_invited_without_the_problem_rows(
    start: Run, work: Run, admin_membership: Membership
) -> None:
    batch = start(csv_of("ann@example.com", "ben@@example.com"))

    invite_valid_rows(batch, by=admin_membership)
    summary = summary_of(work(batch))

    assert (summary.rows, summary.invited, summary.problems) == (2, 1, 1)
    assert batch.state == Batch.State.DONE


def test_only_valid_invites_without_asking(run: Run) -> None:
    assert summary_as_json(run(csv_of("ann@example.com", "ben@@example.com"), only_valid=True))["invited"] == 1


def test_a_double_click_starts_inviting_once(start: Run, admin_membership: Membership) -> None:
    batch = start(csv_of("ann@example.com", "ben@@example.com"))
    invite_valid_rows(batch, by=admin_membership)

    with domain_error("moved_on", match="no longer waiting"):
        invite_valid_rows(batch, by=admin_membership)


def test_a_corrected_file_replaces_the_first(
    start: Run, work: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    batch = start(csv_of("ann@example.com", "ben@@example.com"))

    correct_batch(
        batch,
        file_name="team 2.csv",
        content=[csv_of("ann@example.com", "ben@example.com")],
        selection=read_only,
        by=admin_membership,
    )
    tasks.check_batch(batch.pk)
    work(batch)

    assert (batch.file_name, summary_as_json(batch)["invited"], summary_as_json(batch)["problems"]) == (
        "team 2.csv",
        2,
        0,
    )


@pytest.mark.servers
def test_an_upload_is_stored_in_pieces_and_read_unchanged(
    admin_membership: Membership, read_only: AccessSelection
) -> None:
    content = many(60_000)
    pieces = [content[start : start + 7_000] for start in range(0, len(content), 7_000)]
    batch = start_batch(admin_membership, file_name="big.csv", content=pieces, selection=read_only)

    assert batch.parts.count() == -(-len(content) // UploadPart.SIZE)
    assert batch.file_size == len(content)
    assert stored_upload(batch).read() == content


def test_a_file_over_the_limit_leaves_nothing_behind(
    admin_membership: Membership, read_only: AccessSelection, settings: Any
) -> None:
    settings.MAX_UPLOAD_MB = 1
    pieces = [b"x" * 1024] * 1025

    with domain_error("too_large"):
        start_batch(admin_membership, file_name="big.csv", content=pieces, selection=read_only)

    assert (Batch.objects.count(), UploadPart.objects.count()) == (0, 0)


def test_the_upload_is_removed_when_the_batch_has_ended(run: Run) -> None:
    run(csv_of("ann@example.com"))

    assert UploadPart.objects.count() == 0


@pytest.mark.servers
@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\ines\\team.csv", "team.csv"),
        ("a\x00b\u202e.csv", "ab.csv"),
        ("", "file.csv"),
        ("équipe 😀.csv", "équipe 😀.csv"),
        ("x" * 300 + ".csv", ("x" * 300 + ".csv")[-255:]),
    ],
)
def test_a_file_name_has_no_path(
    admin_membership: Membership, read_only: AccessSelection, name: str, kept: str
) -> None:
    batch = start_batch(admin_membership, file_name=name, content=[b"x"], selection=read_only)

    assert batch.file_name == kept


# --- Rights ---------------------------------------------------------------------------------------


def test_starting_an_import_needs_the_permission(manager: User, read_only: AccessSelection) -> None:
    with domain_error("not_allowed"):
        start_batch(manager.memberships.get(), file_name="x.csv", content=[b"x"], selection=read_only)
    assert Batch.objects.count() == 0


@pytest.mark.parametrize("how", ["demoted", "removed", "deactivated", "account deactivated"])
def test_the_batch_stops_when_its_inviter_lost_the_permission(
    start: Run, work: Run, admin_membership: Membership, how: str
) -> None:
    batch = start(csv_of("ann@example.com", "ben@example.com"))
    if how == "demoted":
        admin_membership.roles.set(Role.objects.filter(name="ReadOnly"))
    elif how == "removed":
        admin_membership.delete()
    elif how == "deactivated":
        Membership.objects.filter(pk=admin_membership.pk).update(deactivated_at=timezone.now())
    else:
        User.objects.filter(pk=admin_membership.user_id).update(is_active=False)

    work(batch)

    assert batch.state == Batch.State.STOPPED
    assert batch.state_reasons == [as_reason(FailureReason.INVITER_LEFT)]
    assert (Invitation.objects.count(), mail.outbox) == (0, [])
    assert summary_as_json(batch)["failed"] == summary_as_json(batch)["rows"] == 2


def test_the_batch_stops_when_its_inviter_lost_a_site(start: Run, work: Run, admin_membership: Membership) -> None:
    batch = start(csv_of("ann@example.com"))
    admin_membership.all_sites = False
    admin_membership.save()

    assert work(batch).state == Batch.State.STOPPED


# --- Nothing twice, nothing lost --------------------------------------------------------------------


def test_a_chunk_is_not_claimed_again_before_its_claim_expires(start: Run) -> None:
    batch = start(csv_of("ann@example.com"))
    first = claim_one_chunk(batch)

    assert chunks.claim_chunk(batch.pk) is None
    BatchChunk.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    second = chunks.claim_chunk(batch.pk)

    assert second is not None
    assert second.number == first.number + 1


def test_a_worker_with_an_outdated_claim_changes_nothing(start: Run) -> None:
    batch = start(csv_of("ann@example.com"))
    lost = claim_one_chunk(batch)
    BatchChunk.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    chunks.claim_chunk(batch.pk)

    invite.invite_chunk(lost)
    send_chunk(lost)

    assert Invitation.objects.count() == 0
    assert BatchChunk.objects.get().stage == BatchChunk.Stage.INVITE


def test_another_worker_sends_after_a_worker_died_between_inviting_and_sending(start: Run, work: Run) -> None:
    batch = start(csv_of("ann@example.com", "ben@example.com"))
    died = claim_one_chunk(batch)
    invite.invite_chunk(died)
    BatchChunk.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))

    work(batch)

    assert (batch.state, Invitation.objects.count(), len(mail.outbox)) == (Batch.State.DONE, 2, 2)


@pytest.mark.usefixtures("small_chunks")
def test_a_task_delivered_twice_changes_nothing_the_second_time(start: Run) -> None:
    batch = start(many(45))

    for _ in range(8):
        tasks.process_chunk(batch.pk)
        tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, summary_as_json(batch)["invited"], len(mail.outbox)) == (Batch.State.DONE, 45, 45)


def test_the_check_of_a_dead_worker_starts_again(
    admin_membership: Membership, read_only: AccessSelection, work: Run
) -> None:
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(3)], selection=read_only)
    Batch.objects.filter(pk=batch.pk).update(attempts=1, claims=1, claimed_until=timezone.now() - timedelta(seconds=1))
    Row.objects.create(batch=batch, number=2, line=2, email="half@example.com", email_key="half@example.com")

    tasks.check_batch(batch.pk)

    assert summary_as_json(work(batch))["invited"] == 3
    assert not Invitation.objects.filter(email="half@example.com").exists()


def test_a_file_that_kills_every_worker_is_given_up(admin_membership: Membership, read_only: AccessSelection) -> None:
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(3)], selection=read_only)
    Batch.objects.filter(pk=batch.pk).update(attempts=5, claimed_until=timezone.now() - timedelta(seconds=1))

    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == Batch.State.FAILED
    assert batch.state_reasons == [as_reason("not_checked")]


def test_only_one_call_finishes_a_batch(start: Run, work: Run) -> None:
    batch = work(start(csv_of("ann@example.com")))

    assert finish_batch(batch.pk) is False


@pytest.mark.django_db(transaction=True)
def test_two_workers_invite_each_address_once(start: Run) -> None:
    first, second = start(many(600)), start(many(600))

    def worker(batch: Batch) -> None:
        while claim := chunks.claim_chunk(batch.pk):
            tasks.process_claimed_chunk(claim)
        tasks.finish_batch(batch.pk)

    assert at_once(partial(worker, first), partial(worker, second)) == [None, None]

    summaries = [summary_of(Batch.objects.get(pk=batch.pk)) for batch in (first, second)]
    assert sum(summary.invited for summary in summaries) == 600 == Invitation.objects.count()
    assert [summary.invited + summary.skips["already_invited"] for summary in summaries] == [600, 600]
    assert len(mail.outbox) == 600


# --- Stop -----------------------------------------------------------------------------------------


@pytest.mark.servers
@pytest.mark.parametrize(("people", "is_told"), [(12, True), (3, False)], ids=["many", "few"])
def test_postgresql_renews_its_statistics_after_the_first_chunk(
    run: Run, monkeypatch: pytest.MonkeyPatch, people: int, is_told: bool
) -> None:
    """Then the next chunks get good plans. Autovacuum would run a minute later, when all rows are stored."""
    monkeypatch.setattr(invite, "MANY_ROWS", 10)
    with CaptureQueriesContext(connection) as captured:
        run(many(people))

    told = [query["sql"].split()[2] for query in captured if query["sql"].startswith("ANALYZE ")]
    both = [Row._meta.db_table, Invitation._meta.db_table]
    assert told == (both if is_told and connection.vendor == "postgresql" else [])


@pytest.mark.servers
def test_the_indexes_of_rows_have_room_for_one_update_of_each(db: None) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname, reloptions FROM pg_class WHERE reloptions::text LIKE '%fillfactor%'")
            found = dict(cursor.fetchall())
        assert found == {"invites_row_pkey": ["fillfactor=50"], "one_row_per_number": ["fillfactor=50"]}


@pytest.mark.servers
def test_statistics_are_renewed_only_once(start: Run, work: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    monkeypatch.setattr(invite, "MANY_ROWS", 10)
    monkeypatch.setattr(invite, "renew_statistics", lambda: told.append(True))
    monkeypatch.setattr(sender, "TIME_SLICE_SECONDS", 0)
    monkeypatch.setattr(sender, "GROUP", 4)

    assert work(start(many(12))).state == Batch.State.DONE

    assert told == [True]


@pytest.mark.usefixtures("small_chunks")
def test_stopping_keeps_invited_people_and_counts_the_others(start: Run, work: Run) -> None:
    batch = start(many(45))
    process_one_chunk(batch)

    assert stop_batch(batch)
    work(batch)

    summary = summary_of(batch)
    assert batch.state == Batch.State.STOPPED
    assert (summary.rows, summary.invited, summary.failed, summary.stopped) == (45, 20, 25, 25)
    assert len(mail.outbox) == 20


def test_stopping_an_ended_import_changes_nothing(run: Run) -> None:
    batch = run(csv_of("ann@example.com"))

    assert stop_batch(batch) is False
    assert batch.state == Batch.State.DONE


def test_people_invited_before_the_stop_get_their_email(start: Run, work: Run) -> None:
    batch = start(csv_of("ann@example.com"))
    invite_one_chunk(batch)
    stop_batch(batch)
    BatchChunk.objects.update(claimed_until=None)

    work(batch)

    assert addresses(mail.outbox) == ["ann@example.com"]
