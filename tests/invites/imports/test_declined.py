"""Importing people who declined an earlier invitation or reported abuse: they are skipped, and results say why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Role, User
from invites.imports.declined import InvitedAgain, declined_rows, invite_declined
from invites.imports.presentation.banners import banner_of
from invites.imports.presentation.wording import result_text
from invites.imports.result_email import send_result_email
from invites.imports.selectors.summary import summary_as_json, summary_of
from invites.imports.stop import stop_import
from invites.invitations.actions import invite_again
from invites.invitations.allowed_domains import change_allowed_domains
from invites.invitations.declining import decline
from invites.invitations.tokens import opt_out_token
from invites.mailing.message import MessageData, load_unsent
from invites.management.batch_results import batch_as_text
from invites.models import Batch, BlockedAddress, Invitation, Row
from tests.concurrency import once_after
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite, deliver
from tests.invites.mailing.mail import addresses
from tests.pages import downloaded, text_of, url_of
from tests.rules import domain_error

Run = Callable[..., Batch]
ClientOf = Callable[[User | None], Client]
State, Reason = Invitation.State, Row.Reason
FILE = csv_of("No@example.com,Nora,Oh,", "abuse@example.com,Abe,Us,", "new@example.com,Nea,Wall,")


def declined_by(invitation: Invitation) -> Invitation:
    return decline(opt_out_token(invitation.pk, invitation.email_key))


@pytest.fixture
def no(invite: Invite) -> Invitation:
    """An invitation that was declined."""
    return declined_by(invite("no@example.com", first_name="Nora", last_name="Oh"))


@pytest.fixture
def batch(no: Invitation, run: Run) -> Batch:
    """An import of somebody who declined, somebody who reported abuse, and somebody new."""
    BlockedAddress.objects.create(email_key="abuse@example.com")
    return run(FILE)


def test_the_banner_counts_rows_only_once_and_again_after_a_change(batch: Batch, by: Membership) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert banner_of(batch).title == "1 user was invited to Acme."
    assert not [query for query in captured if '"invites_row"."outcome"' in query["sql"]]

    invite_declined(by, batch)

    assert banner_of(Batch.objects.get(pk=batch.pk)).title == "2 users were invited to Acme."


@pytest.mark.servers
def test_who_declined_is_invited_at_once_by_a_scheduled_import_that_was_canceled(
    no: Invitation, start: Run, work: Run, by: Membership
) -> None:
    batch = work(start(FILE, send_at=timezone.now() + timedelta(days=2)))
    assert batch.state == Batch.State.SCHEDULED
    stop_import(by, batch)
    work(batch)
    batch.refresh_from_db()

    assert invite_declined(by, batch).count == 1

    (invited,) = Invitation.objects.open().filter(email="No@example.com")
    assert invited.mail_state == Invitation.Mail.QUEUED
    assert [message.to for message in deliver(by.organization)] == [["No@example.com"]]


def test_skips_them_and_counts_each_reason(batch: Batch) -> None:
    summary = summary_of(batch)
    assert (summary.rows, summary.invited, summary.skipped) == (3, 1, 2)
    assert (summary.skips["already_declined"], summary.skips["address_blocked"]) == (1, 1)
    assert list(batch.rows.order_by("number").values_list("reason", flat=True)) == [
        Reason.ALREADY_DECLINED,
        Reason.ADDRESS_BLOCKED,
        "",
    ]
    assert addresses(mail.outbox) == ["new@example.com"]


def test_every_result_says_why(batch: Batch, ines: Client, admin: User) -> None:
    page = ines.get(url_of(batch, "imports:batch")).content.decode()
    words = text_of(page)
    assert "declined earlier 1" in words
    assert "doesn’t accept invitations 1" in words
    assert "1 person in this file declined an earlier invitation" in words
    report = downloaded(ines.get(url_of(batch, "imports:batch_download")))
    assert "Declined an earlier invitation" in report
    assert "This address doesn’t accept invitations" in report
    told = "1 declined an earlier invitation. 1 has an address that doesn’t accept invitations."
    assert told in result_text(batch, summary_of(batch))
    skipped = summary_as_json(batch)["skipped"]
    assert (skipped["already_declined"], skipped["address_blocked"]) == (1, 1)
    assert "Declined earlier" in batch_as_text(batch)
    for reason in ("already_declined", "address_blocked"):
        assert len(ines.get(f"{url_of(batch, 'imports:batch')}?outcome={reason}").context["page"]) == 1
    Batch.objects.filter(pk=batch.pk).update(created_at=timezone.now() - timedelta(hours=1))
    mail.outbox.clear()
    send_result_email(batch.pk)
    assert "1 declined an earlier invitation." in str(mail.outbox[0].body)


def test_a_file_of_people_who_all_declined(no: Invitation, run: Run) -> None:
    batch = run(csv_of("no@example.com,Nora,Oh,"))
    assert result_text(batch, summary_of(batch)) == (
        f"The only row of {batch.file_name} was skipped because that person declined an earlier invitation."
    )


def test_somebody_who_declines_while_they_are_imported_is_not_invited_again(invite: Invite, run: Run) -> None:
    invitation = invite("no@example.com")
    Invitation.objects.update(expires_at=timezone.now())

    with once_after("accounts_membership", lambda: declined_by(invitation)):
        batch = run(csv_of("no@example.com,Nora,Oh,"))

    assert [row.reason for row in batch.rows.all()] == [Reason.ALREADY_DECLINED]
    assert Invitation.objects.get().state == State.DECLINED


def test_a_decline_in_another_organization_does_not_matter(invite: Invite, run: Run, outsider: User) -> None:
    declined_by(invite("no@example.com", by=outsider.memberships.get(), sites=None))

    assert summary_of(run(csv_of("no@example.com,Nora,Oh,"))).invited == 1


@pytest.mark.servers
def test_responses_show_who_declined(run: Run, ines: Client) -> None:
    batch = run(csv_of("a@example.com", "b@example.com", "c@example.com"))
    declined_by(batch.invitations.get(email="b@example.com"))

    summary = summary_of(batch)
    assert (summary.invited, summary.declined, summary.waiting_answer, summary.revoked) == (3, 1, 2, 0)
    page = ines.get(f"{url_of(batch, 'imports:batch')}?outcome=declined")
    assert [row.email for row in page.context["page"]] == ["b@example.com"]
    assert "declined 1" in text_of(page.content.decode())
    assert "Declined," in downloaded(ines.get(url_of(batch, "imports:batch_download")))


# --- Inviting them anyway -------------------------------------------------------------------------------


def test_invites_them_anyway(batch: Batch, no: Invitation, by: Membership) -> None:
    mail.outbox.clear()

    assert invite_declined(by, batch) == InvitedAgain(1, skipped=0)

    no.refresh_from_db()
    assert no.state == State.REPLACED
    new = batch.invitations.get(email_key="no@example.com")
    assert (new.state, new.inviter) == (State.PENDING, by.user)
    row = batch.rows.get(email_key="no@example.com")
    assert (row.outcome, row.reason, new.row_id) == (Row.Outcome.INVITED, "", row.pk)
    assert [message.to for message in deliver(by.organization)] == [[new.email]]
    assert (summary_of(batch).invited, summary_of(batch).skips["already_declined"]) == (2, 0)
    entry = ActivityEntry.objects.get(action="invited_again")
    assert (entry.affected_id, entry.affected_count) == (batch.pk, 1)
    assert invite_declined(by, batch) == InvitedAgain(0, skipped=0)


def test_skips_who_is_a_member_blocked_or_invited_by_now(
    batch: Batch, no: Invitation, by: Membership, invite: Invite
) -> None:
    BlockedAddress.objects.create(email_key="no@example.com")

    assert invite_declined(by, batch) == InvitedAgain(0, skipped=1)
    no.refresh_from_db()
    assert no.state == State.DECLINED


def test_leaves_a_declined_invitation_that_grants_more(
    batch: Batch, no: Invitation, lesser: Membership, invite: Invite
) -> None:
    with domain_error("beyond_permissions"):
        invite_declined(lesser, batch)
    assert declined_rows(batch).count() == 1


def test_an_import_that_was_undone_offers_nothing(batch: Batch, by: Membership) -> None:
    Batch.objects.filter(pk=batch.pk).update(undone_at=timezone.now())
    batch.refresh_from_db()

    assert not declined_rows(batch).exists()
    with domain_error("moved_on"):
        invite_declined(by, batch)


def test_nobody_is_invited_beyond_the_daily_quota(batch: Batch, by: Membership, settings: object) -> None:
    settings.INVITATIONS_PER_DAY = 1  # type: ignore[attr-defined]

    with domain_error("over_quota"):
        invite_declined(by, batch)
    assert declined_rows(batch).count() == 1


def test_nobody_with_an_email_domain_that_is_no_longer_allowed_is_invited(
    batch: Batch, by: Membership, ines: Client
) -> None:
    change_allowed_domains(by, ["company.example.com"], "rejected")

    ines.post(url_of(batch, "imports:batch_invite_declined"))

    assert declined_rows(batch).count() == 1
    said = text_of(ines.get(url_of(batch, "imports:batch")).content.decode())
    assert "Nobody was invited again. 1 has an email domain that your organization no longer invites." in said


@pytest.mark.servers
def test_a_power_that_a_role_has_gained_has_to_be_confirmed(batch: Batch, by: Membership, ines: Client) -> None:
    Role.objects.filter(organization=by.organization, name="ReadOnly").update(permissions=["users.manage"])
    url = url_of(batch, "imports:batch_invite_declined")

    with domain_error("changed"):
        invite_declined(by, batch)
    assert declined_rows(batch).count() == 1

    asked = ines.get(url).content.decode()
    assert "Everyone you import will be able to manage users." in text_of(asked)
    assert 'name="powers" value="users.manage"' in asked
    ines.post(url, {"powers": "users.manage"})
    assert declined_rows(batch).count() == 0


def test_nobody_is_invited_without_a_role(batch: Batch, no: Invitation, by: Membership) -> None:
    Role.objects.filter(organization=by.organization, name="ReadOnly").delete()

    with domain_error("gone", match="Invite people one by one"):
        invite_declined(by, batch)
    with domain_error("gone", match="Choose Invite users"):
        invite_again(by, no)
    no.refresh_from_db()
    assert (no.state, declined_rows(batch).count()) == (State.DECLINED, 1)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["a page", "in the dialog"])
def test_the_page_asks_first(batch: Batch, ines: Client, headers: dict[str, str]) -> None:
    url = url_of(batch, "imports:batch_invite_declined")

    asked = text_of(ines.get(url, headers=headers).content.decode())
    assert "Invite 1 person who declined?" in asked
    assert declined_rows(batch).count() == 1
    answer = ines.post(url, headers=headers)

    assert answer.status_code == (204 if headers else 302)
    assert "1 person was invited again." in text_of(ines.get(url_of(batch, "imports:batch")).content.decode())


def test_one_row_can_be_invited_anyway(batch: Batch, ines: Client, grant: dict[str, list[int]]) -> None:
    row = batch.rows.get(reason=Reason.ALREADY_DECLINED)
    url = f"/o/acme/invite/?import={batch.pk}&row={row.number}"
    assert f"row={row.number}" in ines.get(url_of(batch, "imports:batch")).content.decode()
    page = ines.get(url).content.decode()
    assert 'value="no@example.com"' in page.lower()
    filled = {"email": row.email, "first_name": "Nora", "last_name": "Oh", "description": "", **grant}

    asked = text_of(ines.post(url, filled).content.decode())
    assert "declined an invitation to Acme on" in asked
    ines.post(url, filled | {"declined": row.email})

    row.refresh_from_db()
    assert row.outcome == Row.Outcome.INVITED
    assert batch.invitations.filter(email_key="no@example.com", state=State.PENDING).exists()


@pytest.mark.servers
def test_abuse_that_is_reported_while_emails_wait_fails_the_row(
    run: Run, ines: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def report_first(ids: list[int]) -> list[MessageData]:
        BlockedAddress.objects.get_or_create(email_key="b@example.com")
        return load_unsent(ids)

    monkeypatch.setattr("invites.mailing.sender.load_unsent", report_first)

    batch = run(csv_of("a@example.com", "b@example.com", "c@example.com"))

    assert sorted(addresses(mail.outbox)) == ["a@example.com", "c@example.com"]
    row = batch.rows.get(email="b@example.com")
    assert (row.outcome, row.detail) == (Row.Outcome.FAILED, "address_blocked")
    assert (batch.state, summary_of(batch).invited) == (Batch.State.DONE, 2)
    page = text_of(ines.get(url_of(batch, "imports:batch")).content.decode())
    assert "This address doesn’t accept invitations." in page
