"""What waits while an organization is suspended, and goes on when it is resumed: imports, changes and emails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, User
from accounts.organizations.operators import resume_organization, suspend_organization
from accounts.users.account_email import send_unsent
from invites import tasks
from invites.directory.bulk import work as bulk_work
from invites.directory.bulk.change import BulkChange, Kind
from invites.imports import chunks, confirm, reading, recovery, undo
from invites.imports.result_email import find_unsent, send_result_email
from invites.imports.stop import stop_import
from invites.imports.upload import start_batch
from invites.invitations.actions import resend, revoke
from invites.invitations.invite import invite_person
from invites.invitations.tokens import derive_token, fingerprint, hash_token, opt_out_token
from invites.mailing import outbox, sender
from invites.mailing.email_settings import confirm_reply_to
from invites.mailing.trial import send_trial
from invites.models import Batch, BatchChunk, BlockedAddress, BulkAction, Invitation, InvitationRequest, ReplyToRequest
from tests.files import csv_of, many
from tests.invites.directory.bulk.helpers import finish, start_for
from tests.invites.imports.chunk_work import claim_one_chunk
from tests.invites.invitations.helpers import Invite, deliver, link_of, selection_of
from tests.invites.mailing.mail_server import MailServer
from tests.rules import domain_error

pytestmark = pytest.mark.django_db
Run = Callable[..., Batch]
State = Invitation.State


@pytest.fixture
def suspend(acme: Organization) -> Callable[[], object]:
    return lambda: suspend_organization(acme, by=None)


@pytest.fixture
def resume(acme: Organization) -> Callable[[], object]:
    return lambda: resume_organization(acme, by=None)


Act = Callable[[], object]


def let_it_stall(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk).update(progressed_at=timezone.now() - timedelta(minutes=1))


# --- Imports -----------------------------------------------------------------------------------------


def test_an_import_waits_and_goes_on(start: Run, work: Run, suspend: Act, resume: Act) -> None:
    batch = start(csv_of("ann@example.com", "ben@example.com"))
    suspend()
    let_it_stall(batch)

    assert work(batch).state == Batch.State.INVITING
    assert recovery.find_stalled_work().to_process == []
    assert not Invitation.objects.exists()

    resume()
    let_it_stall(batch)
    assert recovery.find_stalled_work().to_process == [batch.pk]
    assert work(batch).state == Batch.State.DONE
    assert sorted(message.to[0] for message in mail.outbox) == ["ann@example.com", "ben@example.com"]


@pytest.mark.parametrize("state", ["needs_answer", "needs_confirmation"])
def test_an_import_that_waits_for_an_admin_has_the_full_time_again(
    state: str, start: Run, suspend: Act, resume: Act
) -> None:
    batch = start(csv_of("ann@@example.com,Ann,Lee,"))
    # A file in which nothing is left to go back to.
    batch.rows.all().delete()

    def wait(days: int) -> None:
        at = timezone.now() - timedelta(days=days)
        Batch.objects.filter(pk=batch.pk).update(state=state, progressed_at=at)
        reading.delete_forgotten()
        confirm.stop_forgotten()

    suspend()
    wait(days=20)
    resume()
    reading.delete_forgotten()
    confirm.stop_forgotten()

    batch.refresh_from_db()
    assert batch.state == state
    wait(days=8)
    assert not Batch.objects.filter(pk=batch.pk, state=state).exists()


def test_to_resume_what_is_not_suspended_gives_no_more_time(start: Run, resume: Act) -> None:
    batch = start(csv_of("ann@@example.com,Ann,Lee,"))
    before = batch.progressed_at
    resume()
    batch.refresh_from_db()
    assert batch.progressed_at == before


def test_a_file_is_not_checked(admin_membership: Membership, read_only: Any, suspend: Act, resume: Act) -> None:
    batch = start_batch(admin_membership, file_name="a.csv", content=[csv_of("ann@example.com")], selection=read_only)
    suspend()
    let_it_stall(batch)

    tasks.check_batch(batch.pk)
    assert recovery.find_stalled_work().to_check == []
    batch.refresh_from_db()
    assert (batch.state, batch.attempts) == (Batch.State.CHECKING, 0)

    resume()
    assert recovery.find_stalled_work().to_check == [batch.pk]
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    assert batch.state == Batch.State.INVITING


def test_a_worker_that_has_claimed_a_chunk_invites_nobody(start: Run, work: Run, suspend: Act, resume: Act) -> None:
    batch = start(csv_of("ann@example.com"))
    claim = claim_one_chunk(batch)
    suspend()

    tasks.process_claimed_chunk(claim)

    assert not Invitation.objects.exists()
    resume()
    chunks.expire_claims()
    assert work(batch).state == Batch.State.DONE


def test_sending_ends_within_a_second_and_nobody_gets_two_emails(
    server: MailServer, start: Run, work: Run, acme: Organization, resume: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "GROUP", 10)
    batch = start(many(30))
    deliver_message = sender._SendRun._save

    def save(run: Any, *given: Any) -> bool:
        result = deliver_message(run, *given)
        Organization.objects.filter(pk=acme.pk).update(suspended_at=timezone.now())
        return result

    with monkeypatch.context() as patch:
        patch.setattr(sender._SendRun, "_save", save)
        work(batch)

    assert 1 <= len(server.taken) <= 10, "At most the group that had begun."
    assert batch.chunks.get().stage == BatchChunk.Stage.MAIL
    resume()
    assert work(batch).state == Batch.State.DONE
    assert len(server.taken) == len(set(server.taken)) == 30


def test_an_undo_that_has_begun_is_finished(run: Run, by: Membership, suspend: Act) -> None:
    batch = run(csv_of("ann@example.com"))
    Batch.objects.filter(pk=batch.pk).update(is_being_undone=True, progressed_at=timezone.now() - timedelta(minutes=1))
    suspend()

    assert recovery.find_stalled_work().to_undo == [batch.pk]
    undo.revoke_slice(batch.pk)

    assert Invitation.objects.get().state == State.REVOKED


def test_the_result_is_emailed_after_it_is_resumed(run: Run, suspend: Act, resume: Act) -> None:
    batch = run(csv_of("ann@example.com"))
    long_ago = timezone.now() - timedelta(minutes=5)
    Batch.objects.filter(pk=batch.pk).update(created_at=long_ago, ended_at=timezone.now() - timedelta(seconds=20))
    mail.outbox.clear()
    suspend()

    send_result_email(batch.pk)
    assert (find_unsent(), mail.outbox) == ([], [])

    resume()
    assert find_unsent() == [batch.pk]
    send_result_email(batch.pk)
    assert len(mail.outbox) == 1


# --- Single invitations ------------------------------------------------------------------------------


def test_the_outbox_waits(acme: Organization, invite: Invite, suspend: Act, resume: Act) -> None:
    invite("ann@example.com", mailed=False)
    suspend()

    assert deliver(acme) == []
    assert outbox.organizations_with_due_mail() == []

    resume()
    assert outbox.organizations_with_due_mail() == [acme.pk]
    assert [message.to for message in deliver(acme)] == [["ann@example.com"]]


def test_a_link_shows_the_page_of_dead_links(invite: Invite, suspend: Act, resume: Act) -> None:
    invitation, client = invite(), Client()
    unknown = Client().get("/i/unknown/", follow=True)
    suspend()

    page = client.get(link_of(invitation), follow=True)
    posted = client.post("/invitation/", {"shown_for": fingerprint(invitation.token_hash), "password1": "x"})

    assert page.status_code == posted.status_code == unknown.status_code == 404
    assert "Acme" not in page.text
    assert page.text.count("<form") == unknown.text.count("<form")
    resume()
    assert "Acme" in client.get(link_of(invitation), follow=True).text


def test_who_asks_for_a_new_invitation_is_answered_after_it_is_resumed(
    invite: Invite, ines: Client, suspend: Act, resume: Act
) -> None:
    invitation, client = invite(expired=True), Client()
    suspend()
    client.get(link_of(invitation), follow=True)
    client.post("/invitation/ask/")
    resume()

    assert InvitationRequest.objects.get().invitation_id == invitation.pk
    assert "asked for a new invitation" in ines.get("/o/acme/users/").text


@pytest.mark.parametrize("what", ["decline", "report"])
def test_anybody_can_always_decline_and_report(invite: Invite, suspend: Act, what: str) -> None:
    invitation, client = invite(), Client()
    opt_out = opt_out_token(invitation.pk, invitation.email_key)
    suspend()

    client.get(f"/i/{what}/{opt_out}/")
    page = client.post(f"/invitation/{what}/", {"shown_for": fingerprint(opt_out)})

    assert page.status_code == 200
    invitation.refresh_from_db()
    assert (invitation.state == State.DECLINED) == (what == "decline")
    assert BlockedAddress.objects.filter(email_key=invitation.email_key).exists() == (what == "report")


def test_services_refuse_what_a_request_began_before(
    acme: Organization, start: Run, by: Membership, invite: Invite, suspend: Act
) -> None:
    batch, invitation, everything = start(csv_of("ann@example.com")), invite(), selection_of(acme, "ReadOnly")
    suspend()
    changes: tuple[Act, ...] = (
        lambda: start_batch(by, file_name="a.csv", content=[b"x"], selection=everything),
        lambda: stop_import(by, batch),
        lambda: undo.undo_import(by, batch),
        lambda: invite_person(by, email="b@example.com", first_name="B", last_name="C", selection=everything),
        lambda: resend(by, invitation),
        lambda: revoke(by, invitation),
        lambda: start_for(by, BulkChange(Kind.REVOKE), invitations=[invitation]),
        lambda: send_trial(by, None, first_name="Ann"),  # type: ignore[arg-type]
    )
    for change in changes:
        with domain_error("suspended"):
            change()


def test_a_reply_to_address_cannot_be_confirmed(acme: Organization, admin: User, suspend: Act, resume: Act) -> None:
    token = derive_token("seed")
    later = timezone.now() + timedelta(days=1)
    ReplyToRequest.objects.create(
        organization=acme, email="help@acme.example", token_seed="seed", token_hash=hash_token(token), expires_at=later
    )
    suspend()
    assert confirm_reply_to(token) is None

    resume()
    assert confirm_reply_to(token) is not None


# --- The rest ----------------------------------------------------------------------------------------


def test_a_change_to_many_users_waits(by: Membership, invite: Invite, suspend: Act, resume: Act) -> None:
    action = start_for(by, BulkChange(Kind.REVOKE), invitations=[invite(f"p{n}@example.com") for n in range(6)])
    bulk_work.handle_next_chunk(action.pk)
    BulkAction.objects.update(progressed_at=timezone.now() - timedelta(minutes=1))
    suspend()

    assert bulk_work.handle_next_chunk(action.pk) is None
    assert bulk_work.find_stalled() == []
    action.refresh_from_db()
    assert (action.is_running, action.done) == (True, 4)

    resume()
    assert bulk_work.find_stalled() == [action.pk]
    assert finish(action).done == 6


def test_account_emails_are_sent(admin: User, suspend: Act) -> None:
    suspend()
    admin.set_password("another long password")
    admin.save()

    send_unsent()

    assert [message.to for message in mail.outbox] == [["admin@example.com"]]


def test_the_command_says_that_it_is_suspended(admin: User, suspend: Act, tmp_path: Any) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(csv_of("ann@example.com"))
    suspend()

    arguments = ("--organization", "acme", "--as", admin.email, "--role", "ReadOnly", "--all-sites")
    with pytest.raises(CommandError, match="Acme is suspended") as stopped:
        call_command("invite_csv", str(file), *arguments)

    assert stopped.value.returncode == 1
    assert not Batch.objects.exists()
