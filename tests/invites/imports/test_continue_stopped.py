"""A stopped import can be continued: the rows that are left are invited later, by whoever may do that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from invites import tasks
from invites.imports import chunks, invite
from invites.imports.correction_jobs import apply_to_all
from invites.imports.corrections import skip_row
from invites.imports.selectors.progress import progress_now
from invites.imports.stop import stop_batch, stop_import
from invites.imports.undo import undo_import
from invites.imports.upload import invite_valid_rows
from invites.invitations.late_rows import can_be_fixed, find_late_row
from invites.models import Batch, BatchChunk, DailyInviteCount, Invitation
from invites.reasons import as_reason, text_of
from tests.files import csv_of, many
from tests.invites.conftest import TEAM
from tests.invites.imports.late_rows import counted, fix
from tests.pages import url_of, words_of
from tests.rules import domain_error

Work = Callable[[Batch], Batch]
Run = Callable[..., Batch]


def figures(batch: Batch) -> tuple[int, int, int, int]:
    """Rows, invited, problems, and those that weren't invited because it was stopped."""
    found = counted(batch)
    return found.rows, found.invited, found.problems, found.stopped


@pytest.fixture
def stopped(start: Run, by: Membership) -> Batch:
    """Nobody is invited yet; two of seven rows are valid."""
    batch = start(csv_of(*TEAM), only_valid=True)
    stop_import(by, batch)
    batch.refresh_from_db()
    assert (batch.state, figures(batch)) == ("stopped", (7, 0, 5, 2))
    return batch


@pytest.fixture
def half(start: Run, work: Work, by: Membership, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """Stopped after the first of two chunks."""
    monkeypatch.setattr(invite, "MIN_CHUNK_ROWS", 2)
    monkeypatch.setattr(invite, "CHUNKS", 2)
    batch = start(many(4))
    claim = chunks.claim_chunk(batch.pk)
    assert claim
    tasks.process_claimed_chunk(claim)
    stop_import(by, batch)
    work(batch)
    assert (batch.state, figures(batch)) == ("stopped", (4, 2, 0, 2))
    return batch


def test_the_others_are_invited_later(half: Batch, by: Membership, work: Work) -> None:
    assert DailyInviteCount.objects.get().invitations == 2
    mail.outbox.clear()
    invite_valid_rows(half, by=by)
    progress = progress_now(half)
    assert progress
    assert (progress.done, progress.total, progress.failed) == (0, 2, 0)
    work(half)

    assert (half.state, figures(half), half.was_stopped) == ("done", (4, 4, 0, 0), False)
    assert len(mail.outbox) == 2
    assert DailyInviteCount.objects.get().invitations == 4


def test_fixed_rows_join_them(stopped: Batch, by: Membership, work: Work) -> None:
    fix(stopped, by, 3, 4)
    assert (stopped.state, figures(stopped)) == ("stopped", (7, 0, 3, 4))
    invite_valid_rows(stopped, by=by)
    work(stopped)

    assert (stopped.state, figures(stopped)) == ("done", (7, 4, 3, 0))


def test_stopping_a_continued_import_keeps_the_fixed_rows(stopped: Batch, by: Membership, work: Work) -> None:
    invite_valid_rows(stopped, by=by)
    work(stopped)
    fix(stopped, by, 3, 4)
    invite_valid_rows(stopped, by=by)
    stop_import(by, stopped)
    assert (stopped.state, figures(stopped)) == ("stopped", (7, 2, 3, 2))

    fix(stopped, by, 5)
    invite_valid_rows(stopped, by=by)
    work(stopped)

    assert (stopped.state, figures(stopped)) == ("done", (7, 5, 2, 0))
    assert Invitation.objects.count() == 5


@pytest.mark.servers
def test_a_job_leaves_it_stopped(stopped: Batch, by: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invites.imports.correction_jobs.ROWS_IN_REQUEST", 0)
    apply_to_all(stopped, "email_two_at", by=by)
    assert stopped.state == "checking"
    tasks.check_batch(stopped.pk)
    stopped.refresh_from_db()
    assert (stopped.state, figures(stopped)) == ("stopped", (7, 0, 3, 4))

    apply_to_all(stopped, "email_two_at", by=by)
    invite_valid_rows(stopped, by=by)
    stop_import(by, stopped)
    assert (stopped.state, figures(stopped)) == ("stopped", (7, 0, 3, 4))


def test_another_admin_continues_what_stopped_because_the_inviter_left(
    start: Run, by: Membership, colleague: Membership, work: Work
) -> None:
    batch = start(csv_of("ann@example.com", "ben@example.com"))
    by.roles.clear()
    work(batch)
    assert batch.state == "stopped"
    assert batch.state_reasons

    invite_valid_rows(batch, by=colleague)
    work(batch)

    assert (batch.state, batch.state_reasons, figures(batch)) == ("done", [], (2, 2, 0, 0))
    assert set(batch.invitations.values_list("inviter", flat=True)) == {colleague.user_id}


def test_not_while_emails_are_being_sent(half: Batch, by: Membership, work: Work) -> None:
    """The chunk of an email that waits may contain a row that was fixed since: it would be sent twice."""
    chunk = half.chunks.order_by("first_number")[0]
    BatchChunk.objects.filter(pk=chunk.pk).update(stage="mail")
    with domain_error("still_sending"):
        invite_valid_rows(half, by=by)
    BatchChunk.objects.filter(pk=chunk.pk).update(stage="release")
    with domain_error("still_revoking"):
        invite_valid_rows(half, by=by)
    BatchChunk.objects.filter(pk=chunk.pk).update(stage="done")
    invite_valid_rows(half, by=by)
    assert half.state == "inviting"


def test_a_canceled_schedule_does_not_come_back(start: Run, by: Membership, work: Work) -> None:
    batch = start(csv_of(*TEAM), only_valid=True, send_at=timezone.now() + timedelta(days=2))
    work(batch)
    assert batch.state == "scheduled"
    stop_import(by, batch)
    work(batch)
    assert (batch.state, figures(batch)) == ("stopped", (7, 0, 5, 2))

    fix(batch, by, 3)
    mail.outbox.clear()
    invite_valid_rows(batch, by=by)
    assert batch.send_at is None
    work(batch)

    assert batch.state == "done"
    assert [message.to for message in mail.outbox] == [["late3@example.com"]]


def test_what_was_stopped_before_anyone_was_invited_stays_stopped(team: Batch, by: Membership) -> None:
    stop_batch(team)
    for act in (lambda: skip_row(team, 3, by=by), lambda: invite_valid_rows(team, by=by)):
        with domain_error("moved_on"):
            act()


def test_an_undone_import_is_not_continued(half: Batch, by: Membership) -> None:
    undo_import(by, half)
    with domain_error("moved_on"):
        invite_valid_rows(half, by=by)


def test_only_who_could_grant_the_access(half: Batch, lesser: Membership) -> None:
    with domain_error("beyond_permissions"):
        invite_valid_rows(half, by=lesser)


def test_the_page_offers_it(ines: Client, stopped: Batch, client_of: Callable[[Any], Client], lesser: Any) -> None:
    page = words_of(ines.get(url_of(stopped)))
    assert "7 rows of this file haven’t been invited yet" in page
    assert "2 of them can be invited with the same access and message." in page
    grid = words_of(ines.get(url_of(stopped, "imports:batch_problems")))
    assert "This import was stopped." in grid
    assert "Download these rows" in grid
    assert "haven’t been invited yet" not in words_of(client_of(lesser.user).get(url_of(stopped)))

    ines.post(url_of(stopped, "imports:batch_invite_valid"))

    assert Batch.objects.get().state == "inviting"


def test_without_problems_the_page_offers_no_rows_to_fix(ines: Client, half: Batch) -> None:
    page = words_of(ines.get(url_of(half)))
    assert "Invite 2 more users" in page
    assert "Fix the rows" not in page


def test_a_fixed_row_of_a_stopped_import_can_be_invited_alone(stopped: Batch, by: Membership) -> None:
    fix(stopped, by, 3)
    row = find_late_row(by, stopped.pk, 3)
    assert row is not None
    assert can_be_fixed(row)
    # The others are invited together.
    assert find_late_row(by, stopped.pk, 2) is None
    assert not can_be_fixed(stopped.rows.get(number=2))


def test_the_page_says_why_it_was_not_continued(ines: Client, half: Batch) -> None:
    Batch.objects.filter(pk=half.pk).update(notice=[as_reason("not_allowed")])
    assert text_of([as_reason("not_allowed")]) in words_of(ines.get(url_of(half)))
