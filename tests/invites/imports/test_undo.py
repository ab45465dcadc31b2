"""Undoing a large import: its links stop working immediately, and all numbers are final before workers are done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import ServiceError
from accounts.models import Membership, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.signals import reasons_to_keep
from invites import tasks
from invites.imports import chunks, undo
from invites.imports.chunk_delivery_log import revoke_unsent
from invites.imports.presentation.summary import summary_lines
from invites.imports.selectors.rows import rows_of
from invites.imports.selectors.summary import revoked_counts, summary_of
from invites.imports.undo import revoke_slice, undo_import
from invites.invitations import acceptance, actions
from invites.invitations.acceptance import NewAccount, accept_with_new_account
from invites.invitations.change import change_invitation
from invites.invitations.invite import invite_person
from invites.mailing.outbox import organizations_with_due_mail, send_due_invitations
from invites.models import Batch, BatchChunk, Invitation, Row
from tests.concurrency import at_once, unexpected
from tests.files import many
from tests.invites.directory.bulk import helpers as bulk
from tests.invites.imports.chunk_work import invite_one_chunk
from tests.invites.invitations.helpers import link_of
from tests.invites.mailing.mail import send_now
from tests.pages import text, text_of, url_of, words_of
from tests.rules import domain_error

Run = Callable[..., Batch]
State = Invitation.State
SLICE = 10
PEOPLE = 25


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo, "SLICE", SLICE)


@pytest.fixture
def being_undone(imported: Run, admin_membership: Membership) -> Batch:
    """The admin has confirmed, and no worker has started."""
    batch = imported(many(PEOPLE))
    assert undo_import(admin_membership, batch) == PEOPLE
    assert batch.invitations.filter(state=State.PENDING).count() == PEOPLE
    return batch


def test_the_number_of_queries_does_not_depend_on_the_number_of_changed_invitations(
    imported: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    def queries(changed: int) -> int:
        batch = imported(many(PEOPLE, domain=f"changed{changed}.example.com"))
        for invitation in batch.invitations.all()[:changed]:
            change_invitation(admin_membership, invitation, read_only)
        with CaptureQueriesContext(connection) as captured:
            undo_import(admin_membership, batch)
        return len(captured)

    assert queries(8) == queries(2)


def revoke_all(batch: Batch) -> int:
    """Do the work of workers until nothing is left. Returns the number of slices."""
    slices = 1
    while revoke_slice(batch.pk) is not None:
        slices += 1
    batch.refresh_from_db()
    return slices


def become_member(invitation: Invitation) -> object:
    return accept_with_new_account(invitation.token_hash, NewAccount("Ann", "Lee", "correct horse battery"))


def figures(batch: Batch, client: Client) -> dict[str, Any]:
    """All numbers about the batch that pages and commands show."""
    batch.refresh_from_db()
    lines = [line for group in summary_lines(summary_of(batch)) for line in group]
    listed = {line.label: rows_of(batch, line.outcome).count() for line in lines}
    assert listed == {line.label: line.count for line in lines}
    tabs = client.get("/o/acme/users/").context["tabs"]
    return {
        "summary": summary_of(batch),
        "batches": revoked_counts([batch]),
        "users": {tab.label: tab.count for tab in tabs},
    }


# --- What is said ------------------------------------------------------------------------------------


def test_the_admin_sees_the_progress_and_then_the_count(
    ines: Client, imported: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = imported(many(PEOPLE))
    enqueued: list[Any] = []
    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, number, **_how: enqueued.append((task, number)))

    page = text_of(text(ines.post(f"{url_of(batch)}undo/", follow=True)))

    assert enqueued == [(tasks.revoke_slice, batch.pk)]
    assert "Revoking 25 invitations. Their links no longer work." in page
    assert "revoked 25" in page
    assert page.count("Undoing") == 1
    assert "Undo import" not in page
    assert "Revoking 25 invitations." in text_of(text(ines.get("/o/acme/roles/")))
    assert "25 invited, 25 revoked Undoing" in text_of(text(ines.get("/o/acme/batches/")))

    # A page that was opened meanwhile keeps polling, and gets the banner again when undoing has ended.
    until_the_end = "/o/acme/banners/?at=end"
    assert until_the_end in text(ines.get("/o/acme/roles/"))
    assert ines.get(until_the_end).status_code == 204

    revoke_all(batch)

    news = text(ines.get(until_the_end))
    assert "Undone. 25 invitations were revoked." in text_of(news)
    assert until_the_end not in news
    for address in (url_of(batch), "/o/acme/roles/", "/o/acme/batches/"):
        assert "Revoking" not in text(ines.get(address))
    assert "Undone. 25 invitations were revoked." in text_of(text(ines.get("/o/acme/roles/")))
    assert "25 invited, 25 revoked Undone" in text_of(text(ines.get("/o/acme/batches/")))


def test_few_invitations_are_revoked_in_the_request(ines: Client, imported: Run) -> None:
    batch = imported(many(SLICE))

    page = text_of(text(ines.post(f"{url_of(batch)}undo/", follow=True)))

    assert "10 invitations were revoked. Their links no longer work." in page
    assert batch.invitations.filter(state=State.REVOKED).count() == SLICE
    assert not Batch.objects.get().is_being_undone


@pytest.mark.servers
def test_all_numbers_are_final_from_the_start(being_undone: Batch, ines: Client) -> None:
    batch = being_undone
    before = [figures(batch, ines)]
    while revoke_slice(batch.pk) is not None:
        before.append(figures(batch, ines))

    end = figures(batch, ines)

    assert before == [end] * 3
    assert (end["summary"].undone, end["summary"].revoked, end["summary"].waiting_answer) == (25, 25, 0)
    assert (end["batches"], end["users"]["Invite pending"]) == ({batch.pk: 25}, 0)


@pytest.mark.servers
def test_each_row_is_shown_as_revoked_immediately(being_undone: Batch, ines: Client) -> None:
    page = text_of(text(ines.get(f"{url_of(being_undone)}?outcome=revoked")))

    assert page.count("person") >= PEOPLE
    assert page.count("Waiting Sent") == 0


def test_the_page_follows_undoing_until_it_ends(being_undone: Batch, ines: Client) -> None:
    events = url_of(being_undone, "shell:batch_progress_events")
    assert f'data-live="{events}"' in text(ines.get(url_of(being_undone)))

    revoke_all(being_undone)

    assert events not in text(ines.get(url_of(being_undone)))


# --- Links, mail, and what else could be done with them ---------------------------------------------


def test_links_stop_working_when_the_admin_confirms(being_undone: Batch, client: Client) -> None:
    invitation = being_undone.invitations.all()[0]

    assert "is no longer valid" in text_of(text(client.get(link_of(invitation), follow=True)))
    with domain_error("dead_link", match="is no longer valid"):
        become_member(invitation)
    assert not User.objects.filter(email=invitation.email_key).exists()


def test_a_page_that_was_opened_before_accepts_nothing_afterwards(
    imported: Run, client: Client, admin_membership: Membership
) -> None:
    batch = imported(many(PEOPLE))
    invitation = batch.invitations.all()[0]
    shown = client.get(link_of(invitation), follow=True)
    assert "is no longer valid" not in text_of(text(shown))

    undo_import(admin_membership, batch)

    with domain_error("dead_link"):
        become_member(invitation)
    assert "is no longer valid" in text_of(text(client.get(shown.request["PATH_INFO"])))


def test_no_more_emails_are_sent(start: Run, work: Run, admin_membership: Membership) -> None:
    batch = start(many(PEOPLE))
    claim = invite_one_chunk(batch)
    chunks.release_claim(claim)

    undo_import(admin_membership, batch)

    assert not batch.chunks.exclude(stage=BatchChunk.Stage.DONE).exists()
    work(batch)
    assert mail.outbox == []


def test_a_worker_that_is_sending_stops_and_fails_no_row(being_undone: Batch) -> None:
    being_undone.invitations.update(mail_state=Invitation.Mail.QUEUED)
    ids = list(being_undone.invitations.values_list("pk", flat=True))
    mail.outbox.clear()

    assert send_now(ids).sent == []
    assert revoke_unsent(ids, Row.Reason.MAIL_REFUSED, detail="550 No such mailbox") == 0
    assert mail.outbox == []
    assert (summary_of(being_undone).failed, summary_of(being_undone).undone) == (0, PEOPLE)


def test_a_due_reminder_is_not_sent_and_not_enqueued_forever(imported: Run, admin_membership: Membership) -> None:
    batch = imported(many(PEOPLE))
    Invitation.objects.update(mail_finished_at=timezone.now() - timedelta(hours=1))
    assert bulk.resend_all(admin_membership, batch.invitations.all()) == {"changed": PEOPLE}
    mail.outbox.clear()

    undo_import(admin_membership, batch)

    assert organizations_with_due_mail() == []
    assert send_due_invitations(batch.organization_id) is None
    assert mail.outbox == []


@pytest.mark.servers
def test_they_cannot_be_resent_changed_or_revoked_one_by_one(
    being_undone: Batch, admin_membership: Membership, read_only: AccessSelection, ines: Client
) -> None:
    invitation = being_undone.invitations.all()[0]
    everybody = being_undone.invitations.all()

    with domain_error("not_pending", match="was already revoked"):
        actions.resend(admin_membership, invitation)
    with domain_error("not_pending", match="was already revoked"):
        actions.revoke(admin_membership, invitation)
    with domain_error("not_pending", match="was already revoked"):
        change_invitation(admin_membership, invitation, read_only)
    for outcomes in (bulk.resend_all(admin_membership, everybody), bulk.revoke_all(admin_membership, everybody)):
        assert outcomes == {"gone": len(everybody)}
    assert "was already revoked, so nothing was changed." in words_of(
        ines.get(f"/o/acme/invitations/{invitation.pk}/edit/")
    )
    assert "Invite revoked" in words_of(ines.get(f"/o/acme/invitations/{invitation.pk}/"))
    chosen = ines.post("/o/acme/users/selected/", {"selected": f"i{invitation.pk}", "action": "revoke"}, follow=True)
    assert "The users you selected are no longer listed, so nothing was changed." in text_of(text(chosen))


def test_the_same_people_can_be_invited_before_the_last_slice(
    being_undone: Batch, run: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    old = being_undone
    alone = {"email": "person0@people.example.com", "first_name": "Ann", "last_name": "Lee", "description": ""}
    invite_person(admin_membership, selection=read_only, **alone)

    anew = run(many(PEOPLE))

    assert (summary_of(anew).invited, summary_of(anew).skips["already_invited"]) == (PEOPLE - 1, 1)
    assert summary_of(old).undone == PEOPLE
    revoke_all(old)
    assert (summary_of(old).undone, summary_of(anew).waiting_answer) == (PEOPLE, PEOPLE - 1)
    assert Invitation.objects.filter(state=State.PENDING).count() == PEOPLE


def test_its_roles_and_sites_can_be_deleted(being_undone: Batch, read_only: AccessSelection) -> None:
    assert reasons_to_keep(read_only.roles[0]) == []


def test_people_who_had_accepted_stay(imported: Run, admin_membership: Membership) -> None:
    batch = imported(many(PEOPLE))
    member = become_member(batch.invitations.all()[0])

    undo_import(admin_membership, batch)
    revoke_all(batch)

    summary = summary_of(batch)
    assert (summary.accepted, summary.undone, summary.revoked) == (1, PEOPLE - 1, PEOPLE - 1)
    assert Membership.objects.filter(pk=member.pk).exists()  # type: ignore[attr-defined]


# --- Death, and others at the same time --------------------------------------------------------------


def test_invitations_are_revoked_in_slices(being_undone: Batch) -> None:
    revoke_slice(being_undone.pk)

    assert being_undone.invitations.filter(state=State.REVOKED).count() == SLICE
    assert revoke_all(being_undone) == 2
    assert being_undone.invitations.filter(state=State.REVOKED).count() == PEOPLE


@pytest.mark.django_db(transaction=True)
def test_recovery_continues_after_a_worker_died_in_a_slice(
    being_undone: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = being_undone
    revoke_slice(batch.pk)

    def die(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        """Dies after updating the invitations of the slice, before the commit."""
        if sql.startswith('UPDATE "invites_batch"'):
            raise KeyboardInterrupt
        return execute(sql, *more)

    with connection.execute_wrapper(die), pytest.raises(KeyboardInterrupt):
        revoke_slice(batch.pk)
    assert batch.invitations.filter(state=State.PENDING).count() == PEOPLE - SLICE
    assert summary_of(batch).undone == PEOPLE

    enqueued: list[Any] = []
    # Recovery enqueues other tasks, too, such as emails about invitations that expire.
    monkeypatch.setattr(
        tasks,
        "enqueue_on_commit",
        lambda task, number, **_how: enqueued.append((task, number)) if task is tasks.revoke_slice else None,
    )
    tasks.recover()
    assert enqueued == [], "It made progress a moment ago."
    Batch.objects.update(progressed_at=timezone.now() - timedelta(seconds=9))
    tasks.recover()
    while enqueued:
        task, number = enqueued.pop()
        task(number)

    batch.refresh_from_db()
    assert not batch.is_being_undone
    assert batch.invitations.filter(state=State.REVOKED).count() == PEOPLE
    Batch.objects.update(progressed_at=timezone.now() - timedelta(seconds=9))
    tasks.recover()
    assert enqueued == []


def test_a_second_admin_gets_the_same_count(being_undone: Batch, colleague: Membership) -> None:
    confirmed_at = being_undone.undone_at
    revoke_slice(being_undone.pk)

    assert undo_import(colleague, being_undone) == PEOPLE
    assert being_undone.undone_at == confirmed_at
    assert summary_of(being_undone).undone == PEOPLE


@pytest.mark.django_db(transaction=True)
def test_two_admins_and_two_workers_undo_it_once(
    imported: Run, admin_membership: Membership, colleague: Membership
) -> None:
    batch = imported(many(60))

    def press(by: Membership) -> Callable[[], int]:
        return lambda: undo_import(by, Batch.objects.get(pk=batch.pk))

    results = at_once(press(admin_membership), press(colleague))
    assert results == [60, 60]
    first = Batch.objects.get().undone_at

    results = at_once(*[lambda: revoke_all(Batch.objects.get(pk=batch.pk))] * 2, press(colleague))

    assert unexpected(results) == []
    revoke_all(batch)
    assert (summary_of(batch).undone, batch.undone_at, batch.is_being_undone) == (60, first, False)


@pytest.mark.django_db(transaction=True)
def test_an_invitation_is_either_accepted_or_revoked_when_both_race(
    imported: Run, admin_membership: Membership
) -> None:
    batch = imported(many(40))
    invitations = list(batch.invitations.all())

    def accept_some() -> None:
        for invitation in invitations[::4]:
            try:
                become_member(invitation)
            except ServiceError:
                continue

    def undo_all() -> None:
        undo_import(admin_membership, Batch.objects.get(pk=batch.pk))
        revoke_all(Batch.objects.get(pk=batch.pk))

    results = at_once(accept_some, undo_all)

    assert unexpected(results) == []
    revoke_all(batch)
    summary = summary_of(batch)
    members = Membership.objects.filter(user__email__startswith="person").count()
    assert (summary.accepted, summary.undone, summary.waiting_answer) == (members, 40 - members, 0)


@pytest.mark.django_db(transaction=True)
def test_an_invitation_that_is_being_accepted_is_skipped_and_counted_later(
    imported: Run, admin_membership: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = imported(many(PEOPLE))
    taken, others_done = threading.Event(), threading.Event()
    waited_for: list[bool] = []

    def stay(*_: object) -> None:
        """Waits after marking the invitation as accepted, before the commit."""
        taken.set()
        waited_for.append(others_done.wait(1))

    monkeypatch.setattr(acceptance, "_check_inviter", stay)

    def undo_all() -> None:
        taken.wait(10)
        undo_import(admin_membership, Batch.objects.get(pk=batch.pk))
        for _ in range(4):
            last = revoke_slice(batch.pk)
        assert last in (undo.WAIT_FOR_LOCKED, None)
        others_done.set()

    results = at_once(lambda: become_member(batch.invitations.all()[0]), undo_all)

    assert unexpected(results) == []
    # SQLite has one writer at a time, so everything waits.
    assert waited_for == [connection.features.has_select_for_update_skip_locked]
    revoke_all(batch)
    summary = summary_of(batch)
    assert (summary.accepted, summary.undone, batch.is_being_undone) == (1, PEOPLE - 1, False)
