"""Server-sent events end when their viewer may no longer see them, and many streams only slow down each other."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Organization, Role, User
from accounts.organizations.access import MemberRequest
from invites.imports import undo
from invites.imports.selectors.progress import progress_now
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_batch
from invites.live import streams
from invites.models import Batch, Invitation, Row
from invites.shell.events import ProgressPoller
from tests.files import csv_of, many
from tests.invites.imports.chunk_work import process_one_chunk
from tests.invites.imports.presentation.test_banners import events_of
from tests.marked import MARKED, marked_language
from tests.pages import url_of

Run = Callable[..., Batch]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]


@pytest.mark.parametrize(
    "lost", ["membership", "deactivated", "right", "account", "session", "expired session", "password"]
)
def test_a_stream_ends_when_its_viewer_may_no_longer_see_it(
    ines: Client, start: Run, admin: User, admin_membership: Membership, lost: str
) -> None:
    response = ines.get(url_of(start(many(10)), "shell:batch_dialog_events"))

    if lost == "membership":
        admin_membership.delete()
    elif lost == "deactivated":
        Membership.objects.filter(pk=admin_membership.pk).update(deactivated_at=timezone.now())
    elif lost == "right":
        admin_membership.roles.set(Role.objects.filter(name="ReadOnly"))
    elif lost == "account":
        User.objects.filter(pk=admin.pk).update(is_active=False)
    elif lost == "session":
        ines.logout()
    elif lost == "expired session":
        Session.objects.update(expire_date=timezone.now())
    else:
        admin.set_password("another passphrase")
        admin.save()

    assert events_of(response) == [("end", '{"ask": true}')]


@pytest.mark.parametrize("name", ["shell:batch_dialog_events", "shell:batch_progress_events", "shell:indicator_events"])
def test_the_number_of_streams_per_user_is_limited(
    ines: Client, start: Run, admin: User, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start(many(10))
    url = reverse(name, args=["acme"]) if name == "shell:indicator_events" else url_of(batch, name)
    monkeypatch.setattr(streams, "_open", Counter({admin.pk + 1: 1000}))
    opened = [ines.get(url) for _ in range(streams.MAX_STREAMS_PER_USER + 1)]
    assert [response.status_code for response in opened] == [*[200] * streams.MAX_STREAMS_PER_USER, 429]

    opened[0].close()
    opened[0].close()

    opened += [ines.get(url), ines.get(url)]
    assert [response.status_code for response in opened[-2:]] == [200, 429], (
        "A stream that is closed twice counts once."
    )
    for response in opened:
        response.close()
    assert streams._open == {admin.pk + 1: 1000}


def test_a_stream_is_in_the_language_of_its_viewer(ines: Client, run: Run, admin: User) -> None:
    batch = run(many(10))
    User.objects.filter(pk=admin.pk).update(language=MARKED)

    with marked_language():
        response = ines.get(url_of(batch, "shell:batch_dialog_events"))
        with translation.override("en"):
            fragment = dict(events_of(response))["fragment"]

    assert "[10 users were invited to Acme]" in fragment
    assert "[View import]" in fragment


def test_a_stream_is_in_the_time_zone_of_its_organization(
    ines: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = run(many(10))
    Organization.objects.filter(pk=batch.organization_id).update(time_zone="Asia/Kathmandu")
    zones: list[str] = []
    poll = ProgressPoller.poll

    def poll_and_note(poller: ProgressPoller) -> Any:
        zones.append(timezone.get_current_timezone_name())
        return poll(poller)

    monkeypatch.setattr(ProgressPoller, "poll", poll_and_note)

    response = ines.get(url_of(batch, "shell:batch_dialog_events"))
    timezone.deactivate()
    events_of(response)

    assert zones == ["Asia/Kathmandu"]


def test_an_abandoned_stream_makes_place_for_another(
    ines: Client, start: Run, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django doesn't close the response of a client that left before the first byte, and leaves it in a cycle."""
    url = url_of(start(many(10)), "shell:batch_dialog_events")
    monkeypatch.setattr(streams, "_open", Counter())
    monkeypatch.setattr(streams, "MAX_STREAMS_PER_USER", 1)
    gc.disable()
    try:
        response: Any = ines.get(url)
        response.itself = response
        assert ines.get(url).status_code == 429
        del response
        monkeypatch.setattr(streams, "_collected_at", 0.0)

        assert ines.get(url).status_code == 200
    finally:
        gc.enable()
    assert streams._open == {admin.pk: 1}


def test_many_streams_poll_less_often_and_are_released_at_their_end(
    ines: Client, start: Run, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start(many(10))
    sleeps: list[float] = []

    class Clock:
        """asyncio with a recorded `sleep`."""

        @staticmethod
        async def sleep(seconds: float) -> None:
            sleeps.append(seconds)
            if len(sleeps) == 1:
                streams._open[0] = 1_000_000
            else:
                await sync_to_async(stop_batch)(batch)

    monkeypatch.setattr(streams, "asyncio", Clock)
    monkeypatch.setattr(streams, "_open", Counter())

    events: Any = events_of(ines.get(url_of(batch, "shell:batch_dialog_events")))

    assert events[-1] == ("end", "{}")
    # On a busy machine, a poll and the pause after it take longer.
    assert 0.5 < sleeps[0] < 10 < 100 < sleeps[1]
    assert streams._open == {0: 1_000_000}


@pytest.fixture
def asked(ines: Client, admin_membership: Membership) -> MemberRequest:
    """A request for a stream."""
    request = MemberRequest()
    request.membership, request.organization = admin_membership, admin_membership.organization
    request.user, request.session = admin_membership.user, ines.session
    return request


def test_undoing_is_followed_with_two_queries_per_poll(
    start: Run,
    work: Run,
    asked: MemberRequest,
    admin_membership: Membership,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(undo, "SLICE", 2)
    batch = work(start(many(3)))
    undo.undo_import(admin_membership, batch)
    poller = ProgressPoller(asked, pk=batch.pk, place="page")
    first = poller.poll()
    assert first is not None
    assert "Revoking 3 invitations" in first.fragments["fragment"]

    undo.revoke_slice(batch.pk)
    with django_assert_num_queries(2):
        assert poller.poll() == first
    assert first.goes_on

    undo.revoke_slice(batch.pk)
    last = poller.poll()
    assert last is not None
    assert not last.goes_on
    assert "Undone. 3 invitations were revoked" in last.fragments["fragment"]


def test_a_poll_takes_two_queries_for_any_number_of_imports(
    start: Run, asked: MemberRequest, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch, other, third = (
        start(many(450)),
        start(many(5, domain="a.example.com")),
        start(many(5, domain="b.example.com")),
    )
    Batch.objects.filter(pk=third.pk).update(state=Batch.State.CHECKING)
    dialog, page, indicator = (
        ProgressPoller(asked, pk=batch.pk, place="dialog"),
        ProgressPoller(asked, pk=other.pk, place="page"),
        ProgressPoller(asked),
    )
    for poller in (dialog, page, indicator):
        poller.poll()
    process_one_chunk(batch)

    for poller in (dialog, page, indicator):
        with django_assert_num_queries(2):
            seen = poller.poll()
        assert seen is not None
        assert seen.goes_on
    seen = dialog.poll()
    assert seen is not None
    assert "200 of 450 people" in seen.fragments["fragment"]
    assert "200 of 450 people" not in seen.fragments["beside"], "the newest is indicated"
    assert "2 more" in seen.fragments["beside"]


def test_the_numbers_of_a_poll_add_up(start: Run, run: Run, member: User) -> None:
    run(many(3))
    batch = start(
        csv_of("bad@@example.com", member.email, *(f"person{n}@people.example.com" for n in range(300))),
        only_valid=True,
    )
    process_one_chunk(batch)
    sent = list(batch.invitations.order_by("pk").values_list("pk", flat=True))
    Invitation.objects.filter(pk__in=sent[:40]).update(mail_state=Invitation.Mail.QUEUED)
    Invitation.objects.filter(pk__in=sent[42:]).update(mail_state=Invitation.Mail.SENT)
    # The mail server refused them, and so far only the first row is marked. The other still counts as invited.
    Invitation.objects.filter(pk__in=sent[40:42]).update(mail_state=Invitation.Mail.FAILED)
    Invitation.objects.filter(pk=sent[40]).update(state=Invitation.State.REVOKED)
    batch.rows.filter(invitation=sent[40]).update(outcome=Row.Outcome.FAILED, reason=Row.Reason.MAIL_REFUSED)

    progress = progress_now(batch)

    assert progress is not None
    assert (progress.skipped, progress.failed, progress.on_the_way) == (4, 1, 40)
    summary = summary_of(batch)
    assert progress.waiting == summary.waiting > 0
    assert progress.done + progress.on_the_way == summary.invited
    assert progress.total == 301 - 4 - 1
