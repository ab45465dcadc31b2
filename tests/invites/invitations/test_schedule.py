"""One invitation that is sent later: until then nothing is emailed, and then everything is checked again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership, Organization, Site
from accounts.organizations.sites import delete_site
from invites.checking import Cells
from invites.invitations import schedule
from invites.invitations.actions import resend, revoke
from invites.invitations.blocking import block_address
from invites.invitations.change import change_invitation
from invites.invitations.invite import invite_person
from invites.invitations.requests import ask_for_invitation
from invites.invitations.tokens import hash_token, opt_out_token
from invites.models import DailyInviteCount, FailureReason, Invitation, InvitationRequest
from tests.concurrency import at_once
from tests.invites.invitations.helpers import Invite, deliver, link_of, selection_of, token_of
from tests.pages import words_of
from tests.plans import plan_of
from tests.rules import domain_error

pytestmark = pytest.mark.django_db
EMAIL = "chiara.rossi@people.example.com"


@pytest.fixture
def tomorrow() -> Any:
    return timezone.now() + timedelta(days=1)


@pytest.fixture
def scheduled(by: Membership, sites: list[Site], tomorrow: Any) -> Invitation:
    return invite_person(
        by,
        tomorrow,
        email=EMAIL,
        first_name="Chiara",
        last_name="Rossi",
        description="",
        selection=selection_of(by.organization, "ReadOnly", sites=sites[:2]),
    )


def let_time_pass() -> None:
    Invitation.objects.scheduled().update(mail_due_at=timezone.now() - timedelta(seconds=1))


def run_workers(organization: Organization) -> list[Any]:
    schedule.start_due()
    return deliver(organization)


def test_nothing_is_emailed_before_its_time(scheduled: Invitation, acme: Organization) -> None:
    assert run_workers(acme) == []
    scheduled.refresh_from_db()
    assert scheduled.is_scheduled
    assert scheduled.mail_finished_at is None


def test_is_sent_once_at_its_time_with_a_link_that_works_for_all_days(
    scheduled: Invitation, acme: Organization, client: Client
) -> None:
    let_time_pass()

    (message,) = run_workers(acme)

    assert message.to == [EMAIL]
    assert run_workers(acme) == []
    scheduled.refresh_from_db()
    assert (scheduled.state, scheduled.mail_state) == (Invitation.State.PENDING, Invitation.Mail.SENT)
    lasts = scheduled.expires_at - timezone.now()
    assert abs(lasts - timedelta(days=settings.INVITATION_DAYS)) < timedelta(minutes=1)
    assert "Join Acme" in words_of(client.get(link_of(scheduled), follow=True))


def test_a_suspended_organization_sends_nothing_before_it_is_resumed(scheduled: Invitation, acme: Organization) -> None:
    let_time_pass()
    Organization.objects.filter(pk=acme.pk).update(suspended_at=timezone.now())
    assert run_workers(acme) == []

    Organization.objects.filter(pk=acme.pk).update(suspended_at=None)
    assert len(run_workers(acme)) == 1


def test_its_links_are_dead_until_then(scheduled: Invitation, client: Client) -> None:
    dead = "This invitation is no longer valid"
    opt_out = opt_out_token(scheduled.pk, scheduled.email_key)

    assert dead in words_of(client.get(link_of(scheduled), follow=True))
    assert "Acme" not in words_of(client.get(f"/i/decline/{opt_out}/", follow=True))
    assert "Acme" not in words_of(client.get(f"/i/report/{opt_out}/", follow=True))
    scheduled.refresh_from_db()
    assert scheduled.opened_at is None


def test_nobody_can_ask_for_a_link_that_does_not_exist(scheduled: Invitation) -> None:
    ask_for_invitation(hash_token(token_of(scheduled)))
    assert not InvitationRequest.objects.exists()


def test_nobody_is_invited_a_second_time_meanwhile(scheduled: Invitation, invite: Invite) -> None:
    with domain_error("already_invited"):
        invite(EMAIL, by_service=True)
    scheduled.pk, scheduled.token_hash = None, "other"
    with pytest.raises(IntegrityError, match=r"one_pending_invitation_per_address|UNIQUE"):
        scheduled.save(force_insert=True)


def test_its_time_is_changed(scheduled: Invitation, by: Membership, acme: Organization, tomorrow: Any) -> None:
    later = tomorrow + timedelta(days=3)
    schedule.reschedule(by, scheduled, later)

    scheduled.refresh_from_db()
    assert scheduled.mail_due_at == later
    entry = ActivityEntry.objects.get(action=Action.RESCHEDULED)
    assert entry.details == {"before": {"send_at": tomorrow.isoformat()}, "after": {"send_at": later.isoformat()}}
    for at, code in ((timezone.now(), "past"), (timezone.now() + timedelta(days=91), "too_far")):
        with domain_error(code):
            schedule.reschedule(by, scheduled, at)


def test_is_sent_now_and_only_once(scheduled: Invitation, colleague: Membership, acme: Organization) -> None:
    schedule.send_now(colleague, scheduled)

    (message,) = run_workers(acme)

    assert message.to == [EMAIL]
    scheduled.refresh_from_db()
    assert scheduled.inviter == colleague.user
    with domain_error("not_scheduled"):
        schedule.send_now(colleague, scheduled)


def test_revoking_cancels_it(scheduled: Invitation, by: Membership, acme: Organization) -> None:
    revoke(by, scheduled)
    let_time_pass()
    assert run_workers(acme) == []
    with domain_error("not_scheduled"):
        schedule.send_now(by, scheduled)
    with domain_error("not_scheduled"):
        schedule.reschedule(by, scheduled, timezone.now() + timedelta(days=2))


def test_is_not_resent(scheduled: Invitation, by: Membership, acme: Organization) -> None:
    with domain_error("too_soon", match="choose Send now"):
        resend(by, scheduled)
    assert run_workers(acme) == []


def test_the_address_is_corrected_without_an_email(scheduled: Invitation, by: Membership, acme: Organization) -> None:
    cells = Cells("chiara.bianchi@people.example.com", "Chiara", "Bianchi", "")
    selection = selection_of(acme, "Project manager")

    assert change_invitation(by, scheduled, selection, cells=cells) is False

    assert run_workers(acme) == []
    let_time_pass()
    (message,) = run_workers(acme)
    assert message.to == ["chiara.bianchi@people.example.com"]
    assert "as Project manager" in message.body


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("inviter left", FailureReason.INVITER_LEFT),
        ("access lost", FailureReason.ACCESS_LOST),
        ("domain", FailureReason.DOMAIN_NOT_ALLOWED),
        ("blocked", FailureReason.ADDRESS_BLOCKED),
        ("quota", FailureReason.OVER_QUOTA),
    ],
)
def test_what_is_not_allowed_anymore_is_not_sent_and_says_why(
    change: str,
    reason: FailureReason,
    scheduled: Invitation,
    by: Membership,
    acme: Organization,
    sites: list[Site],
    ines: Client,
    invite: Invite,
    settings: Any,
    colleague: Membership,
    client_of: Callable[..., Client],
) -> None:
    let_time_pass()
    if change == "inviter left":
        by.roles.set([acme.roles.get(name="ReadOnly")])
    elif change == "access lost":
        by.all_sites = False
        by.save()
        by.sites.set(sites[2:])
    elif change == "domain":
        Organization.objects.filter(pk=acme.pk).update(email_domains=["acme.example"])
    elif change == "blocked":
        block_address(scheduled.email_key, reported=invite("other@people.example.com"))
        scheduled.refresh_from_db()
        assert scheduled.is_scheduled, "it finds out at its time"
    else:
        Invitation.objects.update(created_at=timezone.now() - timedelta(days=2))
        DailyInviteCount.objects.all().delete()
        settings.INVITATIONS_PER_DAY = 0

    assert [message.to for message in run_workers(acme) if message.to == [EMAIL]] == []

    scheduled.refresh_from_db()
    assert (scheduled.mail_state, scheduled.mail_detail) == (Invitation.Mail.FAILED, reason)
    assert scheduled.mail_due_at is None
    page = client_of(colleague.user).get(f"/o/acme/invitations/{scheduled.pk}/")
    assert str(reason.label) in words_of(page)


def test_waits_for_the_next_day_if_todays_quota_is_used_up(
    scheduled: Invitation, by: Membership, acme: Organization, settings: Any
) -> None:
    settings.INVITATIONS_PER_DAY = 1
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False) as clock:
        let_time_pass()
        used = DailyInviteCount.objects.create(
            organization=acme, inviter=by.user, day=timezone.now().date(), invitations=1
        )
        assert run_workers(acme) == []
        scheduled.refresh_from_db()
        midnight = (timezone.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        assert (scheduled.is_scheduled, scheduled.mail_due_at) == (True, midnight)
        assert ActivityEntry.objects.filter(action="rescheduled", actor_id=None).exists()
        assert used.invitations == 1
        clock.move_to(midnight + timedelta(seconds=1))
        assert [message.to for message in run_workers(acme)] == [[scheduled.email]]


def test_who_has_joined_meanwhile_is_not_invited(
    scheduled: Invitation, acme: Organization, join: Callable[..., Any]
) -> None:
    join(acme, EMAIL, "ReadOnly")
    let_time_pass()

    assert run_workers(acme) == []
    scheduled.refresh_from_db()
    assert scheduled.state == Invitation.State.REVOKED


def test_counts_again_on_the_day_when_it_is_sent(scheduled: Invitation, by: Membership, acme: Organization) -> None:
    Invitation.objects.update(created_at=timezone.now() - timedelta(days=2))
    DailyInviteCount.objects.all().delete()
    let_time_pass()

    assert len(run_workers(acme)) == 1
    assert DailyInviteCount.objects.get().invitations == 1


def test_protects_its_roles_and_sites(scheduled: Invitation, by: Membership, sites: list[Site]) -> None:
    with domain_error("in_use"):
        delete_site(by, sites[0])


def test_who_can_not_grant_it_can_not_touch_it(scheduled: Invitation, lesser: Membership, tomorrow: Any) -> None:
    with domain_error("beyond_permissions"):
        schedule.reschedule(lesser, scheduled, tomorrow)
    with domain_error("beyond_permissions"):
        schedule.send_now(lesser, scheduled)


def test_a_bug_with_one_does_not_keep_others_from_being_sent(
    scheduled: Invitation, by: Membership, acme: Organization, monkeypatch: pytest.MonkeyPatch, tomorrow: Any
) -> None:
    other = invite_person(
        by,
        tomorrow,
        email="b@people.example.com",
        first_name="B",
        last_name="C",
        description="",
        selection=selection_of(acme, "ReadOnly"),
    )
    check = schedule._check

    def fail(held: Invitation) -> None:
        if held.pk == scheduled.pk:
            raise RuntimeError("a bug")
        check(held)

    monkeypatch.setattr(schedule, "_check", fail)
    let_time_pass()

    (message,) = run_workers(acme)

    assert message.to == [other.email]


# --- Races ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_canceling_and_starting_at_once_either_cancels_or_sends(
    scheduled: Invitation, by: Membership, acme: Organization
) -> None:
    let_time_pass()

    canceled, _ = at_once(lambda: revoke(by, scheduled), schedule.start_due)

    sent = deliver(acme)
    scheduled.refresh_from_db()
    assert canceled is None
    # Whichever was first: what is revoked isn't sent anymore.
    assert (scheduled.state, sent) == (Invitation.State.REVOKED, [])


@pytest.mark.django_db(transaction=True)
def test_changing_the_time_and_starting_at_once_does_one_of_them(
    scheduled: Invitation, by: Membership, acme: Organization, tomorrow: Any
) -> None:
    let_time_pass()

    changed, _ = at_once(lambda: schedule.reschedule(by, scheduled, tomorrow), schedule.start_due)

    sent = deliver(acme)
    scheduled.refresh_from_db()
    if changed is None:
        assert sent == []
        assert scheduled.mail_due_at == tomorrow
    else:
        assert changed.code == "not_scheduled"
        assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_two_recoveries_send_it_once(scheduled: Invitation, acme: Organization) -> None:
    let_time_pass()
    at_once(schedule.start_due, schedule.start_due)
    assert len(deliver(acme)) == 1
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_an_index_finds_what_is_due(acme: Organization) -> None:
    with CaptureQueriesContext(connection) as captured:
        schedule.find_due()
    plan = plan_of(captured[0]["sql"])
    # PostgreSQL chooses another one while it has no statistics.
    assert "invitation_mail_due (mail_due_at<?)" in plan or "Index Scan" in plan
