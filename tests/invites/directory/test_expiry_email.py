"""The daily email about invitations that expire: to whom, when, and never twice a day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from smtplib import SMTPDataError, SMTPServerDisconnected
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, User
from invites import tasks
from invites.directory import expiry_email
from invites.directory.expiry_email import decide_emails, find_unsent, organizations_to_tell, send_expiry_email
from invites.invitations.actions import revoke
from invites.models import ExpiryNotice, Invitation
from tests.invites.invitations.helpers import Invite
from tests.invites.invitations.test_expiry import lasting

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def told() -> list[str]:
    """What recovery and workers do now. Returns who got an email."""
    before = len(mail.outbox)
    for organization_id in organizations_to_tell():
        decide_emails(organization_id)
    for membership_id in find_unsent():
        send_expiry_email(membership_id)
    return sorted(address for message in mail.outbox[before:] for address in message.to)


def test_says_how_many_and_leads_to_the_review(invite: Invite, acme: Organization, by: Membership) -> None:
    lasting(invite("a@people.example.com"), days=1)
    lasting(invite("b@people.example.com"), days=-1)

    assert told() == [by.user.email]

    message: Any = mail.outbox[-1]
    assert message.subject == "Acme: 1 invitation expires within three days"
    for text in (message.body, message.alternatives[0][0]):
        assert "1 invitation expires within three days" in text
        assert "1 has expired." in text
        assert "http://127.0.0.1:8000/o/acme/users/expiring/" in text
        assert "http://127.0.0.1:8000/account/" in text
        assert "people.example.com" not in text, "Names and addresses of invitees aren't in it."
    # A heading has no period.
    assert not re.search(r"three days\.\s*<", message.alternatives[0][0])


def test_is_sent_once_a_day_and_only_with_news(invite: Invite, by: Membership, clock: Any) -> None:
    lasting(invite("a@people.example.com"), days=2, hours=20)
    sent = []
    for hour in range(24 * 8):
        sent += [hour for _email in told()]
        clock.shift(timedelta(hours=1))
    assert sent == [0, 68], "When it is about to expire, and on the day when it has expired."
    lasting(invite("b@people.example.com"), days=1)
    clock.move_to(timezone.now().replace(hour=9) + DAY)
    assert told() == [by.user.email]


def test_is_never_sent_twice_a_day(invite: Invite, by: Membership, acme: Organization, clock: Any) -> None:
    lasting(invite("a@people.example.com"), days=1)
    assert told() == [by.user.email]
    clock.shift(timedelta(hours=1))
    lasting(invite("b@people.example.com"), days=-1)
    # As if two beats and an operator asked again.
    Organization.objects.update(expiry_email_at=timezone.now())
    assert told() == []


@pytest.mark.servers
@pytest.mark.parametrize(
    ("zone", "hour"), [("Asia/Tokyo", 23), ("Europe/Paris", 7), ("America/New_York", 13), ("UTC", 8)]
)
def test_is_sent_by_day(invite: Invite, by: Membership, acme: Organization, clock: Any, zone: str, hour: int) -> None:
    lasting(invite(), days=2)
    Organization.objects.filter(pk=acme.pk).update(time_zone=zone)
    clock.move_to(NOON + timedelta(hours=8))
    if zone == "America/New_York":
        # Late in the evening there.
        clock.move_to(NOON + timedelta(hours=14))
    while not told():
        clock.shift(timedelta(hours=1))
    assert timezone.now().hour == hour


def test_one_that_is_late_is_not_sent_at_night(invite: Invite, by: Membership, acme: Organization, clock: Any) -> None:
    lasting(invite(), days=2)
    assert decide_emails(acme.pk) == [by.pk]
    clock.shift(timedelta(hours=9))
    assert told() == []
    assert find_unsent() == []


def test_nobody_is_told_about_nothing(invite: Invite, by: Membership) -> None:
    invite()
    assert told() == []


def test_numbers_are_those_of_the_moment(invite: Invite, by: Membership, acme: Organization) -> None:
    invitation = lasting(invite(), days=1)
    assert decide_emails(acme.pk) == [by.pk]
    revoke(by, invitation)
    assert told() == []


def test_colleagues_who_manage_users_are_told_when_the_inviter_has_left(
    invite: Invite, by: Membership, colleague: Membership, lesser: Membership, clock: Any
) -> None:
    lasting(invite(), days=1)
    by.delete()
    assert told() == [colleague.user.email]


def test_nobody_else_is_told(
    invite: Invite, by: Membership, colleague: Membership, manager: User, outsider: User
) -> None:
    lasting(invite(), days=1)
    assert told() == [by.user.email]


def _loses_the_permission(by: Membership) -> None:
    by.roles.set([by.organization.roles.get(name="ReadOnly")])


def _is_deactivated(by: Membership) -> None:
    Membership.objects.filter(pk=by.pk).update(deactivated_at=timezone.now())


def _opts_out(by: Membership) -> None:
    User.objects.filter(pk=by.user_id).update(wants_expiry_emails=False)


def _is_suspended(by: Membership) -> None:
    Organization.objects.filter(pk=by.organization_id).update(suspended_at=timezone.now())


@pytest.mark.parametrize("happen", [_loses_the_permission, _is_deactivated, _opts_out, _is_suspended])
def test_some_get_none(invite: Invite, by: Membership, acme: Organization, happen: Callable[..., None]) -> None:
    lasting(invite(), days=1)
    decide_emails(acme.pk)
    happen(by)
    assert told() == []
    ExpiryNotice.objects.all().delete()
    Organization.objects.update(expiry_email_at=timezone.now())
    assert told() == []


def test_the_account_has_the_switch(invite: Invite, by: Membership, ines: Client) -> None:
    page = ines.get("/account/").content.decode()
    assert "Email me once a day when invitations that I sent expire soon or have expired" in page
    ines.post("/account/", {"first_name": "Ines", "last_name": "Martin"})
    lasting(invite(), days=1)
    assert told() == []
    ines.post("/account/", {"first_name": "Ines", "last_name": "Martin", "wants_expiry_emails": "on"})
    Organization.objects.update(expiry_email_at=timezone.now())
    assert told() == [by.user.email]


@pytest.mark.servers
def test_who_cannot_invite_has_no_switch(member: User, client_of: Callable[..., Client]) -> None:
    client = client_of(member)
    assert "Email me once a day" not in client.get("/account/").content.decode()
    client.post("/account/", {"first_name": "Mara", "last_name": "Conti"})
    member.refresh_from_db()
    assert member.wants_expiry_emails


# --- Crashes and failures ----------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


def _killed(*_arguments: Any, **_more: Any) -> int:
    raise Killed


def test_a_worker_that_dies_before_it_sends_loses_nothing(
    invite: Invite, by: Membership, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting(invite(), days=1)
    with monkeypatch.context() as patch:
        patch.setattr(expiry_email, "_message", _killed)
        with pytest.raises(Killed):
            told()
    assert told() == [], "It is claimed."
    clock.shift(timedelta(minutes=3))
    assert told() == [by.user.email]


def test_a_worker_that_dies_while_it_sends_does_not_make_it_twice(
    invite: Invite, by: Membership, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting(invite(), days=1)
    with monkeypatch.context() as patch:
        patch.setattr(EmailMultiAlternatives, "send", _killed)
        with pytest.raises(Killed):
            told()
    clock.shift(timedelta(minutes=3))
    assert told() == []
    assert find_unsent() == []


@pytest.mark.parametrize(
    ("error", "again"), [(SMTPDataError(451, b"later"), True), (SMTPServerDisconnected("?"), False)]
)
def test_a_failure_is_retried_unless_it_may_have_been_sent(
    invite: Invite, by: Membership, clock: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, *, again: bool
) -> None:
    def fail(*_arguments: Any) -> int:
        raise error

    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, number, **_how: task(number))
    lasting(invite(), days=1)
    with monkeypatch.context() as patch:
        patch.setattr(EmailMultiAlternatives, "send", fail)
        tasks.recover()
    clock.shift(timedelta(minutes=3))
    assert told() == ([by.user.email] if again else [])


def test_the_next_look_is_tomorrow_morning(invite: Invite, by: Membership, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(time_zone="Europe/Paris")
    told()
    acme.refresh_from_db()
    assert acme.expiry_email_at == datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
    assert organizations_to_tell() == []


def test_everyone_is_decided_with_few_queries(
    invite: Invite, acme: Organization, join: Callable[..., User], django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        inviter = join(acme, f"in{number}@example.com", "Org Admin").memberships.get()
        lasting(invite(f"p{number}@people.example.com", by=inviter), days=1)
    with django_assert_max_num_queries(40):
        assert len(decide_emails(acme.pk)) == 12


@pytest.mark.servers
def test_invitations_of_nobody_are_not_forgotten(invite: Invite, by: Membership, colleague: Membership) -> None:
    Invitation.objects.filter(pk=lasting(invite(), days=1).pk).update(inviter=None)
    assert told() == sorted([by.user.email, colleague.user.email])
