"""Who gets an automatic reminder, and when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization, User
from invites.imports.undo import undo_import
from invites.invitations.actions import resend, revoke
from invites.invitations.blocking import block_address
from invites.invitations.declining import decline
from invites.invitations.reminders import next_reminder
from invites.invitations.tokens import opt_out_token
from invites.mailing.bounces import note_bounce
from invites.mailing.reminders import queue
from invites.mailing.reminders.queue import queue_reminders
from invites.mailing.reminders.sending import cancel_reminders, start_reminder
from invites.mailing.reminders.switching import count_within_a_day
from invites.models import DailyRecipientMail, Invitation, Reminder, ReminderCursor
from invites.personal_data.erasure import erase_person
from tests.files import csv_of, many
from tests.invites.invitations.helpers import Invite, deliver, link_of
from tests.invites.mailing.mail_server import MailServer
from tests.invites.mailing.reminders.helpers import DAY, NOON, mailed, recipients, recover_and_send, switch_on
from tests.plans import plan_of

ANN, BEN, CAT = (f"{name}@people.example.com" for name in ("ann", "ben", "cat"))
State, Mail = Invitation.State, Invitation.Mail


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """It is noon in London, where Acme is."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def acme_in_london(acme: Organization) -> Organization:
    acme.time_zone = "Europe/London"
    acme.save()
    return acme


@pytest.fixture
def due(acme_in_london: Organization, invite: Invite, clock: Any) -> Invitation:
    """Ann's reminder has just become due."""
    switch_on(acme_in_london, after=3)
    invitation = mailed(invite(ANN, first_name="Ann"), hours=1)
    clock.shift(3 * DAY)
    return invitation


# --- When -----------------------------------------------------------------------------------------------


@pytest.mark.servers
def test_a_reminder_comes_after_some_days_without_a_response(due: Invitation, clock: Any) -> None:
    clock.shift(-timedelta(hours=2))
    assert recipients() == []
    clock.shift(timedelta(hours=2))
    assert recipients() == [ANN]


def test_another_one_comes_some_days_before_the_link_expires(
    acme_in_london: Organization, invite: Invite, clock: Any
) -> None:
    switch_on(acme_in_london, before=2)
    mailed(invite(ANN))
    clock.shift(12 * DAY - timedelta(minutes=1))
    assert recipients() == []
    clock.shift(timedelta(minutes=2))
    assert recipients() == [ANN]


def test_it_is_the_same_email_with_the_same_link_and_another_subject(due: Invitation, ines: Client) -> None:
    (first,) = deliver_again(due)
    (reminder,) = recover_and_send()

    assert reminder.subject == "Reminder: Ines Martin invited you to Acme"
    assert first.subject == "Ines Martin invited you to Acme"
    assert link_of(due) in first.body
    assert link_of(due) in reminder.body
    assert reminder.body.replace("Reminder: ", "", 1) == first.body
    assert reminder.alternatives[0][0].count(link_of(due)) == first.alternatives[0][0].count(link_of(due))
    assert reminder.extra_headers["Message-ID"] != first.extra_headers["Message-ID"]
    due.refresh_from_db()
    assert (due.mail_state, due.mail_due_at) == (Mail.SENT, None)
    assert "Join Acme" in Client().get(link_of(due), follow=True).content.decode()


def deliver_again(invitation: Invitation) -> list[Any]:
    """The first email."""
    sent = Invitation.objects.filter(pk=invitation.pk)
    was = sent.values("mail_finished_at").get()
    sent.update(mail_state=Mail.QUEUED, mail_due_at=timezone.now())
    found = deliver(invitation.organization)
    sent.update(**was)
    return found


def test_the_link_of_a_former_key_stays_the_same(due: Invitation, settings: Any) -> None:
    link = link_of(due)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key, since the first email"

    (reminder,) = recover_and_send()

    assert link in reminder.body
    due.refresh_from_db()
    assert Client().get(link).status_code == 302


def test_nobody_gets_more_than_one_of_each_ever(
    acme_in_london: Organization, invite: Invite, by: Membership, clock: Any
) -> None:
    switch_on(acme_in_london, after=3, before=2)
    invitation = mailed(invite(ANN))
    sent = []
    for day in range(40):
        clock.shift(DAY)
        sent += [(day + 1, message.subject[:8]) for message in recover_and_send()]
        if day == 20:
            resend(by, invitation)
    assert sent == [(3, "Reminder"), (12, "Reminder"), (22, "Ines Mar")]


def test_not_even_with_a_new_invitation(due: Invitation, by: Membership, invite: Invite, clock: Any) -> None:
    assert recipients() == [ANN]
    revoke(by, due)
    mailed(invite(ANN))
    clock.shift(4 * DAY)
    assert recipients() == []


def test_not_even_after_the_person_was_erased_and_invited_again(
    due: Invitation, by: Membership, invite: Invite, clock: Any
) -> None:
    assert recipients() == [ANN]
    erase_person(ANN)
    assert not Reminder.objects.filter(email_key=ANN).exists()
    again = mailed(invite(ANN))
    assert next_reminder(again) is None
    clock.shift(4 * DAY)
    assert recipients() == []
    erase_person(ANN)
    assert Reminder.objects.count() == 1


@pytest.mark.servers
def test_the_database_refuses_a_third_one(due: Invitation) -> None:
    values = {"organization_id": due.organization_id, "invitation": due, "email_key": ANN}
    for kind in Reminder.Kind:
        Reminder.objects.create(kind=kind, **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.create(kind="after", **values)


def test_if_both_fall_on_one_day_one_is_sent(acme_in_london: Organization, invite: Invite, clock: Any) -> None:
    switch_on(acme_in_london, after=12, before=2)
    mailed(invite(ANN), seconds=3)
    mailed(invite(BEN), hours=16.01)
    # The email was sent an hour after the invitation, so the last reminder is due an hour before the first one.
    cat = mailed(invite(CAT), hours=1)
    Invitation.objects.filter(pk=cat.pk).update(expires_at=cat.expires_at - timedelta(hours=1))
    sent = []
    clock.shift(11 * DAY)
    for _hour in range(3 * 24):
        clock.shift(timedelta(hours=1))
        sent += recipients()
    assert sorted(sent) == [ANN, BEN, CAT]


@pytest.mark.servers
def test_two_reminders_on_following_days_are_both_sent(
    acme_in_london: Organization, invite: Invite, clock: Any
) -> None:
    switch_on(acme_in_london, after=11, before=2)
    mailed(invite(ANN))
    sent = []
    for _day in range(15):
        clock.shift(DAY)
        sent += recipients()
    assert sent == [ANN, ANN]


# --- Only by day -------------------------------------------------------------------------------------------


# Three days later, the clocks change; in Kolkata, they never do.
@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("Europe/London", "2026-03-26"),
        ("Europe/London", "2026-10-22"),
        ("America/Los_Angeles", "2026-10-29"),
        ("Pacific/Auckland", "2026-04-01"),
        ("Asia/Kolkata", "2026-03-05"),
    ],
)
def test_each_is_sent_by_day_within_a_night_also_when_clocks_change(
    acme: Organization, invite: Invite, clock: Any, zone: str, begin: str
) -> None:
    clock.move_to(datetime.fromisoformat(begin).replace(tzinfo=ZoneInfo("UTC")))
    acme.time_zone = zone
    acme.save()
    switch_on(acme, after=3)
    due_at: dict[str, datetime] = {}
    for hour in range(0, 24, 6):
        invitation = mailed(invite(f"h{hour}@people.example.com"), hours=-hour)
        assert invitation.mail_finished_at is not None
        due_at[invitation.email] = invitation.mail_finished_at + 3 * DAY
    clock.shift(3 * DAY)
    begun = timezone.now()
    while due_at:
        clock.shift(timedelta(hours=1))
        for email in recipients():
            now = timezone.now()
            assert 8 <= now.astimezone(ZoneInfo(zone)).hour < 20
            assert timedelta(0) <= now - due_at.pop(email) <= timedelta(hours=14)
        assert timezone.now() <= begun + timedelta(hours=40), due_at


@pytest.mark.servers
def test_one_that_was_deferred_in_the_evening_waits_until_the_morning(due: Invitation, clock: Any) -> None:
    clock.move_to(datetime(2026, 12, 2, 19, 59, tzinfo=ZoneInfo("UTC")))
    assert queue_reminders(due.organization_id) == 1
    clock.shift(timedelta(minutes=2))
    assert recipients() == []
    due.refresh_from_db()
    assert due.mail_due_at == datetime(2026, 12, 3, 8, 0, tzinfo=ZoneInfo("UTC"))
    clock.move_to(due.mail_due_at)
    assert recipients() == [ANN]


# --- Who gets none ---------------------------------------------------------------------------------------


def _accepted(invitation: Invitation, by: Membership) -> None:
    Invitation.objects.filter(pk=invitation.pk).close(State.ACCEPTED)


def _revoked(invitation: Invitation, by: Membership) -> None:
    revoke(by, invitation)


def _declined(invitation: Invitation, by: Membership) -> None:
    decline(opt_out_token(invitation.pk, invitation.email_key))


def _bounced(invitation: Invitation, by: Membership) -> None:
    assert note_bounce(invitation.token_hash, email=invitation.email, reason="550 No such user")


def _failed(invitation: Invitation, by: Membership) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(mail_state=Mail.FAILED, mail_due_at=None)


def _reported(invitation: Invitation, by: Membership) -> None:
    block_address(invitation.email_key, reported=invitation)


def _became_a_member(invitation: Invitation, by: Membership) -> None:
    user = User.objects.create_user(invitation.email)
    Membership.objects.create(user=user, organization=by.organization, deactivated_at=timezone.now())


def _inviter_left(invitation: Invitation, by: Membership) -> None:
    by.delete()


def _inviter_was_deactivated(invitation: Invitation, by: Membership) -> None:
    Membership.objects.filter(pk=by.pk).update(deactivated_at=timezone.now())


def _inviter_lost_a_site(invitation: Invitation, by: Membership) -> None:
    Membership.objects.filter(pk=by.pk).update(all_sites=False)


def _expired(invitation: Invitation, by: Membership) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() + timedelta(minutes=30))


def _resent(invitation: Invitation, by: Membership) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(mail_finished_at=timezone.now() - timedelta(hours=1))
    resend(by, invitation)
    deliver(by.organization)


NONE_AFTER: list[Callable[[Invitation, Membership], None]] = [
    *(_accepted, _revoked, _declined, _bounced, _failed, _reported, _became_a_member),
    *(_inviter_left, _inviter_was_deactivated, _inviter_lost_a_site, _expired, _resent),
]


@pytest.mark.parametrize("happen", NONE_AFTER)
def test_none_is_queued_after(happen: Callable[..., None], due: Invitation, by: Membership) -> None:
    happen(due, by)
    assert recipients() == []
    assert not Reminder.objects.exists()


@pytest.mark.parametrize("happen", [each for each in NONE_AFTER if each not in (_became_a_member, _expired)])
def test_one_in_the_outbox_is_not_sent_after(happen: Callable[..., None], due: Invitation, by: Membership) -> None:
    assert queue_reminders(due.organization_id) == 1
    happen(due, by)
    if happen is _resent:
        deliver(due.organization)
    assert recipients() == []
    assert not Reminder.objects.filter(sent_at__isnull=False).exists()


@pytest.mark.parametrize("happen", [_accepted, _revoked, _declined, _bounced, _failed, _reported, _resent])
def test_nothing_is_started_after(happen: Callable[..., None], due: Invitation, by: Membership) -> None:
    """A worker has loaded the message already. This is the last question before the mail server gets it."""
    queue_reminders(due.organization_id)
    happen(due, by)
    assert not start_reminder(due.pk, "after")


def test_none_for_an_import_that_is_being_undone(
    acme_in_london: Organization, imported: Any, by: Membership, clock: Any
) -> None:
    switch_on(acme_in_london, after=3)
    batch = imported(csv_of(ANN + ",Ann,Lee,"))
    clock.shift(3 * DAY)
    undo_import(by, batch)
    assert recipients() == []


@pytest.mark.servers
def test_an_import_is_reminded_like_single_invitations(acme_in_london: Organization, imported: Any, clock: Any) -> None:
    switch_on(acme_in_london, before=2)
    batch = imported(many(7))
    clock.shift(12 * DAY)
    assert len(recipients()) == 7
    batch.refresh_from_db()
    assert set(batch.invitations.values_list("mail_state", flat=True)) == {Mail.SENT}


def test_none_for_an_email_that_was_not_sent_yet(due: Invitation) -> None:
    Invitation.objects.filter(pk=due.pk).update(mail_state=Mail.DEFERRED, mail_due_at=timezone.now() + DAY)
    assert recipients() == []


def test_none_is_sent_by_a_suspended_organization(due: Invitation) -> None:
    Organization.objects.filter(pk=due.organization_id).update(suspended_at=timezone.now())
    assert recipients() == []
    assert queue_reminders(due.organization_id) == 0
    Organization.objects.filter(pk=due.organization_id).update(suspended_at=None)
    assert recipients() == [ANN]


def test_none_is_sent_by_another_organization(due: Invitation, globex: Organization) -> None:
    assert queue_reminders(globex.pk) == 0


# --- Switching it on ---------------------------------------------------------------------------------------


def test_switching_it_on_reminds_nobody_whose_day_has_passed(
    acme_in_london: Organization, invite: Invite, clock: Any
) -> None:
    mailed(invite(ANN), days=5)
    mailed(invite(BEN), days=2, hours=20)
    switch_on(acme_in_london, after=3)
    assert recipients() == []
    assert count_within_a_day(acme_in_london, 3, None) == 1
    clock.shift(timedelta(hours=4))
    assert recipients() == [BEN]
    clock.shift(10 * DAY)
    assert recipients() == []


def test_fewer_days_remind_nobody_whose_day_has_passed_then(
    acme_in_london: Organization, invite: Invite, clock: Any
) -> None:
    switch_on(acme_in_london, after=7)
    mailed(invite(ANN), days=4)
    mailed(invite(BEN), days=2)
    switch_on(acme_in_london, after=3)
    clock.shift(5 * DAY)
    assert recipients() == [BEN]


def test_more_days_remind_nobody_twice(due: Invitation, acme_in_london: Organization, clock: Any) -> None:
    assert recipients() == [ANN]
    switch_on(acme_in_london, after=5)
    clock.shift(3 * DAY)
    assert recipients() == []


def test_one_that_waited_until_the_link_expired_is_not_sent(due: Invitation, clock: Any) -> None:
    assert queue_reminders(due.organization_id) == 1
    Organization.objects.filter(pk=due.organization_id).update(suspended_at=timezone.now())
    clock.shift(11 * DAY)
    Organization.objects.filter(pk=due.organization_id).update(suspended_at=None)

    assert recipients() == []

    due.refresh_from_db()
    assert (due.mail_state, due.mail_due_at) == (Mail.SENT, None)


def test_one_that_is_canceled_while_it_is_loaded_is_not_sent_as_an_invitation(
    due: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_reminders(due.organization_id)
    monkeypatch.setattr("invites.mailing.message.kinds_of", lambda ids: cancel_reminders(ids) or {})

    assert recipients() == []


@pytest.mark.servers
def test_switching_it_off_empties_the_outbox(due: Invitation, acme_in_london: Organization) -> None:
    queue_reminders(due.organization_id)
    switch_on(acme_in_london)
    due.refresh_from_db()
    assert next_reminder(due) is None
    assert recipients() == []
    due.refresh_from_db()
    assert due.mail_state == Mail.SENT
    assert not ReminderCursor.objects.exists()


def test_after_a_day_without_workers_nobody_is_forgotten(due: Invitation, clock: Any) -> None:
    clock.shift(2 * DAY)
    assert recipients() == [ANN]


@pytest.mark.servers
def test_the_count_says_who_gets_one_within_a_day(acme_in_london: Organization, invite: Invite) -> None:
    for number, hours in enumerate((71, 50, 47, 30)):
        mailed(invite(f"a{number}@people.example.com"), hours=hours)
    mailed(invite("soon@people.example.com"), days=11, hours=12)
    assert count_within_a_day(acme_in_london, 3, None) == 2
    assert count_within_a_day(acme_in_london, 3, 2) == 3
    assert count_within_a_day(acme_in_london, None, 2) == 1
    assert count_within_a_day(acme_in_london, None, None) == 0


# --- Crashes, limits, chunks ---------------------------------------------------------------------------------


@pytest.mark.servers
def test_a_reminder_that_a_dead_worker_had_started_is_not_sent_again(due: Invitation) -> None:
    queue_reminders(due.organization_id)
    assert start_reminder(due.pk, "after")
    assert not start_reminder(due.pk, "after")
    assert recipients() == []
    due.refresh_from_db()
    assert due.mail_state == Mail.SENT
    assert Reminder.objects.get().sent_at == timezone.now()


def test_a_reminder_that_was_deleted_meanwhile_is_not_sent(due: Invitation) -> None:
    queue_reminders(due.organization_id)
    Reminder.objects.all().delete()
    assert recipients() == []
    due.refresh_from_db()
    assert due.mail_state == Mail.SENT


def test_a_few_are_queued_at_a_time(
    acme_in_london: Organization, invite: Invite, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "CHUNK", 2)
    switch_on(acme_in_london, before=2)
    every = [mailed(invite(f"p{number}@people.example.com")).email for number in range(5)]
    clock.shift(12 * DAY)
    assert queue_reminders(acme_in_london.pk) == 2
    assert queue_reminders(acme_in_london.pk) == 0, "Two are still in the outbox."
    sent = recipients()
    for _ in range(3):
        clock.shift(timedelta(seconds=11))
        sent += recipients()
    assert sorted(sent) == every


def test_the_limit_of_emails_to_one_address_cancels_a_reminder(due: Invitation, settings: Any) -> None:
    DailyRecipientMail.objects.create(
        day=timezone.now().date(),
        organization=due.organization,
        email_key=ANN,
        emails=settings.EMAILS_PER_RECIPIENT_PER_DAY,
        last_token_hash="another",
    )
    assert recipients() == []
    due.refresh_from_db()
    assert (due.mail_state, due.mail_detail) == (Mail.SENT, "")


@pytest.mark.servers
def test_a_refused_recipient_counts_as_not_delivered(due: Invitation, server: MailServer) -> None:
    server.answers[ANN] = ["550 5.1.1 No such user"]
    recover_and_send()
    due.refresh_from_db()
    assert due.mail_state == Mail.FAILED
    assert not Reminder.objects.filter(sent_at__isnull=False).exists()


def test_nothing_is_due_between_two_reminders(due: Invitation, invite: Invite) -> None:
    """The next look is when the next one is due, not every few seconds."""
    mailed(invite(BEN), days=2, hours=23, minutes=30)
    recipients()
    assert ReminderCursor.objects.get().next_at == timezone.now() + timedelta(minutes=30)


# --- What pages say ----------------------------------------------------------------------------------------------


def test_the_page_of_a_person_says_when_and_then_that_it_was_sent(
    acme_in_london: Organization, invite: Invite, ines: Client, clock: Any
) -> None:
    switch_on(acme_in_london, after=3, before=2)
    invitation = mailed(invite(ANN))
    page = f"/o/acme/invitations/{invitation.pk}/"
    assert "Reminder on Dec 2, if there’s no response" in said(ines, page)
    clock.shift(3 * DAY)
    recover_and_send()
    assert "Reminder on Dec 11, if there’s no response" in said(ines, page)
    assert "Reminder sent" in said(ines, page)
    clock.shift(9 * DAY)
    recover_and_send()
    assert "if there’s no response" not in said(ines, page)
    assert said(ines, page).count("Reminder sent") == 2
    assert said(ines, page).count("Email delivered") == 1


def said(client: Client, path: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(path).content.decode()).split())


@pytest.mark.parametrize("happen", [each for each in NONE_AFTER if each not in (_became_a_member, _resent)])
def test_the_page_promises_none_that_will_not_come(
    happen: Callable[..., None],
    acme_in_london: Organization,
    invite: Invite,
    by: Membership,
    colleague: Membership,
    client_of: Callable[..., Client],
) -> None:
    switch_on(acme_in_london, before=2)
    invitation = mailed(invite(ANN))
    client, page = client_of(colleague.user), f"/o/acme/invitations/{invitation.pk}/"
    assert "if there’s no response" in said(client, page)
    happen(invitation, by)
    assert "if there’s no response" not in client.get(page, follow=True).content.decode()


def test_the_activity_log_says_that_it_was_automatic(due: Invitation, ines: Client) -> None:
    recover_and_send()
    entry = ActivityEntry.objects.get(action="reminded")
    assert (entry.actor_id, entry.channel, entry.affected_email) == (None, "automatic", ANN)
    page = said(ines, "/o/acme/activity/")
    assert "Sent a reminder" in page


# --- Cost -----------------------------------------------------------------------------------------------------------


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["after", "before"])
def test_an_index_finds_the_next_ones(acme: Organization, invite: Invite, clock: Any, kind: str) -> None:
    acme.time_zone = "Europe/London"
    acme.save()
    switch_on(acme, **{kind: 3})
    for number in range(20):
        mailed(invite(f"p{number}@people.example.com"))
    clock.shift(DAY)
    with CaptureQueriesContext(connection) as captured:
        queue_reminders(acme.pk)
    walks = [query["sql"] for query in captured if "LIMIT" in query["sql"] and "ORDER BY" in query["sql"]]
    walks = [sql for sql in walks if "invites_invitation" in sql.partition("WHERE")[0]]
    assert len(walks) == 2
    for sql in walks:
        plan = plan_of(sql)
        assert "sent_invitation_by_time" in plan or "pending_invitation_by_expiry" in plan
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan


def test_the_number_of_queries_is_constant(
    acme_in_london: Organization, invite: Invite, clock: Any, join: Callable[..., User]
) -> None:
    inviters = [join(acme_in_london, f"in{n}@example.com", "Org Admin").memberships.get() for n in range(12)]
    switch_on(acme_in_london, after=3)
    counts = []
    for part in (inviters[:2], inviters[2:]):
        for inviter in part:
            mailed(invite(f"by{inviter.pk}@people.example.com", by=inviter))
        clock.shift(3 * DAY)
        with CaptureQueriesContext(connection) as captured:
            assert queue_reminders(acme_in_london.pk) == len(part)
        counts.append(len(captured))
        recover_and_send()
    assert counts[0] == counts[1]
