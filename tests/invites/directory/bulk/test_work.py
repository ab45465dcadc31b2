"""Resending and revoking thousands of invitations: workers do it in chunks, exactly once, and pages stay fast."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from html import unescape
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization, Role, Site, User
from accounts.support import ask_support
from invites import tasks
from invites.directory.bulk import invitations as bulk_invitations
from invites.directory.bulk import work as bulk_actions
from invites.directory.bulk.change import BulkChange
from invites.directory.bulk.presentation import view_of
from invites.directory.bulk.start import IN_REQUEST
from invites.directory.bulk.work import handle_next_chunk, stop_bulk_action
from invites.invitations.tokens import hashes_for, new_seeds
from invites.live import streams
from invites.models import AccessGrant, BulkAction, BulkActionChunk, FailureReason, Invitation, Outcome
from tests.concurrency import at_once, unexpected
from tests.invites.directory.bulk.helpers import HTMX, SELECTED, USERS, finish, start_for, submit
from tests.invites.imports.presentation.test_banners import events_of
from tests.invites.invitations.helpers import Invite
from tests.pages import text_of
from tests.rules import domain_error

ClientOf = Callable[[User | None], Client]
MakeMany = Callable[..., list[Invitation]]
Kind, State = BulkAction.Kind, BulkAction.State

KINDS = ("resend", "revoke")
MANY = IN_REQUEST + 1


@pytest.fixture
def make_many(acme: Organization, admin: User, sites: list[Site]) -> MakeMany:
    """Invitations that were emailed an hour ago: `make_many(5, last_name="Match")`, by default ReadOnly for two sites."""

    def make_many(
        count: int, *, name: str = "person", roles: Iterable[str] = ("ReadOnly",), **fields: Any
    ) -> list[Invitation]:
        grant = AccessGrant.objects.create(organization=acme)
        grant.roles.set(Role.objects.filter(organization=acme, name__in=roles))
        grant.sites.set(sites[:2])
        now = timezone.now()
        seeds = new_seeds(count)
        hour_ago = now - timedelta(hours=1)
        values = {
            "organization": acme,
            "grant": grant,
            "inviter": admin,
            "first_name": "Ann",
            "last_name": "Lee",
            "expires_at": now + timedelta(days=9),
            "mail_state": Invitation.Mail.SENT,
            "mail_finished_at": hour_ago,
            **fields,
        }
        made = [
            Invitation(email=address, email_key=address, token_seed=seed, token_hash=token_hash, **values)
            for number, (seed, token_hash) in enumerate(zip(seeds, hashes_for(seeds), strict=True))
            for address in [f"{name}{number}@people.example.com"]
        ]
        return Invitation.objects.bulk_create(made)

    return make_many


def start(by: Membership, kind: BulkAction.Kind, invitations: Iterable[Invitation]) -> BulkAction:
    """Chunks of four."""
    return start_for(by, BulkChange(kind), invitations=invitations)


def times_resent() -> list[int]:
    return sorted(Invitation.objects.values_list("times_resent", flat=True))


def page_of(client: Client, path: str = USERS) -> str:
    return text_of(client.get(path).content.decode())


# --- Who does the work ------------------------------------------------------------------------------


@pytest.mark.servers
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["in the dialog", "without JavaScript"])
@pytest.mark.parametrize("kind", KINDS)
def test_workers_handle_more_than_a_few_thousand(
    ines: Client, make_many: MakeMany, kind: str, headers: dict[str, str]
) -> None:
    make_many(MANY, last_name="Match")
    make_many(3, name="other", last_name="Other")

    answer = submit(ines, {"action": kind, "all": "1"}, f"{SELECTED}?q=match", headers)

    assert answer.status_code == (204 if headers else 302)
    assert not Invitation.objects.exclude(state="pending", times_resent=0).exists()
    action = BulkAction.objects.get()
    assert (action.kind, action.total, action.is_running) == (kind, MANY, True)

    finish(action)

    assert (action.state, action.done, action.counts) == (State.DONE, MANY, {Outcome.CHANGED: MANY})
    changed = (
        Invitation.objects.filter(state="revoked") if kind == "revoke" else Invitation.objects.exclude(mail_due_at=None)
    )
    assert changed.filter(last_name="Match").count() == changed.count() == MANY
    assert not BulkActionChunk.objects.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_action_changes_nothing(ines: Client, make_many: MakeMany, kind: str) -> None:
    make_many(MANY)

    ines.post(SELECTED, {"action": f"{kind}!", "all": "1", "step": "start"}, headers=HTMX)

    assert not BulkAction.objects.exists()
    assert not Invitation.objects.exclude(state="pending", times_resent=0).exists()


def test_a_few_are_handled_in_the_request(ines: Client, make_many: MakeMany) -> None:
    make_many(9)

    submit(ines, {"action": "resend", "all": "1"})

    assert BulkAction.objects.get().state == State.DONE
    assert times_resent() == [1] * 9
    assert "9 invitations will be resent." in page_of(ines)


@pytest.mark.servers
def test_workers_resend_to_everyone_in_a_large_import(
    ines: Client, make_many: MakeMany, start_batch_of: Callable[[list[Invitation]], str]
) -> None:
    path = start_batch_of(make_many(MANY))
    make_many(3, name="other")

    page = ines.get(path).content.decode()
    assert f"Resend {MANY:,} invitations?" in text_of(page)
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    assert seen
    assert ines.post(path, {"step": "start", "seen": unescape(seen[1])}, headers=HTMX).status_code == 204

    action = BulkAction.objects.get()
    assert (action.kind, action.total) == (Kind.RESEND, MANY)
    assert f"Resending {MANY:,} invitations." in page_of(ines)


@pytest.fixture
def start_batch_of(acme: Organization, admin: User) -> Callable[[list[Invitation]], str]:
    """Turn the invitations into those of an import that has ended. Returns the URL to resend them."""

    def start_batch_of(invitations: list[Invitation]) -> str:
        batch = acme.batches.create(inviter=admin, grant=invitations[0].grant, state="done", file_name="team.csv")
        Invitation.objects.filter(grant=invitations[0].grant).update(batch=batch)
        return f"/o/acme/batches/{batch.pk}/resend/"

    return start_batch_of


@pytest.mark.servers
def test_every_request_is_fast_for_any_number_of_invitations(ines: Client, make_many: MakeMany) -> None:
    """tests/faults does the same with 200,000."""
    make_many(5_000)
    seconds = []
    for kind in KINDS:
        began = time.monotonic()
        # Both the review and the start.
        submit(ines, {"action": kind, "all": "1"})
        seconds.append(time.monotonic() - began)

    assert max(seconds) < 2, "Half a second each, with a margin of two."
    assert list(BulkAction.objects.values_list("total", flat=True)) == [5_001] * 2, "With the admin."
    assert not Invitation.objects.exclude(state="pending", times_resent=0).exists()


# --- Who is affected --------------------------------------------------------------------------------


@pytest.mark.servers
def test_only_affects_invitations_that_existed_at_the_start(ines: Client, make_many: MakeMany, invite: Invite) -> None:
    make_many(MANY, last_name="Match")
    later = make_many(1, name="renamed", last_name="Other")[0]
    submit(ines, {"action": "revoke", "all": "1"}, f"{SELECTED}?q=match")
    Invitation.objects.filter(pk=later.pk).update(last_name="Match", person_key="match")
    invited = invite("new@people.example.com", last_name="Match")

    finish(BulkAction.objects.get())

    assert set(Invitation.objects.filter(state="pending")) == {later, invited}


def test_a_filter_by_a_deleted_role_selects_nobody(ines: Client, acme: Organization, make_many: MakeMany) -> None:
    role = Role.objects.create(organization=acme, name="Night shift", permissions=[])
    make_many(3)
    role_id = role.pk
    role.delete()

    submit(ines, {"action": "revoke", "all": "1"}, f"{SELECTED}?role={role_id}")

    assert Invitation.objects.filter(state="pending").count() == 3
    assert "The users you selected are no longer listed, so nothing was changed." in page_of(ines)


def test_never_changes_another_organization(
    admin_membership: Membership, outsider: User, make_many: MakeMany, globex: Organization
) -> None:
    ours, foreign = make_many(3), make_many(3, name="foreign", organization=globex)

    for kind in KINDS:
        finish(start(admin_membership, Kind(kind), [*ours, *foreign]))

    assert not Invitation.objects.filter(organization=globex).exclude(state="pending", times_resent=0).exists()
    assert Invitation.objects.filter(state="revoked").count() == 3


def test_skips_and_counts_what_was_accepted_or_resent_in_the_meantime(
    admin_membership: Membership, make_many: MakeMany
) -> None:
    invitations = make_many(8)
    action = start(admin_membership, Kind.RESEND, invitations)
    Invitation.objects.filter(pk=invitations[0].pk).update(state="accepted")
    Invitation.objects.filter(pk__in=[invitations[1].pk, invitations[7].pk]).update(mail_state="queued")

    finish(action)

    assert (action.done, action.counts) == (8, {"changed": 5, "sending": 2, "gone": 1})
    view = view_of(action)
    assert (view.kind, view.title) == ("ok", "5 invitations will be resent.")
    assert view.text == ("2 were skipped because their emails are already being sent. 1 was no longer in the list.")


def test_skips_what_grants_more_than_the_starter_can_grant(
    limited: Membership, make_many: MakeMany, sites: list[Site]
) -> None:
    within, beyond = make_many(5), make_many(5, name="beyond")
    beyond[0].grant.sites.set(sites)

    action = finish(start(limited, Kind.RESEND, [*within, *beyond]))

    assert action.counts == {"changed": 5, "beyond": 5}
    assert set(Invitation.objects.filter(times_resent=1)) == set(within)


# --- Exactly once -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_dies_leaves_its_chunk_unchanged(
    admin_membership: Membership, make_many: MakeMany, kind: str
) -> None:
    class Killed(BaseException):
        """Like `kill -9`, it runs none of our handlers."""

    action = start(admin_membership, Kind(kind), make_many(10))
    assert handle_next_chunk(action.pk)
    before = list(Invitation.objects.order_by("pk").values_list("token_hash", "state"))

    with mock.patch.object(BulkAction, "save", side_effect=Killed), pytest.raises(Killed):
        handle_next_chunk(action.pk)

    assert list(Invitation.objects.order_by("pk").values_list("token_hash", "state")) == before
    assert handle_next_chunk(action.pk) is None, "The claim of the dead worker hasn't expired."
    BulkAction.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    finish(action)
    assert (action.state, action.done, action.changed) == (State.DONE, 10, 10)
    if kind == "resend":
        assert times_resent() == [1] * 10
    else:
        assert Invitation.objects.filter(state="revoked").count() == 10


@pytest.mark.django_db(transaction=True)
def test_a_task_delivered_twice_resends_nothing_twice(
    admin_membership: Membership, make_many: MakeMany, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both also believe that they claimed the action, as after a claim that expired.
    monkeypatch.setattr(bulk_actions, "CLAIM_TIMEOUT", timedelta(seconds=-1))
    action = start(admin_membership, Kind.RESEND, make_many(40))

    def worker() -> None:
        while (handled := handle_next_chunk(action.pk)) and handled.wait is not None:
            pass

    results = at_once(worker, worker, worker)

    assert unexpected(results) == []
    action.refresh_from_db()
    assert (action.state, action.done, action.counts) == (State.DONE, 40, {Outcome.CHANGED: 40})
    assert times_resent() == [1] * 40


def test_a_second_worker_does_nothing_while_it_is_claimed(admin_membership: Membership, make_many: MakeMany) -> None:
    action = start(admin_membership, Kind.REVOKE, make_many(9))
    BulkAction.objects.update(claimed_until=timezone.now() + timedelta(seconds=9))

    assert handle_next_chunk(action.pk) is None

    assert not Invitation.objects.filter(state="revoked").exists()


def test_nothing_happens_after_it_has_ended(admin_membership: Membership, make_many: MakeMany) -> None:
    action = finish(start(admin_membership, Kind.RESEND, make_many(5)))

    assert handle_next_chunk(action.pk) is None
    assert times_resent() == [1] * 5


def test_sends_email_after_each_chunk(
    admin_membership: Membership, make_many: MakeMany, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))
    enqueued: list[str] = []
    monkeypatch.setattr(
        tasks, "enqueue_on_commit", lambda task, *_, **__: enqueued.append(task.name.rpartition(".")[2])
    )

    for _ in range(4):
        tasks.process_bulk_action(action.pk)

    assert enqueued == ["send_due_invitations", "process_bulk_action"] * 2 + ["send_due_invitations"]
    assert Invitation.objects.exclude(mail_due_at=None).count() == 9


@pytest.mark.django_db(transaction=True)
def test_a_locked_invitation_is_revoked_a_moment_later(admin_membership: Membership, make_many: MakeMany) -> None:
    """If rows are locked one by one, waiting while holding locks could cause a deadlock."""
    invitations = make_many(4)
    action = start(admin_membership, Kind.REVOKE, invitations)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Invitation.objects.select_for_update().get(pk=invitations[2].pk)
            held.set()
            done.wait(1)

    def work() -> Any:
        assert held.wait(10)
        handled = handle_next_chunk(action.pk)
        done.set()
        return handled

    _, handled = at_once(hold, work)

    if connection.features.has_select_for_update_skip_locked:
        assert handled.wait == bulk_actions.BUSY_FOR
        assert list(Invitation.objects.filter(state="pending")) == [invitations[2]]
    finish(action)
    assert (action.state, action.done, action.changed) == (State.DONE, 4, 4)
    assert Invitation.objects.filter(state="revoked").count() == 4


# --- Stopping and errors ----------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["removed", "demoted", "deactivated", "deleted"])
def test_stops_when_its_starter_loses_the_permission(
    admin_membership: Membership, make_many: MakeMany, loss: str
) -> None:
    action = start(admin_membership, Kind.REVOKE, make_many(9))
    assert handle_next_chunk(action.pk)
    match loss:
        case "removed":
            admin_membership.delete()
        case "demoted":
            admin_membership.roles.set(Role.objects.filter(name="ReadOnly"))
        case "deactivated":
            User.objects.filter(pk=admin_membership.user_id).update(is_active=False)
        case "deleted":
            User.objects.get(pk=admin_membership.user_id).delete()

    finish(action)

    assert (action.state, action.stop_reason) == (State.STOPPED, FailureReason.INVITER_LEFT)
    assert Invitation.objects.filter(state="revoked").count() == action.changed == 4
    assert not action.chunks.exists()
    view = view_of(action)
    assert (view.kind, view.title) == ("warn", "Stopped. 4 invitations were revoked.")
    assert view.text == "The person who started this can no longer invite users. 5 users weren’t changed."


def test_members_without_permission_cannot_start_it(member: User, make_many: MakeMany) -> None:
    with domain_error("not_allowed"):
        start(member.memberships.get(), Kind.REVOKE, make_many(3))

    assert not BulkAction.objects.exists()


def test_an_admin_stops_it_and_the_rest_is_not_changed(
    ines: Client, admin_membership: Membership, make_many: MakeMany
) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))
    handle_next_chunk(action.pk)

    answer = ines.post(f"{SELECTED}{action.pk}/stop/", headers=HTMX)

    assert "Stopped. 4 invitations will be resent" in text_of(answer.content.decode())
    assert handle_next_chunk(action.pk) is None
    assert times_resent() == [0] * 5 + [1] * 4
    assert not action.chunks.exists()
    assert "5 users weren’t changed." in page_of(ines)
    assert not stop_bulk_action(action)
    entry = ActivityEntry.objects.get(action="stopped_many")
    assert (entry.actor_email, entry.details["values"]) == ("admin@example.com", {"bulk_action": action.pk})


def test_stopping_requires_a_post(ines: Client, admin_membership: Membership, make_many: MakeMany) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))

    assert ines.get(f"{SELECTED}{action.pk}/stop/").status_code == 405
    action.refresh_from_db()
    assert action.is_running


@pytest.mark.servers
def test_recovery_finds_stalled_actions(admin_membership: Membership, make_many: MakeMany) -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    lost, dead, held, ended = (start(admin_membership, Kind.REVOKE, make_many(1, name=f"{n}-")) for n in range(4))
    start(admin_membership, Kind.REVOKE, make_many(1, name="fresh"))
    finish(ended)
    BulkAction.objects.filter(pk__in=[lost.pk, dead.pk, held.pk, ended.pk]).update(progressed_at=long_ago)
    BulkAction.objects.filter(pk=dead.pk).update(claimed_until=long_ago)
    BulkAction.objects.filter(pk=held.pk).update(claimed_until=timezone.now() + timedelta(seconds=9))

    assert sorted(bulk_actions.find_stalled()) == [lost.pk, dead.pk]
    assert bulk_actions.find_stalled() == [], "They were just enqueued."


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Make each attempt to resend fail with the error."""

    def broken(error: Exception) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(bulk_invitations, "renew_links", fail)

    return broken


def test_the_same_bug_twice_stops_it_with_a_reference(
    admin_membership: Membership, make_many: MakeMany, broken: Callable[[Exception], None]
) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))
    broken(ValueError("a bug of ours"))

    assert handle_next_chunk(action.pk) is None
    action.refresh_from_db()
    assert action.is_running
    assert handle_next_chunk(action.pk) is None

    action.refresh_from_db()
    assert (action.state, action.stop_reason) == (State.STOPPED, FailureReason.UNEXPECTED)
    assert f"Something went wrong on our side. {ask_support(action.error_reference)}" in view_of(action).text


def test_a_database_outage_does_not_stop_it(
    admin_membership: Membership,
    make_many: MakeMany,
    broken: Callable[[Exception], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))
    with monkeypatch.context() as patched:
        patched.setattr(bulk_invitations, "renew_links", mock.Mock(side_effect=OperationalError("away")))
        for _ in range(3):
            assert handle_next_chunk(action.pk) is None

    assert finish(action).state == State.DONE
    assert times_resent() == [1] * 9


def test_stops_after_too_many_crashes(admin_membership: Membership, make_many: MakeMany) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))
    BulkAction.objects.update(attempts=bulk_actions.MAX_ATTEMPTS)

    assert handle_next_chunk(action.pk) is None

    action.refresh_from_db()
    assert (action.state, action.stop_reason) == (State.STOPPED, FailureReason.WORKERS_DIED)


# --- Pages and streams ------------------------------------------------------------------------------


def test_the_banner_and_the_sidebar_show_its_progress(
    ines: Client, admin_membership: Membership, make_many: MakeMany
) -> None:
    action = start(admin_membership, Kind.REVOKE, make_many(9))
    handle_next_chunk(action.pk)
    BulkAction.objects.update(created_at=timezone.now() - timedelta(seconds=12))

    for path in (USERS, "/o/acme/roles/"):
        page = page_of(ines, path)
        assert "Revoking 9 invitations. 4 done. About 20 seconds left. Show progress" in page
        assert "4 of 9" in page
    html = ines.get(USERS).content.decode()
    assert html.count('value="0.4444"') == 3, "In a banner, and twice in the sidebar."
    assert f'data-live="{SELECTED}{action.pk}/banner/events/"' in html


def test_the_result_stays_on_every_page_until_it_is_closed(
    ines: Client, admin_membership: Membership, make_many: MakeMany
) -> None:
    action = finish(start(admin_membership, Kind.RESEND, make_many(9)))
    for path in (USERS, "/o/acme/roles/"):
        assert "9 invitations will be resent." in page_of(ines, path)
        assert "rc-banner-ok" in ines.get(path).content.decode()

    closing = f"{SELECTED}{action.pk}/close-banner/?read=done"
    assert closing in ines.get(USERS).content.decode()
    assert ines.post(closing, headers=HTMX).status_code == 204

    assert "will be resent" not in page_of(ines)


def test_closing_the_progress_does_not_close_the_result(
    ines: Client, admin_membership: Membership, make_many: MakeMany
) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))
    closing = f"{SELECTED}{action.pk}/close-banner/?read=running"
    ines.post(closing, headers=HTMX)
    page = ines.get(USERS)
    assert "banner/events" not in page.content.decode()
    assert "Resending 9 invitations" in text_of(page.content.decode()), "It stays in the sidebar."

    finish(action)

    assert "9 invitations will be resent." in page_of(ines)
    ines.post(closing, headers=HTMX)
    assert "9 invitations will be resent." in page_of(ines), "That page only showed the progress."


@pytest.mark.servers
def test_nobody_else_sees_or_closes_the_banner(
    ines: Client, colleague: Membership, client_of: ClientOf, admin_membership: Membership, make_many: MakeMany
) -> None:
    action = finish(start(admin_membership, Kind.RESEND, make_many(9)))
    client = client_of(colleague.user)

    assert "will be resent" not in page_of(client)
    assert client.post(f"{SELECTED}{action.pk}/close-banner/?read=done").status_code == 404
    assert "9 invitations will be resent." in page_of(ines)


def test_the_banner_warns_if_none_could_be_resent(admin_membership: Membership, make_many: MakeMany) -> None:
    view = view_of(finish(start(admin_membership, Kind.RESEND, make_many(1, mail_state="queued"))))

    assert (view.kind, view.title) == ("warn", "No invitations will be resent.")
    assert view.text == ("1 was skipped because the email is already being sent.")


def test_the_dialog_as_a_page_refreshes_while_it_runs(
    ines: Client, admin_membership: Membership, make_many: MakeMany
) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))
    path = f"{SELECTED}{action.pk}/"
    refresh = '<noscript><meta http-equiv="refresh" content="3"></noscript>'

    page = ines.get(path).content.decode()
    assert refresh in page
    assert text_of(page).count("0 done") == 1, "No banner repeats it."
    assert f'data-live="{path}events/?on=page"' in page
    dialog, part = (ines.get(path, query, headers=HTMX).content.decode() for query in ({}, {"on": "page"}))
    assert ["<html" in dialog, "<h2" in dialog, 'aria-label="Close"' in dialog] == [False, True, True]
    assert ["<html" in part, "<h1" in part, 'aria-label="Close"' in part] == [False, True, False]
    assert ines.post(f"{path}stop/").headers["Location"] == path

    assert refresh not in ines.get(path).content.decode()
    assert "Stopped. No invitations will be resent" in page_of(ines, path)


def with_progress(
    client: Client, path: str, *between: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, str]]:
    """The events of a stream. Work is done after each poll."""
    steps = iter(between)

    class Clock:
        @staticmethod
        async def sleep(_: float) -> None:
            await sync_to_async(next(steps))()

    monkeypatch.setattr(streams, "asyncio", Clock)
    return events_of(client.get(path))


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
@pytest.mark.parametrize("place", ["", "banner/"])
def test_its_stream_sends_progress_and_triggers_the_result(
    ines: Client, admin_membership: Membership, make_many: MakeMany, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))

    events = with_progress(
        ines,
        f"{SELECTED}{action.pk}/{place}events/",
        lambda: handle_next_chunk(action.pk),
        lambda: finish(action),
        monkeypatch=monkeypatch,
    )

    fragments = [data for name, data in events if name == "fragment"]
    assert ["0 done" in fragments[0], "4 done" in fragments[1], "<progress" in fragments[2]] == [True, True, False]
    assert 'data-live="' not in fragments[2]
    assert "Resending" in next(data for name, data in events if name == "beside")
    assert [data for name, data in events if name == "trigger"] == ["shell:changed", "people:changed", "batch:ended"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
def test_the_stream_of_the_sidebar_continues_while_it_runs(
    ines: Client, admin_membership: Membership, make_many: MakeMany, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))

    events = with_progress(ines, "/o/acme/indicator/events/", lambda: finish(action), monkeypatch=monkeypatch)

    fragments = [data for name, data in events if name == "fragment"]
    assert ["Resending" in each for each in fragments] == [True, False]
    assert ("trigger", "shell:changed") in events


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
def test_its_stream_ends_when_the_viewer_loses_the_permission(
    ines: Client, admin_membership: Membership, make_many: MakeMany
) -> None:
    action = start(admin_membership, Kind.RESEND, make_many(9))
    response = ines.get(f"{SELECTED}{action.pk}/events/")
    admin_membership.roles.set(Role.objects.filter(name="ReadOnly"))

    assert [name for name, _ in events_of(response)] == ["end"]
