"""Acceptances by day, and their plot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import time_machine
from django.test import Client
from django.utils import timezone

from invites.imports.selectors.summary import responses_of, summary_of
from invites.models import Batch, Invitation
from tests.files import many
from tests.pages import text, url_of

Run = Callable[..., Batch]

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)


def accept(batch: Batch, count: int, when: datetime) -> None:
    """Accept this many of the pending invitations at that time."""
    waiting = batch.invitations.filter(state=Invitation.State.PENDING).order_by("pk")[:count]
    batch.invitations.filter(pk__in=[each.pk for each in waiting]).update(
        state=Invitation.State.ACCEPTED, answered_at=when
    )


def test_acceptances_add_up_from_the_day_of_the_invitation_to_today(run: Run) -> None:
    with time_machine.travel(MONDAY, tick=False):
        batch = run(many(5))
    accept(batch, 1, MONDAY)
    accept(batch, 2, MONDAY + timedelta(days=2))

    with time_machine.travel(MONDAY + timedelta(days=3), tick=False):
        responses = responses_of(batch, summary_of(batch))

    assert [count for _day, count in responses.days] == [1, 1, 3, 3]
    assert responses.days[0][0] == date(2026, 11, 16)
    assert (responses.accepted, responses.waiting, responses.share) == (3, 2, 60)


def test_days_are_those_of_the_operators_time_zone(run: Run) -> None:
    # Half past eight on Tuesday in Tokyo, when it is still Monday by UTC.
    early = MONDAY.replace(hour=23, minute=30)
    with timezone.override("Asia/Tokyo"), time_machine.travel(early, tick=False):
        batch = run(many(2))
        accept(batch, 1, early)
        responses = responses_of(batch, summary_of(batch))

    assert responses.days == [(date(2026, 11, 17), 1)]


def test_the_plot_has_a_text_alternative(ines: Client, run: Run) -> None:
    batch = run(many(4))
    accept(batch, 3, timezone.now())

    page = text(ines.get(url_of(batch)))

    assert "3 of 4 invited people have accepted as of" in page
    assert ">4 invited<" in page
    assert ">3 accepted<" in page


def test_a_batch_that_invited_nobody_has_no_plot(ines: Client, run: Run) -> None:
    run(many(1))
    again = run(many(1))

    page = text(ines.get(url_of(again)))

    assert "rc-plot" not in page
    assert "there are no responses to show" in page
