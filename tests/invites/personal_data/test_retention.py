"""Old imports and old changes to many users lose their names and addresses, and keep their numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, User
from invites import tasks
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.start import start_undo
from invites.imports.corrections import skip_row
from invites.imports.declined import declined_rows, invite_declined
from invites.imports.selectors.summary import summary_of
from invites.imports.upload import invite_valid_rows
from invites.invitations.late_rows import find_late_row
from invites.models import Batch, BulkAction, Invitation, Row
from invites.personal_data import retention
from invites.personal_data.retention import empty_action, empty_batch, find_actions_to_empty, find_batches_to_empty
from tests.files import csv_of, whole_of
from tests.invites.directory.bulk.helpers import finish, start_for
from tests.invites.invitations.helpers import Invite
from tests.pages import text_of
from tests.rules import domain_error

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=91)
PEOPLE = ("ann@", "Ann", "ben@", "Ben", "cat@", "dan ", "eve@", "fay@", "gus@", "Night shift", "Porto", "Hill")


@pytest.fixture
def old(team: Batch, by: Membership, work: Callable[[Batch], Batch]) -> Batch:
    """An import of seven rows, five with problems, that ended long ago."""
    invite_valid_rows(team, by=by)
    tasks.check_batch(team.pk)
    work(team)
    Batch.objects.filter(pk=team.pk).update(ended_at=timezone.now() - LONG_AGO)
    team.refresh_from_db()
    assert team.state == Batch.State.DONE
    return team


def empty(batch: Batch) -> Batch:
    while empty_batch(batch.pk):
        pass
    batch.refresh_from_db()
    return batch


def stored_of(batch: Batch) -> str:
    """Everything that is stored of the rows and of the import."""
    rows = [*batch.rows.values(), Batch.objects.filter(pk=batch.pk).values().get()]
    return json.dumps(rows, cls=DjangoJSONEncoder)


def test_nothing_of_people_is_left_and_all_numbers_stay(old: Batch) -> None:
    before, codes = summary_of(old), list(old.rows.values_list("number", "outcome", "reason", "problem_codes"))
    assert all(name in stored_of(old) for name in PEOPLE)

    empty(old)

    assert not [name for name in PEOPLE if name in stored_of(old)]
    assert not old.parts.exists()
    assert summary_of(old) == before
    assert before.problems == 5
    assert list(old.rows.values_list("number", "outcome", "reason", "problem_codes")) == codes
    assert sorted(Invitation.objects.values_list("email", flat=True)) == ["ann@example.com", "eve@example.com"]


def test_only_old_imports_are_found(old: Batch, run: Callable[..., Batch], settings: Any) -> None:
    new, waiting = run(csv_of("zoe@example.com")), run(csv_of("bad"), name="waiting.csv")
    Batch.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - LONG_AGO)
    assert (new.state, waiting.state) == (Batch.State.DONE, Batch.State.NEEDS_CORRECTION)

    assert find_batches_to_empty() == [old.pk]
    settings.IMPORT_ROWS_DAYS = 92
    assert find_batches_to_empty() == []
    settings.IMPORT_ROWS_DAYS = 0
    assert find_batches_to_empty() == []
    assert not empty_batch(waiting.pk)
    assert waiting.rows.filter(cells__isnull=False).exists()


def test_an_import_that_nobody_fixes_is_stopped_and_emptied(
    start: Callable[..., Batch], by: Membership, ines: Client, settings: Any
) -> None:
    forgotten, worked_on = start(csv_of("ann@@example.com,Ann,Lee,")), start(csv_of("bad"), name="b.csv")
    Batch.objects.update(created_at=timezone.now() - LONG_AGO, progressed_at=timezone.now() - LONG_AGO)
    skip_row(worked_on, 2, by=by)
    assert find_batches_to_empty() == [forgotten.pk]
    settings.IMPORT_ROWS_DAYS = 0
    assert not empty_batch(forgotten.pk)
    settings.IMPORT_ROWS_DAYS = 90

    empty(forgotten)
    empty(worked_on)

    assert forgotten.state == Batch.State.STOPPED
    assert not [name for name in ("ann@", "Ann", "Lee") if name in stored_of(forgotten)]
    assert "Nobody fixed it within 90 days." in text_of(ines.get(f"/o/acme/batches/{forgotten.pk}/").text)
    assert worked_on.state == Batch.State.NEEDS_CORRECTION
    assert find_batches_to_empty() == []


def test_a_worker_can_die_between_chunks(old: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    assert empty_batch(old.pk)

    # From the first chunk on, it is found although it has a date.
    assert find_batches_to_empty() == [old.pk]
    assert old.rows.filter(number__lte=3, cells__isnull=True, email="").count() == 2
    assert old.rows.exclude(email="").exists()
    for _chunk in range(4):
        empty_batch(old.pk)

    assert find_batches_to_empty() == []
    assert not old.rows.exclude(email="", cells__isnull=True).exists()


def test_the_recovery_task_empties_them(old: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, number, **_how: task(number))

    tasks.recover()

    old.refresh_from_db()
    assert old.emptied_at is not None
    assert not [name for name in PEOPLE if name in stored_of(old)]


def test_pages_and_the_report_say_why_there_are_no_names(old: Batch, ines: Client) -> None:
    empty(old)

    page = text_of(ines.get(f"/o/acme/batches/{old.pk}/").text)
    report = whole_of(ines.get(f"/o/acme/batches/{old.pk}/report.csv")).decode()

    assert "The names and addresses of this file were deleted on" in page
    assert "Fix and invite" not in page
    assert "No name" not in page
    assert "The names and addresses of this file were deleted on" in report.splitlines()[0]
    assert len(report.splitlines()) == 9
    assert ines.get("/o/acme/batches/").status_code == 200


def test_its_rows_cannot_be_fixed_anymore(old: Batch, by: Membership) -> None:
    row = old.rows.filter(outcome=Row.Outcome.PROBLEM).first()
    assert row is not None
    assert find_late_row(by, old.pk, row.number)

    empty_batch(old.pk)

    assert find_late_row(by, old.pk, row.number) is None


def test_who_declined_earlier_is_not_invited_from_it(old: Batch, by: Membership) -> None:
    Row.objects.filter(batch=old, outcome=Row.Outcome.INVITED).update(
        outcome=Row.Outcome.SKIPPED, reason=Row.Reason.ALREADY_DECLINED
    )
    assert declined_rows(old).count() == 2

    empty_batch(old.pk)

    old.refresh_from_db()
    assert not declined_rows(old).exists()
    with domain_error("moved_on"):
        invite_declined(by, old)


def test_a_rejected_file_loses_what_was_wrong_with_it(run: Callable[..., Batch], ines: Client) -> None:
    batch = run(b"ann@example.com,Ann,Lee\n" * 3)
    if batch.state != Batch.State.REJECTED:
        batch = run(b"")
    Batch.objects.filter(pk=batch.pk).update(ended_at=timezone.now() - LONG_AGO)
    assert batch.rejection

    empty(batch)

    assert batch.rejection is None
    page = ines.get(f"/o/acme/batches/{batch.pk}/")
    assert page.status_code == 200
    assert "were deleted on" in text_of(page.text)
    assert ines.get("/o/acme/users/").status_code == 200


def test_a_change_to_many_users_loses_names_and_can_still_be_undone(
    by: Membership, member_membership: Membership, manager: User, ines: Client, invite: Invite
) -> None:
    people = [member_membership, manager.memberships.get()]
    action = finish(start_for(by, BulkChange(Kind.DEACTIVATE), members=people))
    BulkAction.objects.update(ended_at=timezone.now() - LONG_AGO)
    assert find_actions_to_empty() == [action.pk]

    while empty_action(action.pk):
        pass

    action.refresh_from_db()
    assert find_actions_to_empty() == []
    assert set(action.rows.values_list("name", "email")) == {("", "")}
    page = text_of(ines.get(f"/o/acme/users/selected/{action.pk}/results/").text)
    assert "were deleted here on" in page
    assert "Removed user" not in page
    finish(start_undo(by, action))
    member_membership.refresh_from_db()
    assert member_membership.deactivated_at is None
