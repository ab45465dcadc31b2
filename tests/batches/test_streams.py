"""Server-sent events are for who may see them now, and a flood of them slows down nothing but themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role, User
from invites.models import Batch
from invites.services.stopping import stop_batch
from invites.views import streams
from tests.batches.conftest import many, of
from tests.batches.test_news import events_of

Run = Callable[..., Batch]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]


@pytest.mark.parametrize("lost", ["membership", "right", "account"])
def test_who_may_not_see_it_any_more_is_told_no_more(
    ines: Client, start: Run, admin: User, admin_membership: Membership, lost: str
) -> None:
    response = ines.get(of(start(many(10)), "batch_dialog_events"))

    if lost == "membership":
        admin_membership.delete()
    elif lost == "right":
        admin_membership.roles.set(Role.objects.filter(name="ReadOnly"))
    else:
        User.objects.filter(pk=admin.pk).update(is_active=False)

    assert events_of(response) == [("end", "{}")]


@pytest.mark.parametrize("name", ["batch_dialog_events", "batch_progress_events", "indicator_events"])
def test_one_user_has_so_many_streams_and_no_more(
    ines: Client, start: Run, admin: User, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start(many(10))
    url = reverse(name, args=["acme"]) if name == "indicator_events" else of(batch, name)
    monkeypatch.setattr(streams, "_open", Counter({admin.pk: streams.MOST_OF_ONE_USER - 1, admin.pk + 1: 1000}))
    assert ines.get(url).status_code == 200

    streams._open[admin.pk] += 1

    assert ines.get(url).status_code == 429


def test_many_streams_look_less_often_and_are_forgotten_at_their_end(
    ines: Client, start: Run, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start(many(10))
    pauses: list[float] = []

    class Clock:
        """asyncio as it is, but for the pauses."""

        @staticmethod
        async def sleep(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 1:
                streams._open[0] = 1_000_000
            else:
                await sync_to_async(stop_batch)(batch)

    monkeypatch.setattr(streams, "asyncio", Clock)
    monkeypatch.setattr(streams, "_open", Counter())

    events: Any = events_of(ines.get(of(batch, "batch_dialog_events")))

    assert events[-1] == ("end", "{}")
    assert streams.POLL_SECONDS <= pauses[0] < 100 < pauses[1]
    assert streams._open == {0: 1_000_000}
