"""Stopping takes the same time for any import: rows count as not invited, and workers delete the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.checking import Cells
from invites.imports import check, cleanup
from invites.imports.bulk_insert import insert_rows
from invites.imports.cleanup import ROWS_AT_ONCE
from invites.imports.presentation.rows import report_lines
from invites.imports.selectors.rows import rows_of
from invites.imports.selectors.summary import Summary, summary_as_json, summary_of
from invites.imports.stop import stop_batch
from invites.imports.upload import start_batch
from invites.models import Batch, DailyInviteCount, Row, UploadPart
from tests.files import PROBLEMS, many
from tests.invites.imports.chunk_work import process_one_chunk
from tests.pages import downloaded, text, url_of, words_of

Run = Callable[..., Batch]


@pytest.fixture
def half_checked(admin_membership: Membership, read_only: AccessSelection) -> Batch:
    """An import whose check has stored more rows than one transaction deletes, and is not done."""
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(9)], selection=read_only)
    addresses = [f"person{number}@people.example.com" for number in range(ROWS_AT_ONCE + 500)]
    rows = [
        (batch.pk, place, place, email, *Cells(email, "Ann", "Lee"), "") for place, email in enumerate(addresses, 2)
    ]
    insert_rows(rows, [])
    Batch.objects.filter(pk=batch.pk).update(claims=1)
    batch.refresh_from_db()
    return batch


@contextmanager
def rows_deleted() -> Iterator[list[int]]:
    """How many rows are deleted between one renewal of the claim and the next."""
    counts = [0]

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith('UPDATE "invites_batch"'):
            counts.append(0)
        if sql.startswith('DELETE FROM "invites_row"'):
            counts[-1] += context["cursor"].rowcount
        return result

    with connection.execute_wrapper(count):
        yield counts


@pytest.mark.usefixtures("small_chunks")
def test_stopping_updates_no_waiting_rows(start: Run) -> None:
    batch = start(many(90))
    waiting = set(batch.rows.values_list("pk", "outcome"))

    with CaptureQueriesContext(connection) as captured:
        assert stop_batch(batch)

    assert not [each["sql"] for each in captured if each["sql"].startswith('UPDATE "invites_row"')]
    assert set(batch.rows.values_list("pk", "outcome")) == waiting
    summary = summary_of(batch)
    assert (summary.rows, summary.failed, summary.stopped, summary.waiting) == (90, 90, 90, 0)
    assert DailyInviteCount.objects.get().invitations == 0


@pytest.mark.parametrize("content", [many(3), PROBLEMS], ids=["inviting", "waiting for a correction"])
def test_waiting_rows_are_listed_and_downloaded_as_not_invited(ines: Client, start: Run, content: bytes) -> None:
    batch = start(content)
    waiting = batch.rows.filter(outcome=Row.Outcome.WAITING).count()
    assert waiting

    ines.post(url_of(batch, "imports:batch_stop"))

    for outcome in ("failed", "stopped"):
        assert len(ines.get(url_of(batch), {"outcome": outcome}).context["listed"]) == waiting
    assert f"not invited {waiting}" in words_of(ines.get(url_of(batch)))
    assert text(ines.get(url_of(batch))).count("The import was stopped") == waiting
    report = downloaded(ines.get(url_of(batch, "imports:batch_download")))
    assert report.count("Not invited,The import was stopped") == waiting
    assert "Waiting" not in report
    assert summary_as_json(Batch.objects.get())["waiting"] == 0


@pytest.mark.usefixtures("small_chunks")
def test_people_invited_before_the_stop_do_not_count_as_stopped(start: Run) -> None:
    batch = start(many(45))
    process_one_chunk(batch)

    stop_batch(batch)

    summary = summary_of(batch)
    assert (summary.invited, summary.stopped, summary.rows) == (20, 25, 45)
    assert rows_of(batch, "failed").count() == 25


def test_rows_of_an_unfinished_check_do_not_count_and_few_are_deleted_in_the_request(
    half_checked: Batch,
) -> None:
    assert stop_batch(half_checked)

    assert half_checked.rows.count() == 500
    assert summary_of(half_checked) == Summary()
    assert not rows_of(half_checked)
    assert len(list(report_lines(half_checked))) == 1


def test_workers_delete_the_rest_and_then_the_file(half_checked: Batch) -> None:
    stop_batch(half_checked)
    assert UploadPart.objects.exists()

    tasks.clean_up_batch(half_checked.pk)

    assert not half_checked.rows.exists()
    assert not UploadPart.objects.exists()


def test_rows_are_deleted_without_being_loaded(half_checked: Batch) -> None:
    with CaptureQueriesContext(connection) as captured:
        stop_batch(half_checked)

    assert half_checked.rows.count() == 500
    assert not [query["sql"] for query in captured if '"problems"' in query["sql"]]


def test_recovery_finds_what_a_dead_worker_did_not_delete(half_checked: Batch, start: Run) -> None:
    start(PROBLEMS)
    stop_batch(half_checked)
    assert cleanup.find_uncleaned() == []

    Batch.objects.update(progressed_at=timezone.now() - timedelta(minutes=1))
    assert cleanup.find_uncleaned() == [half_checked.pk]

    tasks.clean_up_batch(half_checked.pk)
    assert cleanup.find_uncleaned() == []


def test_what_an_import_still_needs_is_never_deleted(start: Run, half_checked: Batch) -> None:
    others = [start(many(3)), start(PROBLEMS), half_checked]
    before = Row.objects.count(), UploadPart.objects.count()

    for batch in others:
        assert not cleanup.clean_up(batch.pk)

    assert (Row.objects.count(), UploadPart.objects.count()) == before


def test_rows_of_a_rejected_file_do_not_count_and_are_deleted_in_parts(
    admin_membership: Membership, read_only: AccessSelection, settings: Any
) -> None:
    """The problem is in the last line, after all other rows are stored."""
    people = ROWS_AT_ONCE + 500
    settings.MAX_ROWS = people - 1
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(people)], selection=read_only)

    check.check_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == Batch.State.REJECTED
    assert batch.rows.exists()
    assert summary_of(batch) == Summary()
    tasks.clean_up_batch(batch.pk)
    assert (batch.rows.count(), batch.parts.count()) == (0, 0)


def test_a_restarted_check_deletes_rows_in_parts(half_checked: Batch) -> None:
    with rows_deleted() as deleted:
        check.check_batch(half_checked.pk)

    assert [count for count in deleted if count] == [ROWS_AT_ONCE, 500]
    assert half_checked.rows.count() == 9
