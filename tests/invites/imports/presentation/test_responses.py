"""The responses to an import by day: their numbers, their plot and their table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from invites.imports.presentation.plot import plot_of
from invites.imports.presentation.responses import response_lines
from invites.imports.selectors.responses import KINDS, DayTotals, responses_of, with_quiet_days
from invites.imports.selectors.rows import rows_of
from invites.imports.selectors.summary import summary_of
from invites.models import Batch, Invitation, Row
from tests.files import many
from tests.pages import text, url_of, words_of

Run = Callable[..., Batch]

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)


def accept(batch: Batch, count: int, when: datetime) -> None:
    """Accept this many of the pending invitations at that time."""
    waiting = batch.invitations.filter(state=Invitation.State.PENDING).order_by("pk")[:count]
    batch.invitations.filter(pk__in=[each.pk for each in waiting]).update(
        state=Invitation.State.ACCEPTED, closed_at=when
    )


def close(batch: Batch, **fields: object) -> None:
    """Change the first invitation that is pending and was delivered."""
    pending = batch.invitations.filter(state=Invitation.State.PENDING).exclude(mail_state=Invitation.Mail.BOUNCED)
    found = pending.filter(expires_at__gt=MONDAY + timedelta(days=13)).order_by("pk")[0]
    batch.invitations.filter(pk=found.pk).update(**fields)


def of_every_kind(imported: Run) -> Batch:
    """Eight people: two accepted, one pending, and one of each other kind, on different days; one email was refused."""
    with time_machine.travel(MONDAY, tick=False):
        batch = imported(many(8))
    accept(batch, 1, MONDAY)
    accept(batch, 1, MONDAY + timedelta(days=2))
    close(batch, state=Invitation.State.DECLINED, closed_at=MONDAY + timedelta(days=2))
    close(batch, state=Invitation.State.REVOKED, closed_at=MONDAY + timedelta(days=5))
    close(batch, mail_state=Invitation.Mail.BOUNCED, bounced_at=MONDAY + timedelta(minutes=5))
    close(batch, expires_at=MONDAY + timedelta(days=7))
    refused = batch.invitations.filter(state=Invitation.State.PENDING, mail_state="sent").order_by("-pk")[0]
    values = {"state": Invitation.State.REVOKED, "mail_state": Invitation.Mail.FAILED, "closed_at": MONDAY}
    batch.invitations.filter(pk=refused.pk).update(**values)
    batch.rows.filter(invitation=refused).update(outcome=Row.Outcome.FAILED, reason=Row.Reason.MAIL_REFUSED)
    Batch.objects.filter(pk=batch.pk).update(outcome_counts=None)
    batch.refresh_from_db()
    return batch


def test_totals_grow_from_the_day_of_the_invitation_to_today(imported: Run) -> None:
    batch = of_every_kind(imported)

    with time_machine.travel(MONDAY + timedelta(days=9), tick=False):
        responses = responses_of(batch, summary_of(batch))

    # Accepted, expired, declined, bounced, revoked.
    assert [(day.day.day, *(getattr(day, kind) for kind in KINDS)) for day in responses.days] == [
        (16, 1, 0, 0, 1, 0),
        (18, 2, 0, 1, 1, 0),
        (21, 2, 0, 1, 1, 1),
        (23, 2, 1, 1, 1, 1),
        (25, 2, 1, 1, 1, 1),
    ]
    assert (responses.summary.accepted, responses.summary.waiting_answer, responses.share) == (2, 1, 29)


def test_the_numbers_add_up_and_lead_to_the_people(ines: Client, imported: Run) -> None:
    batch = of_every_kind(imported)

    with time_machine.travel(MONDAY + timedelta(days=9), tick=False):
        summary = summary_of(batch)
        responses = responses_of(batch, summary)
        lines = response_lines(responses)
        page = text(ines.get(url_of(batch)))
        listed = {line.outcome: rows_of(batch, line.outcome).count() for line in lines}
        rows = words_of(ines.get(url_of(batch) + "?outcome=declined"))

    assert sum(line.count for line in lines) == summary.invited == 7
    assert listed == {line.outcome: line.count for line in lines}
    assert responses.days[-1].ended + summary.accepted + summary.waiting_answer == summary.invited
    for line in lines:
        assert f'aria-label="{line.label}: {line.count}"' in page
        assert f'href="?outcome={line.outcome}#rows"' in page
    assert "Rows · declined" in rows


def test_the_table_has_each_day_on_which_something_changed(ines: Client, imported: Run) -> None:
    batch = of_every_kind(imported)

    with time_machine.travel(MONDAY + timedelta(days=9), tick=False):
        page = words_of(ines.get(url_of(batch)))

    assert "Day Accepted Pending Expired Declined Bounced Revoked Nov 25 2 1 1 1 1 1 Nov 23 2 1 1 1 1 1" in page
    assert "Nov 21 2 2 0 1 1 1 Nov 18 2 3 0 1 1 0 Nov 16 1 5 0 0 1 0" in page


def test_a_kind_that_nobody_has_is_not_shown(ines: Client, imported: Run) -> None:
    batch = imported(many(2))

    page = words_of(ines.get(url_of(batch)))

    assert "Day Accepted Pending" in page
    assert "Expired, declined, bounced or revoked" not in page


def test_an_undone_import_counts_its_invitations_as_revoked(imported: Run, ines: Client) -> None:
    batch = imported(many(3))
    accept(batch, 1, timezone.now())
    Batch.objects.filter(pk=batch.pk).update(is_being_undone=True, undone_at=timezone.now())
    batch.refresh_from_db()

    summary = summary_of(batch)
    responses = responses_of(batch, summary)

    assert (summary.accepted, summary.waiting_answer, summary.revoked) == (1, 0, 2)
    assert (responses.days[-1].accepted, responses.days[-1].revoked) == (1, 2)


def test_days_are_those_of_the_operators_time_zone(imported: Run) -> None:
    # Half past eight on Tuesday in Tokyo, when it is still Monday by UTC.
    early = MONDAY.replace(hour=23, minute=30)
    with timezone.override("Asia/Tokyo"), time_machine.travel(early, tick=False):
        batch = imported(many(2))
        accept(batch, 1, early)
        responses = responses_of(batch, summary_of(batch))

    assert [(day.day, day.accepted) for day in responses.days] == [(date(2026, 11, 17), 1)]


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "UTC"])
def test_each_day_begins_at_midnight_even_when_the_clocks_change(imported: Run, zone: str) -> None:
    with timezone.override(zone):
        there = timezone.get_current_timezone()
        midnights = [datetime(2026, 11, day, tzinfo=there) for day in range(1, 6)]
        with time_machine.travel(midnights[0], tick=False):
            batch = imported(many(8))
        for midnight in midnights[1:]:
            accept(batch, 1, midnight.astimezone(UTC) - timedelta(seconds=1))
            accept(batch, 1, midnight.astimezone(UTC))
        with time_machine.travel(midnights[-1], tick=False):
            responses = responses_of(batch, summary_of(batch))

    assert [(day.day.day, day.accepted) for day in responses.days] == [(1, 1), (2, 3), (3, 5), (4, 7), (5, 8)]


def test_the_line_is_level_until_something_changes() -> None:
    first, last = DayTotals(date(2026, 11, 1)), DayTotals(date(2026, 11, 9), accepted=4)

    assert with_quiet_days([first, last]) == [(first.day, first), (date(2026, 11, 8), first), (last.day, last)]


def test_a_year_later_the_plot_ends_with_the_last_response(imported: Run) -> None:
    batch = of_every_kind(imported)

    with time_machine.travel(MONDAY + timedelta(days=400), tick=False):
        plot = plot_of(responses_of(batch, summary_of(batch)))

    assert [tick.label for tick in plot.x_ticks] == ["Nov 16", "Nov 30"]
    assert plot.last_x == plot.right


def test_after_two_months_responses_are_counted_by_week_and_then_by_month(imported: Run) -> None:
    with time_machine.travel(MONDAY, tick=False):
        batch = imported(many(4))
    accept(batch, 1, MONDAY + timedelta(days=62))
    accept(batch, 1, MONDAY + timedelta(days=64))
    accept(batch, 1, MONDAY + timedelta(days=900))

    with time_machine.travel(MONDAY + timedelta(days=1_000), tick=False):
        days = responses_of(batch, summary_of(batch)).days

    # On the second of these days, the link of the others expired.
    assert [day.accepted for day in days] == [0, 0, 2, 3, 3]
    assert (days[2].day - MONDAY.date()).days == 67
    assert 900 <= (days[3].day - MONDAY.date()).days < 930


def test_takes_as_many_queries_for_any_number_of_people(imported: Run) -> None:
    batch = of_every_kind(imported)
    with time_machine.travel(MONDAY + timedelta(days=9), tick=False):
        summary = summary_of(batch)
        with CaptureQueriesContext(connection) as queries:
            responses_of(batch, summary)

    assert len(queries) == 4


def test_the_plot_has_a_text_alternative(ines: Client, imported: Run) -> None:
    batch = imported(many(4))
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
