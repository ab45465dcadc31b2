"""Daily quotas keep Rollcall from being used for spam: per organization, per admin and per address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import Membership, Organization, User
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import chunks
from invites.imports.presentation.rows import ShownOutcome, shown_outcome
from invites.imports.selectors.rows import rows_of
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_batch
from invites.imports.upload import invite_valid_rows, start_batch
from invites.invitations import quotas
from invites.invitations.actions import resend, revoke
from invites.invitations.invite import invite_person
from invites.mailing.delivery import MailConnection
from invites.mailing.transports.errors import TemporaryFailure
from invites.models import Batch, DailyInviteCount, DailyRecipientMail, FailureReason, Invitation, Row
from invites.reasons import text_of
from tests.concurrency import at_once, unexpected
from tests.files import PROBLEMS, csv_of, many
from tests.invites.directory.bulk.helpers import resend_all
from tests.invites.mailing.mail import send_now
from tests.rules import domain_error

Run = Callable[..., Batch]
Join = Callable[..., User]
ANN = "ann@people.example.com"


def invite(by: Membership, selection: AccessSelection, email: str = ANN) -> Invitation:
    return invite_person(by, email=email, first_name="Ann", last_name="Lee", description="", selection=selection)


def mailed(by: Membership, selection: AccessSelection, email: str = ANN) -> Invitation:
    """An invitation that was sent an hour ago."""
    invitation = invite(by, selection, email)
    send_now([invitation.pk])
    Invitation.objects.filter(pk=invitation.pk).update(mail_finished_at=timezone.now() - timedelta(hours=1))
    invitation.refresh_from_db()
    return invitation


def mail_again_and_again(by: Membership, selection: AccessSelection, times: int) -> None:
    for _ in range(times):
        revoke(by, mailed(by, selection))


# --- Per organization and per admin --------------------------------------------------------------------


def test_a_file_over_the_daily_quota_invites_nobody(run: Run, settings: Any) -> None:
    settings.INVITATIONS_PER_DAY = 5
    run(many(2, domain="first.example.com"))

    batch = run(many(4))

    summary = summary_of(batch)
    assert (batch.state, summary.rows, summary.failed, summary.invited) == (Batch.State.FAILED, 4, 4, 0)
    assert text_of(batch.state_reasons) == (
        "Acme can invite 5 people a day. 3 invitations are left for today. You tried to invite 4 people. "
        "Nobody has been invited. Try again tomorrow."
    )
    assert {shown_outcome(row) for row in rows_of(batch, "failed")} == {
        ShownOutcome("failed", "Failed", text_of(batch.state_reasons))
    }
    assert not batch.parts.exists()
    assert Invitation.objects.count() == len(mail.outbox) == 2
    assert run(many(3)).state == Batch.State.DONE


def test_one_admin_cannot_use_up_the_quota_of_the_organization(
    run: Run, join: Join, acme: Organization, settings: Any
) -> None:
    settings.INVITATIONS_PER_INVITER_PER_DAY = 2
    other = join(acme, "other@example.com", "Org Admin").memberships.get()
    run(many(2, domain="first.example.com"))

    refused, taken = run(many(1)), run(many(1), by=other)

    assert text_of(refused.state_reasons).startswith(
        "Each admin can invite 2 people a day. 0 invitations are left for today."
    )
    assert (refused.state, taken.state) == (Batch.State.FAILED, Batch.State.DONE)


def test_skipped_rows_and_rows_of_a_stopped_import_do_not_count(start: Run, run: Run, settings: Any) -> None:
    settings.INVITATIONS_PER_DAY = 7
    run(many(3))
    again = run(many(3) + b"admin@example.com,Ines,Martin,\r\n")
    assert (again.state, summary_of(again).skipped) == (Batch.State.DONE, 4)

    stop_batch(start(many(4, domain="stopped.example.com")))

    assert DailyInviteCount.objects.get().invitations == 3


@pytest.mark.servers
def test_rows_given_up_after_crashes_do_not_count(run: Run, start: Run, work: Run) -> None:
    run(many(3))
    hopeless = start(many(4, domain="hopeless.example.com"))
    hopeless.chunks.update(attempts=chunks.MAX_ATTEMPTS)

    assert summary_of(work(hopeless)).failed == 4

    assert DailyInviteCount.objects.get().invitations == 3


def test_a_file_with_problems_keeps_waiting_if_its_valid_rows_exceed_the_quota(
    start: Run, admin_membership: Membership, settings: Any
) -> None:
    settings.INVITATIONS_PER_DAY = 1
    batch = start(PROBLEMS)

    with domain_error("over_quota", match="1 person a day"):
        invite_valid_rows(batch, by=admin_membership)

    batch.refresh_from_db()
    assert (batch.state, batch.chunks.count()) == (Batch.State.NEEDS_CORRECTION, 0)
    assert DailyInviteCount.objects.count() == 0


def test_the_form_says_why_one_more_person_is_refused(
    ines: Any, admin_membership: Membership, read_only: AccessSelection, grant: dict[str, list[int]], settings: Any
) -> None:
    settings.INVITATIONS_PER_DAY = 1
    invite(admin_membership, read_only)

    person = {"email": "ben@people.example.com", "first_name": "Ben", "last_name": "Cole"}
    answer = ines.post("/o/acme/invite/", person | grant)

    assert answer.status_code == 422
    assert "0 invitations are left for today. You tried to invite 1 person." in answer.content.decode()
    assert Invitation.objects.count() == 1


def test_refunds_no_more_than_was_counted(run: Run) -> None:
    """The count may be of another day, or corrected by hand."""
    batch = run(many(3))
    DailyInviteCount.objects.update(invitations=2)

    quotas.refund_invitation_quota(batch, 3)

    assert DailyInviteCount.objects.get().invitations == 2


def test_a_new_day_has_a_new_quota(run: Run, settings: Any) -> None:
    settings.INVITATIONS_PER_DAY = 2
    run(many(2))

    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert run(many(2, domain="later.example.com")).state == Batch.State.DONE


@pytest.mark.django_db(transaction=True)
def test_concurrent_uploads_cannot_exceed_the_quota(
    admin_membership: Membership, read_only: AccessSelection, settings: Any
) -> None:
    settings.INVITATIONS_PER_DAY = 35

    def upload(number: int) -> None:
        content = many(10, domain=f"file{number}.example.com")
        batch = start_batch(admin_membership, file_name="x.csv", content=[content], selection=read_only)
        tasks.start_processing(batch)
        # A worker checks what the requests didn't.
        tasks.check_batch(batch.pk)

    results = at_once(*(lambda number=number: upload(number) for number in range(20)))

    assert not unexpected(results)
    assert Batch.objects.filter(state=Batch.State.INVITING).count() == 3
    assert Batch.objects.filter(state=Batch.State.FAILED).count() == 17
    assert DailyInviteCount.objects.get().invitations == 30


# --- Per address ---------------------------------------------------------------------------------------


def test_revoking_and_inviting_again_does_not_get_around_the_limit(
    admin_membership: Membership, read_only: AccessSelection
) -> None:
    mail_again_and_again(admin_membership, read_only, 5)

    with domain_error("over_quota") as broken:
        invite(admin_membership, read_only)

    assert broken.value.message == f"{ANN} already got 5 invitations today, which is the limit. Try again tomorrow."
    assert len(mail.outbox) == 5
    invite(admin_membership, read_only, "ben@people.example.com")


def test_the_row_of_a_full_address_fails_with_the_reason(
    run: Run, admin_membership: Membership, read_only: AccessSelection
) -> None:
    mail_again_and_again(admin_membership, read_only, 5)
    mail.outbox.clear()

    batch = run(csv_of(ANN, "ben@people.example.com"))

    row = batch.rows.get(email=ANN)
    assert (row.outcome, row.detail) == (Row.Outcome.FAILED, FailureReason.DAILY_LIMIT)
    assert (batch.state, summary_of(batch).invited, len(mail.outbox)) == (Batch.State.DONE, 1, 1)
    assert not Invitation.objects.filter(email=ANN, state=Invitation.State.PENDING).exists()


@pytest.mark.servers
def test_a_resend_over_the_limit_is_refused_and_the_link_still_works(
    admin_membership: Membership, read_only: AccessSelection, settings: Any
) -> None:
    settings.EMAILS_PER_RECIPIENT_PER_DAY = 1
    invitation = mailed(admin_membership, read_only)

    with domain_error("too_soon") as broken:
        resend(admin_membership, invitation)
    resent = resend_all(admin_membership, Invitation.objects.all())

    assert broken.value.message == f"{ANN} already got 1 invitation today, which is the limit. Try again tomorrow."
    assert resent == {"daily_limit": 1}
    assert Invitation.objects.get().token_hash == invitation.token_hash


def test_a_link_counts_once_however_often_its_email_is_tried(
    admin_membership: Membership, read_only: AccessSelection, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.EMAILS_PER_RECIPIENT_PER_DAY = 1
    invitation = invite(admin_membership, read_only)

    with monkeypatch.context() as patched:
        patched.setattr(
            MailConnection, "deliver", lambda _, messages: ((each, TemporaryFailure("450 busy")) for each in messages)
        )
        for _ in range(2):
            assert send_now([invitation.pk]).deferred == [invitation.pk]

    assert send_now([invitation.pk]).sent == [invitation.pk]


@pytest.mark.django_db(transaction=True)
def test_concurrent_emails_cannot_exceed_the_limit(
    admin_membership: Membership, read_only: AccessSelection, settings: Any
) -> None:
    settings.EMAILS_PER_RECIPIENT_PER_DAY = 5
    invitations = []
    for _ in range(12):
        # Only one can be pending. A worker that started earlier still has the others.
        Invitation.objects.update(state=Invitation.State.REVOKED)
        invitations.append(invite(admin_membership, read_only))

    results = at_once(*(lambda one=one: quotas.count_daily_mail([one]) for one in invitations))

    assert not unexpected(results)
    assert sum(len(over) for over in results) == 7


@pytest.fixture
def by_outsider(outsider: User) -> Membership:
    """The admin of another organization."""
    return outsider.memberships.get()


@pytest.fixture
def anything(by_outsider: Membership) -> AccessSelection:
    """What that admin grants."""
    return AccessSelection.of(by_outsider.organization.roles.all(), all_sites=True)


def test_organizations_have_separate_limits_for_an_address(
    admin_membership: Membership, read_only: AccessSelection, by_outsider: Membership, anything: AccessSelection
) -> None:
    mail_again_and_again(admin_membership, read_only, 5)
    mail.outbox.clear()

    invitation = mailed(by_outsider, anything)
    resend(by_outsider, invitation)
    send_now([invitation.pk])

    assert len(mail.outbox) == 2
    invitation.refresh_from_db()
    assert invitation.mail_state == Invitation.Mail.SENT


def test_an_import_of_another_organization_is_not_limited(
    run: Run,
    admin_membership: Membership,
    read_only: AccessSelection,
    by_outsider: Membership,
    anything: AccessSelection,
) -> None:
    mail_again_and_again(by_outsider, anything, 5)

    batch = run(csv_of(ANN, "ben@people.example.com"))

    assert (batch.state, summary_of(batch).invited) == (Batch.State.DONE, 2)


@pytest.mark.servers
def test_resending_many_skips_an_address_only_where_its_limit_is_reached(
    admin_membership: Membership,
    read_only: AccessSelection,
    by_outsider: Membership,
    anything: AccessSelection,
    settings: Any,
) -> None:
    settings.EMAILS_PER_RECIPIENT_PER_DAY = 2
    mine = mailed(admin_membership, read_only)
    mail_again_and_again(by_outsider, anything, 2)

    resent = resend_all(admin_membership, Invitation.objects.filter(pk=mine.pk))

    assert resent == {"changed": 1}


def test_emails_are_counted_per_organization(
    admin_membership: Membership,
    read_only: AccessSelection,
    by_outsider: Membership,
    anything: AccessSelection,
    settings: Any,
) -> None:
    settings.EMAILS_PER_RECIPIENT_PER_DAY = 1
    mine, theirs = invite(admin_membership, read_only), invite(by_outsider, anything)

    assert quotas.count_daily_mail([mine, theirs]) == set()
    Invitation.objects.filter(pk=mine.pk).update(token_hash="0" * 64)
    mine.refresh_from_db()
    assert quotas.count_daily_mail([mine, theirs]) == {mine.pk}


def test_deleting_an_organization_deletes_its_counts(
    admin_membership: Membership, read_only: AccessSelection, by_outsider: Membership, anything: AccessSelection
) -> None:
    mailed(admin_membership, read_only)
    mailed(by_outsider, anything)

    by_outsider.organization.delete()

    assert DailyRecipientMail.objects.get().organization == admin_membership.organization


def test_past_counts_are_deleted(admin_membership: Membership, read_only: AccessSelection) -> None:
    mailed(admin_membership, read_only)

    tasks.recover()
    assert (DailyRecipientMail.objects.count(), DailyInviteCount.objects.count()) == (1, 1)
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        tasks.recover()
    assert (DailyRecipientMail.objects.count(), DailyInviteCount.objects.count()) == (0, 0)
