"""An import that is sent later: until then nobody is emailed, and then everyone is checked again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership, Organization, Role, Site, User
from accounts.organizations.roles import delete_role
from invites import tasks
from invites.checking import Cells
from invites.directory.counts import count_users
from invites.directory.users import UserFilter
from invites.imports import chunks, recovery, release
from invites.imports.schedule import reschedule_import, send_import_now
from invites.imports.selectors.responses import responses_of
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_import
from invites.imports.undo import undo_import
from invites.imports.upload import invite_valid_rows
from invites.invitations.authorization import check_still_allowed
from invites.invitations.change import change_invitation
from invites.invitations.expiry import count_expiring
from invites.invitations.schedule import send_now
from invites.models import Batch, BatchChunk, BlockedAddress, DailyInviteCount, Invitation, Row
from tests.concurrency import at_once
from tests.files import csv_of, many
from tests.invites.invitations.helpers import deliver, link_of, selection_of
from tests.pages import url_of, words_of
from tests.rules import domain_error

pytestmark = pytest.mark.django_db
Start = Callable[..., Batch]
Work = Callable[[Batch], Batch]
PEOPLE = ("ann@people.example.com", "bob@people.example.com", "cy@people.example.com")


@pytest.fixture
def tomorrow() -> Any:
    return timezone.now() + timedelta(days=1)


@pytest.fixture
def scheduled(start: Start, work: Work, tomorrow: Any) -> Batch:
    batch = work(start(csv_of(*PEOPLE), send_at=tomorrow))
    assert batch.state == Batch.State.SCHEDULED
    return batch


def run_workers(batch: Batch, work: Work) -> list[str]:
    """Do what workers do every few seconds. Returns the addresses that got an email."""
    before = len(mail.outbox)
    tasks.start_scheduled_imports()
    work(batch)
    return sorted(message.to[0] for message in mail.outbox[before:])


def let_time_pass(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk).update(send_at=timezone.now() - timedelta(seconds=1))


def outcomes(batch: Batch) -> list[tuple[str, str]]:
    return list(batch.rows.order_by("number").values_list("outcome", "reason"))


def test_everyone_is_invited_and_nobody_is_emailed_before_its_time(
    scheduled: Batch, work: Work, client: Client
) -> None:
    assert run_workers(scheduled, work) == []
    assert scheduled.state == Batch.State.SCHEDULED
    assert Invitation.objects.scheduled().count() == 3
    for invitation in scheduled.invitations.all():
        assert "no longer valid" in words_of(client.get(link_of(invitation), follow=True))
    entry = ActivityEntry.objects.get(action=Action.IMPORT_SCHEDULED)
    assert (entry.affected_count, entry.actor_name) == (3, "Ines Martin")
    assert scheduled.send_at is not None
    assert entry.details == {"after": {"send_at": scheduled.send_at.isoformat()}}


def test_everyone_gets_one_email_at_its_time(scheduled: Batch, work: Work, settings: Any, client: Client) -> None:
    let_time_pass(scheduled)

    assert run_workers(scheduled, work) == sorted(PEOPLE)

    assert run_workers(scheduled, work) == []
    scheduled.refresh_from_db()
    assert (scheduled.state, scheduled.send_at) == (Batch.State.DONE, None)
    assert summary_of(scheduled).invited == 3
    for invitation in scheduled.invitations.all():
        lasts = invitation.expires_at - timezone.now()
        assert abs(lasts - timedelta(days=settings.INVITATION_DAYS)) < timedelta(minutes=1)
        assert "Join Acme" in words_of(client.get(link_of(invitation), follow=True))
    assert ActivityEntry.objects.get(action=Action.IMPORTED).affected_count == 3


def test_a_suspended_organization_sends_nothing_before_it_is_resumed(
    scheduled: Batch, work: Work, acme: Organization
) -> None:
    let_time_pass(scheduled)
    Organization.objects.filter(pk=acme.pk).update(suspended_at=timezone.now())
    assert run_workers(scheduled, work) == []
    assert scheduled.state == Batch.State.SCHEDULED

    Organization.objects.filter(pk=acme.pk).update(suspended_at=None)
    assert run_workers(scheduled, work) == sorted(PEOPLE)


def test_the_page_and_the_list_say_when(scheduled: Batch, ines: Client, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(time_zone="Europe/Paris")
    page = words_of(ines.get(url_of(scheduled)))
    assert "Scheduled" in page
    assert "Emails will be sent" in page
    assert ", Paris time" in page
    assert "Change the time" in page
    assert "Send now" in page
    assert "Cancel import" in page
    assert "Undo import" not in page
    assert "Remind" not in page
    assert "Scheduled" in words_of(ines.get("/o/acme/batches/"))
    banner = words_of(ines.get("/o/acme/roles/"))
    assert "3 users will be invited to Acme. The emails will be sent" in banner
    assert "Nobody has been emailed yet." in banner


@pytest.mark.servers
def test_users_shows_everyone_as_scheduled(scheduled: Batch, ines: Client) -> None:
    page = words_of(ines.get("/o/acme/users/?status=scheduled"))
    assert page.count("Invite scheduled") == 4, "the tab and three people"
    assert "Sends" in page
    assert "ann@people.example.com" not in words_of(ines.get("/o/acme/users/?status=pending"))
    assert "ann@people.example.com" in words_of(ines.get("/o/acme/users/?q=ann&status=scheduled"))
    ann = Invitation.objects.get(email=PEOPLE[0])
    person = words_of(ines.get(f"/o/acme/invitations/{ann.pk}/"))
    assert "Will be sent" in person
    assert "Send now" in person
    assert "Change the time" not in person, "its time is that of the import"


def test_its_time_is_changed(scheduled: Batch, by: Membership, work: Work, tomorrow: Any) -> None:
    later = tomorrow + timedelta(days=5)
    let_time_pass(scheduled)
    reschedule_import(by, scheduled, later)

    assert run_workers(scheduled, work) == []
    scheduled.refresh_from_db()
    assert scheduled.send_at == later
    assert ActivityEntry.objects.filter(action=Action.IMPORT_RESCHEDULED).exists()


def test_is_sent_now(scheduled: Batch, colleague: Membership, work: Work) -> None:
    send_import_now(colleague, scheduled)
    assert run_workers(scheduled, work) == sorted(PEOPLE)
    with domain_error("not_scheduled"):
        send_import_now(colleague, scheduled)


@pytest.mark.parametrize("how", ["stop", "undo"])
def test_canceling_revokes_everything_and_emails_nobody(
    how: str, scheduled: Batch, by: Membership, work: Work, start: Start, ines: Client
) -> None:
    if how == "stop":
        assert stop_import(by, scheduled)
    else:
        assert undo_import(by, scheduled) == 3
    let_time_pass(scheduled)

    assert run_workers(scheduled, work) == []

    scheduled.refresh_from_db()
    assert scheduled.state == Batch.State.STOPPED
    assert set(scheduled.invitations.values_list("state", flat=True)) == {Invitation.State.REVOKED}
    assert outcomes(scheduled) == [(Row.Outcome.FAILED, Row.Reason.STOPPED)] * 3
    summary = summary_of(scheduled)
    assert (summary.invited, summary.stopped, summary.rows) == (0, 3, 3)
    assert "Stopped. Nobody was invited to Acme" in words_of(ines.get("/o/acme/roles/"))
    assert DailyInviteCount.objects.get().invitations == 0
    # They can be invited again.
    assert summary_of(work(start(csv_of(*PEOPLE)))).invited == 3


def test_canceling_says_the_same_before_and_after_workers_have_revoked(
    scheduled: Batch, by: Membership, work: Work
) -> None:
    stop_import(by, scheduled)
    before = summary_of(scheduled)
    work(scheduled)
    assert summary_of(scheduled) == before


def test_the_question_before_says_that_nobody_was_invited(scheduled: Batch, ines: Client) -> None:
    question = words_of(ines.get(f"{url_of(scheduled)}stop/"))
    assert "Nobody has been invited yet, and nobody will be." in question
    # "Cancel" beside it could mean either.
    assert "Keep it Cancel import" in question


def test_an_admin_cancels_on_the_page(scheduled: Batch, ines: Client) -> None:
    url = url_of(scheduled, "imports:batch_stop")
    assert "Cancel this import?" in words_of(ines.get(url))
    ines.post(url)
    assert set(scheduled.invitations.values_list("state", flat=True)) == {Invitation.State.REVOKED}


def test_one_person_is_sent_sooner_and_gets_one_email(
    scheduled: Batch, by: Membership, acme: Organization, work: Work
) -> None:
    send_now(by, Invitation.objects.get(email=PEOPLE[0]))
    assert [message.to for message in deliver(acme)] == [[PEOPLE[0]]]

    let_time_pass(scheduled)

    assert run_workers(scheduled, work) == sorted(PEOPLE[1:])


@pytest.mark.servers
def test_the_page_does_not_say_that_nobody_was_emailed_if_somebody_was(
    scheduled: Batch, by: Membership, ines: Client
) -> None:
    send_now(by, Invitation.objects.get(email=PEOPLE[0]))

    banner = words_of(ines.get("/o/acme/roles/"))
    assert "The other emails will be sent" in banner
    assert "Nobody has been emailed yet" not in banner + words_of(ines.get(url_of(scheduled)))
    question = words_of(ines.get(f"{url_of(scheduled)}stop/"))
    assert "People who have already been emailed stay invited. Nobody else will be emailed." in question


def test_people_who_changed_in_the_meantime_are_skipped(
    scheduled: Batch, by: Membership, acme: Organization, join: Callable[..., User], work: Work
) -> None:
    join(acme, PEOPLE[0], "ReadOnly")
    BlockedAddress.objects.create(email_key=PEOPLE[1], organization_id=acme.pk)
    cells = Invitation.objects.get(email=PEOPLE[2])
    let_time_pass(scheduled)

    assert run_workers(scheduled, work) == [cells.email]

    assert outcomes(scheduled) == [
        (Row.Outcome.SKIPPED, Row.Reason.ALREADY_MEMBER),
        (Row.Outcome.SKIPPED, Row.Reason.ADDRESS_BLOCKED),
        (Row.Outcome.INVITED, Row.Reason.NONE),
    ]
    assert DailyInviteCount.objects.get().invitations == 1


def test_a_domain_that_is_no_longer_allowed_fails(scheduled: Batch, acme: Organization, work: Work) -> None:
    Organization.objects.filter(pk=acme.pk).update(email_domains=["acme.example"])
    let_time_pass(scheduled)

    assert run_workers(scheduled, work) == []

    assert {outcome for outcome, _ in outcomes(scheduled)} == {Row.Outcome.FAILED}
    assert set(scheduled.invitations.values_list("state", flat=True)) == {Invitation.State.REVOKED}


def test_a_person_who_is_skipped_at_its_time_counts_once(
    scheduled: Batch, acme: Organization, join: Callable[..., User], work: Work
) -> None:
    join(acme, PEOPLE[0], "ReadOnly")
    let_time_pass(scheduled)
    run_workers(scheduled, work)

    scheduled.refresh_from_db()
    summary = summary_of(scheduled)
    assert (summary.invited, summary.skipped, summary.waiting_answer, summary.revoked) == (2, 1, 2, 0)
    assert responses_of(scheduled, summary).days[-1].revoked == 0


@pytest.mark.servers
def test_a_canceled_import_has_no_revoked_invitations_in_its_responses(
    scheduled: Batch, by: Membership, work: Work
) -> None:
    send_now(by, Invitation.objects.get(email=PEOPLE[0]))
    stop_import(by, scheduled)
    work(scheduled)

    scheduled.refresh_from_db()
    summary = summary_of(scheduled)
    assert (summary.invited, summary.failed, summary.revoked) == (1, 2, 0)
    assert responses_of(scheduled, summary).days[-1].revoked == 0


def test_nobody_expires_or_is_replaced_before_they_get_the_email(
    scheduled: Batch, start: Start, work: Work, by: Membership, acme: Organization
) -> None:
    """Its time was changed to a later one. A suspended organization may also send it long after its time."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        reschedule_import(by, scheduled, timezone.now() + timedelta(days=60))
        clock.shift(timedelta(days=40))

        other = work(start(csv_of(*PEOPLE)))

        assert set(outcomes(other)) == {(Row.Outcome.SKIPPED, Row.Reason.ALREADY_INVITED)}
        assert count_expiring(by, timezone.now()).total == 0
        counts = count_users(acme, UserFilter())
        assert (counts.scheduled, counts.expired, counts.pending) == (3, 0, 0)
        clock.shift(timedelta(days=20))
        assert run_workers(scheduled, work) == sorted(PEOPLE)


def test_a_bug_with_one_does_not_keep_others_from_being_sent(
    start: Start, work: Work, tomorrow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (work(start(csv_of(email), send_at=tomorrow)) for email in PEOPLE[:2])
    let_time_pass(first)
    let_time_pass(second)

    def check(inviter: Any, organization: Any, grant: Any) -> None:
        if grant.pk == first.grant_id:
            raise RuntimeError
        check_still_allowed(inviter, organization, grant)

    monkeypatch.setattr("invites.imports.schedule.check_still_allowed", check)

    assert run_workers(second, work) == [PEOPLE[1]]


@pytest.mark.parametrize("lost", ["permission", "access", "quota"])
def test_stops_and_says_why_if_it_is_not_allowed_anymore(
    lost: str,
    scheduled: Batch,
    by: Membership,
    acme: Organization,
    sites: list[Site],
    work: Work,
    settings: Any,
    colleague: Membership,
    client_of: Callable[..., Client],
) -> None:
    if lost == "permission":
        by.roles.set([acme.roles.get(name="ReadOnly")])
        reason = "can no longer invite users"
    elif lost == "access":
        by.all_sites = False
        by.save()
        by.sites.set(sites[2:])
        reason = "can no longer grant these roles and sites"
    else:
        Batch.objects.update(inviting_started_at=timezone.now() - timedelta(days=2))
        DailyInviteCount.objects.all().delete()
        settings.INVITATIONS_PER_DAY = 2
        reason = "can invite 2 people a day. This import has more people than that. Split the file"
    let_time_pass(scheduled)

    assert run_workers(scheduled, work) == []

    scheduled.refresh_from_db()
    assert scheduled.state == Batch.State.STOPPED
    assert set(scheduled.invitations.values_list("state", flat=True)) == {Invitation.State.REVOKED}
    assert reason in words_of(client_of(colleague.user).get(url_of(scheduled)))


@pytest.mark.servers
def test_managers_learn_that_it_stopped_because_its_inviter_left(
    scheduled: Batch,
    by: Membership,
    acme: Organization,
    work: Work,
    colleague: Membership,
    lesser: Membership,
    outsider: User,
    client_of: Callable[..., Client],
) -> None:
    let_time_pass(scheduled)
    by.roles.set([acme.roles.get(name="ReadOnly")])
    run_workers(scheduled, work)
    close = url_of(scheduled, "imports:batch_close_banner")
    manager = client_of(colleague.user)
    says = "Stopped. Nobody was invited to Acme. The person who started this can no longer invite users."

    page = words_of(manager.get("/o/acme/roles/"))
    assert says in page
    # Who can't manage users isn't told, and other organizations aren't.
    assert "Stopped." not in words_of(client_of(lesser.user).get("/o/acme/batches/"))
    assert client_of(lesser.user).post(close).status_code == 404
    assert client_of(outsider).post(close).status_code == 404
    page = words_of(manager.get(url_of(scheduled)))
    assert "3 people were never emailed" in page
    assert "Import again" in page
    manager.post(close)
    assert "Stopped." not in words_of(manager.get("/o/acme/roles/"))


def test_no_one_else_gets_the_banner_of_an_import_that_its_inviter_stopped(
    scheduled: Batch, by: Membership, work: Work, colleague: Membership, client_of: Callable[..., Client]
) -> None:
    stop_import(by, scheduled)
    work(scheduled)

    assert "Stopped." not in words_of(client_of(colleague.user).get("/o/acme/roles/"))


def test_importing_again_keeps_the_time(scheduled: Batch, by: Membership, work: Work, ines: Client) -> None:
    later = timezone.now().replace(hour=7, minute=30, second=0, microsecond=0) + timedelta(days=9)
    reschedule_import(by, scheduled, later)
    stop_import(by, scheduled)
    work(scheduled)

    form = ines.get(f"/o/acme/import/?again={scheduled.pk}").text

    local = later.astimezone(by.organization.zone)
    assert re.search(r'value="later"\s+checked', form)
    assert f'value="{local:%Y-%m-%d}"' in form
    assert f'value="{local:%H:%M}"' in form
    let_time_pass(scheduled)
    assert re.search(r'value="now"\s+checked', ines.get(f"/o/acme/import/?again={scheduled.pk}").text)


@pytest.mark.servers
def test_waits_for_the_next_day_if_todays_quota_is_used_up(
    scheduled: Batch, by: Membership, work: Work, settings: Any, ines: Client
) -> None:
    settings.INVITATIONS_PER_DAY = 4
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False) as clock:
        let_time_pass(scheduled)
        DailyInviteCount.objects.create(
            organization=by.organization, inviter=by.user, day=timezone.now().date(), invitations=2
        )
        Batch.objects.filter(pk=scheduled.pk).update(banner_closed_at=timezone.now())

        assert run_workers(scheduled, work) == []

        scheduled.refresh_from_db()
        midnight = (timezone.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        assert (scheduled.state, scheduled.send_at) == (Batch.State.SCHEDULED, midnight)
        why = "Acme can invite 4 people a day. That limit was reached when this import was to be sent"
        assert why in words_of(ines.get(url_of(scheduled)))
        assert why in words_of(ines.get("/o/acme/roles/"))
        entry = ActivityEntry.objects.get(action=Action.IMPORT_RESCHEDULED)
        assert (entry.actor_id, entry.details["after"]) == (None, {"send_at": midnight.isoformat()})
        assert run_workers(scheduled, work) == []
        clock.move_to(midnight + timedelta(seconds=1))
        assert run_workers(scheduled, work) == sorted(PEOPLE)
        scheduled.refresh_from_db()
        assert (scheduled.state, scheduled.notice) == (Batch.State.DONE, [])


def test_roles_of_a_scheduled_import_stay(scheduled: Batch, by: Membership, night_shift: Role) -> None:
    ann = Invitation.objects.get(email=PEOPLE[0])
    change_invitation(by, ann, selection_of(by.organization, "Night shift"))
    with domain_error("in_use"):
        delete_role(by, night_shift)


def test_a_corrected_address_gets_the_email(scheduled: Batch, by: Membership, work: Work, acme: Organization) -> None:
    ann = Invitation.objects.get(email=PEOPLE[0])
    cells = Cells("anna@people.example.com", ann.first_name, ann.last_name, ann.description)
    change_invitation(by, ann, selection_of(acme, "ReadOnly"), cells=cells)
    let_time_pass(scheduled)

    assert run_workers(scheduled, work) == sorted(["anna@people.example.com", *PEOPLE[1:]])


def test_a_time_that_passes_while_the_import_waits_sends_it_when_it_is_ready(
    start: Start, work: Work, by: Membership
) -> None:
    batch = start(csv_of(*PEOPLE, "broken@"), send_at=timezone.now() + timedelta(hours=1))
    assert batch.state == Batch.State.NEEDS_CORRECTION
    let_time_pass(batch)

    invite_valid_rows(batch, by=by)

    assert run_workers(batch, work) == sorted(PEOPLE)


@pytest.mark.servers
def test_nobody_new_to_invite_ends_the_import(start: Start, work: Work, tomorrow: Any, by: Membership) -> None:
    work(start(csv_of(*PEOPLE)))
    batch = work(start(csv_of(*PEOPLE), send_at=tomorrow))
    assert (batch.state, batch.send_at) == (Batch.State.DONE, None)


@pytest.mark.parametrize(("at", "code"), [(timedelta(minutes=-1), "past"), (timedelta(days=91), "too_far")])
def test_only_times_of_the_next_ninety_days(start: Start, at: timedelta, code: str) -> None:
    with domain_error(code):
        start(csv_of(*PEOPLE), send_at=timezone.now() + at)
    assert not Batch.objects.exists()


def test_who_can_not_grant_it_can_not_touch_it(scheduled: Batch, lesser: Membership, limited: Membership) -> None:
    later = timezone.now() + timedelta(days=2)
    for act in (
        lambda: reschedule_import(lesser, scheduled, later),
        lambda: send_import_now(lesser, scheduled),
        lambda: stop_import(lesser, scheduled),
    ):
        with domain_error("beyond_permissions"):
            act()


def test_an_invitation_with_more_access_keeps_others_from_canceling(
    scheduled: Batch, by: Membership, limited: Membership
) -> None:
    change_invitation(by, Invitation.objects.get(email=PEOPLE[0]), selection_of(by.organization, "ReadOnly"))
    for act in (
        lambda: reschedule_import(limited, scheduled, timezone.now() + timedelta(days=2)),
        lambda: send_import_now(limited, scheduled),
        lambda: stop_import(limited, scheduled),
    ):
        with domain_error("beyond_permissions"):
            act()


def test_who_can_not_grant_it_can_not_stop_it_while_it_is_being_released(
    scheduled: Batch, by: Membership, limited: Membership
) -> None:
    ann = Invitation.objects.get(email=PEOPLE[0])
    change_invitation(by, ann, selection_of(by.organization, "Org Admin"))
    let_time_pass(scheduled)
    tasks.start_scheduled_imports()

    with domain_error("beyond_permissions"):
        stop_import(limited, scheduled)


def test_stopping_while_it_is_being_released_sends_to_nobody_else(
    start: Start, work: Work, by: Membership, tomorrow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invites.imports.invite.MIN_CHUNK_ROWS", 2)
    monkeypatch.setattr("invites.imports.invite.CHUNKS", 2)
    batch = work(start(many(4), send_at=tomorrow))
    let_time_pass(batch)
    tasks.start_scheduled_imports()
    claim = chunks.claim_chunk(batch.pk)
    assert claim is not None
    tasks.process_claimed_chunk(claim)
    assert len(mail.outbox) == 2

    stop_import(by, batch)
    work(batch)

    assert len(mail.outbox) == 2
    assert sorted(batch.invitations.values_list("state", flat=True)) == ["pending"] * 2 + ["revoked"] * 2


def test_a_chunk_that_kills_every_worker_fails_and_the_others_are_sent(
    scheduled: Batch, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_time_pass(scheduled)
    tasks.start_scheduled_imports()
    BatchChunk.objects.update(attempts=6)

    work(scheduled)

    assert mail.outbox == []
    assert {outcome for outcome, _ in outcomes(scheduled)} == {Row.Outcome.FAILED}
    scheduled.refresh_from_db()
    assert scheduled.state == Batch.State.DONE


def test_a_worker_that_dies_before_the_import_is_held_is_followed_by_another(
    start: Start, tomorrow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start(csv_of(*PEOPLE), send_at=tomorrow)
    while claim := chunks.claim_chunk(batch.pk):
        tasks.process_claimed_chunk(claim)
    Batch.objects.update(progressed_at=timezone.now() - timedelta(minutes=1))

    assert recovery.find_stalled_work().to_process == [batch.pk]

    tasks.process_chunk(batch.pk)
    batch.refresh_from_db()
    assert batch.state == Batch.State.SCHEDULED


def test_the_recovery_leaves_a_scheduled_import_alone(scheduled: Batch) -> None:
    Batch.objects.update(progressed_at=timezone.now() - timedelta(days=1))
    found = recovery.find_stalled_work()
    assert (found.to_check, found.to_process, found.to_undo) == ([], [], [])


@pytest.mark.parametrize("count", [20, 200])
def test_a_chunk_is_released_with_the_same_number_of_queries(
    count: int, start: Start, work: Work, tomorrow: Any
) -> None:
    batch = work(start(many(count), send_at=tomorrow))
    let_time_pass(batch)
    with CaptureQueriesContext(connection) as starting:
        tasks.start_scheduled_imports()
    claim = chunks.claim_chunk(batch.pk)
    assert claim is not None
    with CaptureQueriesContext(connection) as releasing:
        release.release_chunk(claim)
    assert (len(starting) <= 25, len(releasing) <= 20) == (True, True), (len(starting), len(releasing))


# --- Races ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_canceling_and_starting_at_once_emails_nobody(scheduled: Batch, by: Membership, work: Work) -> None:
    let_time_pass(scheduled)

    at_once(lambda: stop_import(by, scheduled), tasks.start_scheduled_imports)
    work(scheduled)

    assert mail.outbox == []
    assert set(scheduled.invitations.values_list("state", flat=True)) == {Invitation.State.REVOKED}


@pytest.mark.django_db(transaction=True)
def test_changing_the_time_and_starting_at_once_does_one_of_them(
    scheduled: Batch, by: Membership, work: Work, tomorrow: Any
) -> None:
    let_time_pass(scheduled)

    changed, _ = at_once(lambda: reschedule_import(by, scheduled, tomorrow), tasks.start_scheduled_imports)
    work(scheduled)

    if changed is None:
        assert (mail.outbox, scheduled.send_at) == ([], tomorrow)
    else:
        assert changed.code == "not_scheduled"
        assert len(mail.outbox) == 3


@pytest.mark.django_db(transaction=True)
def test_two_recoveries_start_it_once(scheduled: Batch, work: Work) -> None:
    let_time_pass(scheduled)
    at_once(tasks.start_scheduled_imports, tasks.start_scheduled_imports)
    work(scheduled)
    assert sorted(message.to[0] for message in mail.outbox) == sorted(PEOPLE)
