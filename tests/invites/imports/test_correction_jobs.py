"""Workers change many rows in chunks, with the same result as in a request. They can die, and be stopped."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.errors import AccessDenied
from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import AccessSelection
from invites import checking, tasks
from invites.imports import (
    check,
    check_claims,
    corrected_file,
    correction_jobs,
    correction_work,
    corrections,
    duplicates,
    problem_file,
    recovery,
    upload_parts,
    use_corrected_file,
)
from invites.imports.corrections import Edit
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_batch
from invites.imports.upload import correct_batch, invite_valid_rows
from invites.imports.upload_parts import stored_upload
from invites.models import AccessGrant, Batch, CorrectionJob, Invitation, Row, UploadPart
from invites.problems import fix_of, stored_problem
from invites.reasons import as_reason
from invites.receivers import why_not_delete
from tests.concurrency import at_once, once_after
from tests.databases import undone
from tests.files import csv_of
from tests.invites.imports.grid import counts, grid_url, outcome, row, text
from tests.pages import submit_import, triggers
from tests.rules import domain_error

Run = Callable[..., Batch]

# Rows 3 to 32 have problems: row 5 is p2 as row 25 is, and p7 is in row 2 already.
THIRTY = ("p7@example.com,P,Q,", *(f"p{number % 20}@@example.com,P,Q," for number in range(30)))


@pytest.fixture
def thirty(start: Run) -> Batch:
    return start(csv_of(*THIRTY))


@pytest.fixture
def in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a few rows count as too many for a request."""
    monkeypatch.setattr(correction_jobs, "ROWS_IN_REQUEST", 5)
    monkeypatch.setattr(correction_work, "CHUNK", 4)
    monkeypatch.setattr(duplicates, "CHUNK", 3)


@pytest.fixture
def grant(read_only: AccessSelection) -> dict[str, Any]:
    """The fields of the form for `read_only`."""
    return {"roles": [role.pk for role in read_only.roles], "sites": [site.pk for site in read_only.sites]}


def as_stored(batch: Batch) -> list[Any]:
    fields = ("number", "email", "email_key", "outcome", "reason", "detail", "problems", "suggested_codes", "edit")
    return list(batch.rows.order_by("number").values_list(*fields, "version"))


def in_state(batch: Batch) -> str:
    batch.refresh_from_db()
    return str(batch.state)


# --- What comes of it --------------------------------------------------------------------------------


def test_a_few_rows_are_changed_in_the_request(thirty: Batch, by: Membership) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)

    assert in_state(thirty) == Batch.State.NEEDS_CORRECTION
    assert counts(thirty) == (0, 19, 11, 0)
    assert row(thirty, 25).duplicate_of == 5
    assert row(thirty, 10).duplicate_of == 2


@pytest.mark.servers
def test_a_worker_changes_many_rows_like_the_request_would(
    start: Run, by: Membership, request: pytest.FixtureRequest
) -> None:
    at_once, by_worker = start(csv_of(*THIRTY)), start(csv_of(*THIRTY))
    correction_jobs.apply_to_all(at_once, "email_two_at", by=by)
    correction_jobs.check_all_again(at_once, by=by)

    request.getfixturevalue("in_chunks")
    correction_jobs.apply_to_all(by_worker, "email_two_at", by=by)
    assert in_state(by_worker) == Batch.State.CHECKING
    tasks.check_batch(by_worker.pk)
    correction_jobs.check_all_again(by_worker, by=by)
    tasks.check_batch(by_worker.pk)

    assert in_state(by_worker) == Batch.State.NEEDS_CORRECTION
    assert as_stored(by_worker) == as_stored(at_once)
    assert not CorrectionJob.objects.exists()


@pytest.mark.parametrize("chunks", [None, "in_chunks"])
def test_an_unedited_row_is_invited_instead_of_a_corrected_one_above_it(
    start: Run, by: Membership, chunks: str | None, request: pytest.FixtureRequest
) -> None:
    lines = [f"p{number}@@example.com,P,Q," for number in range(8)]
    batch = start(csv_of(*lines, "p6@example.com,P,Q,"))
    if chunks:
        request.getfixturevalue(chunks)

    correction_jobs.apply_to_all(batch, "email_two_at", by=by)
    tasks.check_batch(batch.pk)

    assert (row(batch, 8).duplicate_of, outcome(batch, 10)) == (10, "waiting")
    assert counts(batch) == (0, 7, 1, 0)


def test_a_few_rows_with_very_long_cells_are_left_to_a_worker(start: Run, by: Membership) -> None:
    batch = start(csv_of(*(f"p{number}@@example.com,P,Q,{'x' * 60_000}" for number in range(6))))

    correction_jobs.apply_to_all(batch, "email_two_at", by=by)

    assert in_state(batch) == Batch.State.CHECKING
    tasks.check_batch(batch.pk)
    assert {each.email for each in batch.rows.all()} == {f"p{number}@example.com" for number in range(6)}


@pytest.mark.servers
def test_a_job_also_finds_suggestions_for_unreadable_domains(start: Run, by: Membership, in_chunks: None) -> None:
    good = (f"p{number}@northwind.example.com" for number in range(20))
    batch = start(csv_of(*good, *(f"q{number}@@@nortwind.example.com" for number in range(6))))
    for number in range(22, 28):
        corrections.edit_cells(batch, [Edit(number, 0, f"q{number}@nortwind", 0)], by=by)
    Row.objects.filter(number__gt=21).update(problems=[], suggested_codes="")

    correction_jobs.check_all_again(batch, by=by)
    tasks.check_batch(batch.pk)

    labels = {fix_of(stored_problem(each.problems[0])) for each in batch.rows.filter(number__gt=21)}
    assert labels == {"Use northwind.example.com"}


@pytest.mark.parametrize(
    ("then", "left", "state"),
    [
        ("others", 0, Batch.State.INVITING),
        ("whole", 0, Batch.State.INVITING),
        ("others", 1, Batch.State.INVITING),
        ("whole", 1, Batch.State.NEEDS_CORRECTION),
        ("check", 0, Batch.State.NEEDS_CORRECTION),
    ],
)
def test_a_worker_continues_as_the_button_said(
    script: Client, start: Run, work: Run, by: Membership, in_chunks: None, then: str, left: int, state: str
) -> None:
    batch = start(csv_of(*THIRTY, *["eve@example.com,Eve,,"] * left))
    correction_jobs.apply_to_all(batch, "email_two_at", by=by)
    tasks.check_batch(batch.pk)

    response = script.post(grid_url(batch), {"do": then})

    assert response.headers["HX-Redirect"] == grid_url(batch, "imports:batch")
    assert (in_state(batch), Invitation.objects.count()) == (Batch.State.CHECKING, 0)
    tasks.check_batch(batch.pk)
    assert in_state(batch) == state
    if state == Batch.State.INVITING:
        assert (batch.inviter, summary_of(work(batch)).invited) == (by.user, 20)


def test_pages_say_why_nobody_was_invited_after_the_check(
    ines: Client, thirty: Batch, by: Membership, in_chunks: None, settings: Any
) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)
    tasks.check_batch(thirty.pk)
    invite_valid_rows(thirty, by=by)
    settings.INVITATIONS_PER_DAY = 5

    tasks.check_batch(thirty.pk)

    assert in_state(thirty) == Batch.State.NEEDS_CORRECTION
    assert "Acme can invite 5 people a day." in text(ines.get(grid_url(thirty)))
    assert "Acme can invite 5 people a day." in text(ines.get(grid_url(thirty, "imports:batch")))
    settings.INVITATIONS_PER_DAY = 1_000
    invite_valid_rows(thirty, by=by)
    assert "people a day" not in text(ines.get(grid_url(thirty, "imports:batch")))


@pytest.mark.parametrize("lost", ["permission", "access"])
def test_nobody_is_invited_for_a_member_who_lost_the_permission_meanwhile(
    lost: str, thirty: Batch, by: Membership, in_chunks: None, manager: User
) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)
    tasks.check_batch(thirty.pk)
    invite_valid_rows(thirty, by=by)
    if lost == "permission":
        by.roles.set(manager.memberships.get().roles.all())
    else:
        Membership.objects.filter(pk=by.pk).update(deactivated_at=timezone.now())

    tasks.check_batch(thirty.pk)

    assert (in_state(thirty), Invitation.objects.count()) == (Batch.State.NEEDS_CORRECTION, 0)
    assert thirty.notice == [as_reason("not_allowed"), as_reason("changes_kept")]


def test_a_permission_that_is_lost_in_the_last_moment_is_no_bug(
    thirty: Batch, by: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object) -> None:
        raise AccessDenied("not_allowed", "No longer.")

    correction_jobs.start_job(thirty, by, CorrectionJob.Action.CHECK, then=CorrectionJob.Then.INVITE_VALID)
    monkeypatch.setattr(correction_work, "go_on", deny)

    tasks.check_batch(thirty.pk)

    assert (in_state(thirty), Invitation.objects.count()) == (Batch.State.NEEDS_CORRECTION, 0)
    thirty.refresh_from_db()
    assert thirty.notice == [as_reason("not_allowed")]
    assert thirty.error_reference == ""


# --- While it runs -----------------------------------------------------------------------------------


def test_pages_show_the_progress(ines: Client, thirty: Batch, by: Membership, in_chunks: None) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)
    CorrectionJob.objects.update(rows_done=12, rows_total=30)

    page, list_page = text(ines.get(grid_url(thirty, "imports:batch"))), text(ines.get("/o/acme/users/"))

    for words in ("Fixing team.csv", "12 of 30 rows", "This doesn’t invite anyone."):
        assert words in page
    assert "<bdi>Fixing team.csv</bdi>" in list_page
    assert "12 of 30 rows" in list_page
    assert ines.get(grid_url(thirty)).headers["Location"] == grid_url(thirty, "imports:batch")


def test_the_worker_counts_the_rows(
    thirty: Batch, by: Membership, in_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def seen_here(batch: Batch) -> list[Any]:
        seen.append(CorrectionJob.objects.get())
        return []

    monkeypatch.setattr(correction_work, "find_contested", seen_here)
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)
    assert CorrectionJob.objects.get().rows_total == 0

    tasks.check_batch(thirty.pk)

    assert [(job.rows_done, job.rows_total) for job in seen] == [(30, 30)]


def test_the_member_who_started_it_sees_it_run_in_an_import_of_someone_else(
    client_of: Callable[[User | None], Client], thirty: Batch, colleague: Membership, in_chunks: None
) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=colleague)

    assert "<bdi>Fixing team.csv</bdi>" in text(client_of(colleague.user).get("/o/acme/users/"))


def test_an_edit_during_a_job_is_refused_with_a_message_and_kept_by_the_page(
    script: Client, ines: Client, thirty: Batch, by: Membership, in_chunks: None
) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)
    before = as_stored(thirty)

    kept = script.post(grid_url(thirty), {"do": "save", "cell-3-0": "kim@example.com", "seen-3": "0"})
    plain = ines.post(grid_url(thirty), {"do": "save", "cell-3-0": "kim@example.com", "seen-3": "0"})

    # grid.js keeps the edit and sends it again.
    assert (kept.status_code, kept.headers["HX-Redirect"]) == (503, grid_url(thirty, "imports:batch"))
    assert plain.headers["Location"] == grid_url(thirty, "imports:batch")
    assert "This import is being checked. Try again in a moment." in text(ines.get(grid_url(thirty, "imports:batch")))
    assert as_stored(thirty) == before


@pytest.mark.parametrize("name", ["correct", "invite_valid", "apply", "edit"])
def test_nothing_else_can_be_started_during_a_job(
    thirty: Batch, by: Membership, read_only: AccessSelection, in_chunks: None, name: str
) -> None:
    other = Batch.objects.get()
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)
    what: dict[str, Callable[[], Any]] = {
        "correct": lambda: correct_batch(other, file_name="b.csv", content=[b"x"], selection=read_only, by=by),
        "invite_valid": lambda: invite_valid_rows(other, by=by),
        "apply": lambda: correction_jobs.apply_to_all(other, "email_two_at", by=by),
        "edit": lambda: corrections.edit_cells(other, [Edit(3, 0, "kim@example.com", 0)], by=by),
    }

    with domain_error("busy"):
        what[name]()

    assert CorrectionJob.objects.get().action == CorrectionJob.Action.APPLY


# --- Workers die, are slow, or meet a bug ------------------------------------------------------------


class Killed(BaseException):
    """Stands for the death of a process: nothing catches it."""


def die_at(number: int, job: Callable[[], object]) -> bool:
    """Do the job up to the statement with this number. False if the job ended before.

    Reading changes nothing, so of some statements in a row that only read, the first one counts. Beginning and ending
    a transaction don't count: a process that dies before the commit has changed as little as one that dies earlier.
    """
    statements, after_reading = 0, False

    def count(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        nonlocal statements, after_reading
        if sql.startswith(("SAVEPOINT", "RELEASE")):
            return execute(sql, *more)
        reads = sql.startswith("SELECT")
        if not (reads and after_reading):
            statements += 1
            if statements == number:
                raise Killed
        after_reading = reads
        return execute(sql, *more)

    try:
        with connection.execute_wrapper(count):
            job()
    except Killed:
        return True
    return False


# A transaction is the same on the servers: there, every other statement is enough.
@pytest.mark.parametrize("first", [pytest.param(0, marks=pytest.mark.servers), 1])
def test_a_job_is_done_exactly_once_wherever_a_worker_dies(
    start: Run, by: Membership, first: int, request: pytest.FixtureRequest
) -> None:
    batch = start(csv_of(*THIRTY[:9]))
    with undone():
        correction_jobs.apply_to_all(batch, "email_two_at", by=by)
        correction_jobs.check_all_again(batch, by=by)
        expected = as_stored(batch)
    request.getfixturevalue("in_chunks")
    statement = first + 1
    died = True
    while died:
        died = False
        with undone():
            batch.refresh_from_db()
            correction_jobs.apply_to_all(batch, "email_two_at", by=by)
            for again in (True, False):
                died |= die_at(statement, partial(tasks.check_batch, batch.pk))
                Batch.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
                tasks.check_batch(batch.pk)
                if again:
                    correction_jobs.check_all_again(batch, by=by)
            assert in_state(batch) == Batch.State.NEEDS_CORRECTION
            assert as_stored(batch) == expected, f"killed at statement {statement}"
        statement += 2
    assert statement > 20


@pytest.mark.servers
def test_a_slow_worker_changes_nothing_after_another_one_did_the_job(
    thirty: Batch, by: Membership, in_chunks: None
) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)

    def by_another() -> None:
        Batch.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
        tasks.check_batch(thirty.pk)
        # The next job exists, and nobody has claimed it yet.
        correction_jobs.check_all_again(thirty, by=by)

    with once_after('FROM "invites_row"', by_another):
        assert check.check_batch(thirty.pk) is None

    assert counts(thirty) == (0, 19, 11, 0)
    assert {each.version for each in thirty.rows.exclude(number=2)} == {1}
    assert (in_state(thirty), CorrectionJob.objects.get().rows_done) == (Batch.State.CHECKING, 0)


@pytest.mark.servers
def test_recovery_finds_a_job_that_nobody_works_on(thirty: Batch, by: Membership, in_chunks: None) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)
    Batch.objects.update(progressed_at=timezone.now() - timedelta(minutes=1))

    assert recovery.find_stalled_work().to_check == [thirty.pk]


def test_after_a_bug_of_ours_the_import_waits_for_corrections_again(
    ines: Client, thirty: Batch, by: Membership, in_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = checking.check_cells

    def check(*cells: Any, row: int, **more: Any) -> Any:
        if row == 12:
            raise KeyError("a bug")
        return real(*cells, row=row, **more)

    monkeypatch.setattr(corrections, "check_cells", check)
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)

    for _ in range(3):
        tasks.check_batch(thirty.pk)

    assert in_state(thirty) == Batch.State.NEEDS_CORRECTION
    # The chunks before it are done.
    assert counts(thirty) == (22, 7, 1, 0)
    said = text(ines.get(grid_url(thirty)))
    assert "Something went wrong on our side." in said
    assert re.search(r"mention reference [A-Z2-7]{4}-[A-Z2-7]{4}\. All fixes made here are kept\.", said)


def test_a_job_that_crashes_every_worker_ends(thirty: Batch, by: Membership, in_chunks: None) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)

    for _ in range(2):
        Batch.objects.update(attempts=check_claims.MAX_ATTEMPTS)
        tasks.check_batch(thirty.pk)
    tasks.check_batch(thirty.pk)

    assert in_state(thirty) == Batch.State.NEEDS_CORRECTION
    assert thirty.notice == [as_reason("correction_failed"), as_reason("edits_kept")]
    assert counts(thirty) == (30, 0, 0, 0)


# --- It can be stopped -------------------------------------------------------------------------------


def test_a_stopped_change_keeps_the_rest_as_it_was(script: Client, start: Run, by: Membership, in_chunks: None) -> None:
    batch = start(csv_of("p0@example.com,P,Q,", *THIRTY[1:]))
    correction_jobs.apply_to_all(batch, "email_two_at", by=by)
    asked = text(script.get(grid_url(batch, "imports:batch_stop")))
    assert "What is already fixed stays fixed. Everything else stays as it is." in asked
    assert '<input type="hidden" name="job" value="1">' in asked

    def stop() -> None:
        script.post(grid_url(batch, "imports:batch_stop"), {"job": "1"})

    with once_after('UPDATE "invites_correctionjob" SET "last_number"', stop):
        tasks.check_batch(batch.pk)
    tasks.check_batch(batch.pk)

    assert in_state(batch) == Batch.State.NEEDS_CORRECTION
    # The fixed rows were still compared with the others.
    assert (counts(batch), row(batch, 3).duplicate_of) == ((26, 3, 1, 0), 2)


def test_a_late_stop_stops_nothing_else(script: Client, thirty: Batch, by: Membership, in_chunks: None) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)
    tasks.check_batch(thirty.pk)

    script.post(grid_url(thirty, "imports:batch_stop"), {"job": "1"})

    assert in_state(thirty) == Batch.State.NEEDS_CORRECTION


def test_nobody_is_invited_after_a_stop(thirty: Batch, by: Membership, in_chunks: None) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)
    tasks.check_batch(thirty.pk)
    invite_valid_rows(thirty, by=by)

    correction_jobs.stop_job(by, thirty)
    tasks.check_batch(thirty.pk)

    assert (in_state(thirty), counts(thirty)) == (Batch.State.NEEDS_CORRECTION, (0, 19, 11, 0))


def test_a_stopped_import_has_no_job(thirty: Batch, by: Membership, in_chunks: None) -> None:
    correction_jobs.apply_to_all(thirty, "email_two_at", by=by)

    stop_batch(thirty)
    tasks.check_batch(thirty.pk)

    assert (in_state(thirty), CorrectionJob.objects.count()) == (Batch.State.STOPPED, 0)


# --- A corrected file --------------------------------------------------------------------------------


@pytest.fixture
def edited(thirty: Batch, by: Membership) -> Batch:
    """A batch with one corrected and one skipped row."""
    corrections.apply_suggestion(thirty, 3, 0, by=by)
    corrections.skip_row(thirty, 4, by=by)
    return thirty


@pytest.fixture
def by_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a small file count as a large one."""
    monkeypatch.setattr(upload_parts, "BYTES_IN_REQUEST", 10)


UNREADABLE = csv_of("kim,Kim,Lee,", '"lea@example.com,Lea,Orr,')


def test_a_large_corrected_file_is_checked_by_a_worker(
    script: Client, edited: Batch, grant: dict[str, Any], by_worker: None
) -> None:
    response = submit_import(
        script, csv_of("kim@example.com"), name="fixed.csv", query=f"?correct={edited.pk}", **grant
    )

    assert "Checking fixed.csv" in text(response)
    assert "Until then, all fixes made here are kept." in text(response)
    assert "shell:changed" in triggers(response)
    assert in_state(edited) == Batch.State.CHECKING
    assert counts(edited) == (28, 1, 0, 1)
    tasks.check_batch(edited.pk)
    assert (in_state(edited), edited.file_name) == (Batch.State.INVITING, "fixed.csv")
    assert [each.email for each in edited.rows.all()] == ["kim@example.com"]
    assert not UploadPart.objects.filter(is_correction=True).exists()


def test_a_rejected_large_corrected_file_changes_nothing_and_pages_say_why(
    script: Client, ines: Client, edited: Batch, grant: dict[str, Any], by_worker: None
) -> None:
    before, file, grants = as_stored(edited), stored_upload(edited).read(), AccessGrant.objects.count()
    created_at = edited.created_at

    submit_import(script, UNREADABLE, name="fixed.csv", query=f"?correct={edited.pk}", **grant)
    tasks.check_batch(edited.pk)

    assert in_state(edited) == Batch.State.NEEDS_CORRECTION
    assert (as_stored(edited), stored_upload(edited).read(), edited.created_at) == (before, file, created_at)
    assert (UploadPart.objects.count(), AccessGrant.objects.count(), edited.file_name) == (1, grants, "team.csv")
    why = "“fixed.csv” wasn’t used. A quotation mark in row 3 is never closed."
    for address in (grid_url(edited), grid_url(edited, "imports:batch"), "/o/acme/users/"):
        assert why in text(ines.get(address))
    assert "All fixes made here are kept." in text(ines.get(grid_url(edited)))
    # Until something else is tried.
    submit_import(script, csv_of("kim@@example.com"), name="fixed.csv", query=f"?correct={edited.pk}", **grant)
    tasks.check_batch(edited.pk)
    assert why not in text(ines.get(grid_url(edited)))


def test_a_rejection_shown_in_the_dialog_is_not_shown_again(
    script: Client, ines: Client, edited: Batch, grant: dict[str, Any]
) -> None:
    response = submit_import(script, UNREADABLE, name="fixed.csv", query=f"?correct={edited.pk}", **grant)

    assert response.status_code == 422
    assert "“fixed.csv” wasn’t used." in text(response)
    assert "wasn’t used" not in text(ines.get(grid_url(edited)))


@pytest.mark.servers
def test_a_stopped_corrected_file_is_deleted(
    script: Client, edited: Batch, grant: dict[str, Any], by_worker: None
) -> None:
    before, grants = as_stored(edited), AccessGrant.objects.count()
    submit_import(script, csv_of("kim@example.com"), name="fixed.csv", query=f"?correct={edited.pk}", **grant)

    with once_after(
        'FROM "invites_uploadpart"', lambda: script.post(grid_url(edited, "imports:batch_stop"), {"job": "1"})
    ):
        tasks.check_batch(edited.pk)

    assert (in_state(edited), as_stored(edited)) == (Batch.State.NEEDS_CORRECTION, before)
    assert (UploadPart.objects.count(), AccessGrant.objects.count()) == (1, grants)


@pytest.mark.parametrize("attempts", [0, check_claims.MAX_ATTEMPTS])
def test_a_corrected_file_that_triggers_a_bug_changes_nothing(
    edited: Batch, by: Membership, read_only: AccessSelection, monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    before = as_stored(edited)
    monkeypatch.setattr(checking.Check, "blocks", lambda *_: (_ for _ in ()).throw(KeyError("a bug")))
    correct_batch(edited, file_name="b.csv", content=[csv_of("kim@example.com")], selection=read_only, by=by)
    Batch.objects.update(attempts=attempts)

    for _ in range(2):
        tasks.check_batch(edited.pk)

    assert (in_state(edited), as_stored(edited)) == (Batch.State.NEEDS_CORRECTION, before)
    assert edited.notice[0] == as_reason("correction_failed")


# A transaction is the same on the servers: there, every other statement is enough.
@pytest.mark.parametrize("first", [pytest.param(0, marks=pytest.mark.servers), 1])
def test_a_corrected_file_is_used_completely_or_not_at_all_wherever_a_worker_dies(
    start: Run, by: Membership, read_only: AccessSelection, first: int
) -> None:
    corrected = b"Email,First name,Last name,Description,What is wrong\r\np@example.com,P,Q,,Row 4\r\n"
    batch = start(csv_of(*THIRTY[:5]))
    corrections.apply_suggestion(batch, 3, 0, by=by)
    correct_batch(batch, file_name="b.csv", content=[corrected], selection=read_only, by=by)
    statement, died = first + 1, True
    while died:
        with undone():
            died = die_at(statement, partial(tasks.check_batch, batch.pk))
            Batch.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
            tasks.check_batch(batch.pk)
            assert in_state(batch) == Batch.State.NEEDS_CORRECTION
            assert [each.email for each in batch.rows.filter(number__lte=4)] == [
                "p7@example.com",
                "p0@example.com",
                "p@example.com",
            ], f"killed at statement {statement}"
            assert [outcome(batch, number) for number in (5, 6)] == ["problem skipped_by_admin"] * 2
            assert (batch.file_name, UploadPart.objects.filter(batch=batch).count()) == ("team.csv", 1)
        statement += 2
    assert statement > 20


def test_a_role_of_a_corrected_file_cannot_be_deleted_before_it_is_checked(
    edited: Batch, by: Membership, acme: Organization
) -> None:
    role = Role.objects.get(organization=acme, name="Project manager")
    selection = AccessSelection.of([role], all_sites=True)
    correct_batch(edited, file_name="b.csv", content=[UNREADABLE], selection=selection, by=by)

    assert "An unfinished import grants this role." in str(why_not_delete(Role, role))

    tasks.check_batch(edited.pk)
    assert why_not_delete(Role, role) is None


# --- What it costs -----------------------------------------------------------------------------------


@pytest.fixture
def others_can_write(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Someone else writes whenever cells are checked, files are read, or rows are compared."""
    done: list[str] = []

    def write() -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA busy_timeout = 100")
            cursor.execute("UPDATE accounts_organization SET name = 'Acme'")

    def watch(module: Any, name: str) -> None:
        real = getattr(module, name)

        def watched(*args: Any, **more: Any) -> Any:
            assert not connection.in_atomic_block, f"{name} holds a transaction"
            (found,) = at_once(write)
            assert found is None, found
            done.append(name)
            return real(*args, **more)

        monkeypatch.setattr(module, name, watched)

    watch(corrections, "check_cells")
    watch(correction_work, "find_contested")
    watch(use_corrected_file, "Check")
    watch(use_corrected_file, "merge_corrected")
    watch(corrected_file, "open_records")
    return done


@pytest.mark.django_db(transaction=True)
def test_others_can_write_while_rows_are_checked(
    start: Run, by: Membership, read_only: AccessSelection, in_chunks: None, request: pytest.FixtureRequest
) -> None:
    batch = start(csv_of(*THIRTY[:9]))
    correction_jobs.apply_to_all(batch, "email_two_at", by=by)
    done = request.getfixturevalue("others_can_write")
    tasks.check_batch(batch.pk)
    correction_jobs.check_all_again(batch, by=by)
    tasks.check_batch(batch.pk)
    content = b"Email,First name,Last name,What is wrong\r\np@@example.com,P,Q,Row 3\r\n"
    correct_batch(batch, file_name="b.csv", content=[content], selection=read_only, by=by)
    tasks.check_batch(batch.pk)

    assert in_state(batch) == Batch.State.NEEDS_CORRECTION
    assert set(done) == {"check_cells", "find_contested", "Check", "merge_corrected", "open_records"}


def test_the_memory_of_a_job_does_not_grow_with_the_rows(
    start: Run, by: Membership, read_only: AccessSelection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (correction_work, corrected_file, problem_file):
        monkeypatch.setattr(module, "CHUNK", 40)
    monkeypatch.setattr(correction_jobs, "ROWS_IN_REQUEST", 50)
    monkeypatch.setattr(upload_parts, "IN_MEMORY", 10_000)
    monkeypatch.setattr(UploadPart, "SIZE", 10_000)
    peaks = []
    for count in (150, 400):
        batch = start(csv_of(*(f"person{number}@@example.com,A,B,{'x' * 900}" for number in range(count))))
        corrected = b"".join(problem_file.problem_file(batch)).replace(b"@@", b"@@@")
        correction_jobs.apply_to_all(batch, "email_two_at", by=by)
        peaks.append([peak_of(batch)])
        correct_batch(batch, file_name="b.csv", content=[corrected], selection=read_only, by=by)
        merged = stored_upload(batch, is_correction=True)
        tracemalloc.start()
        corrected_file.merge_corrected(batch, merged, by=by.user_id, limits=upload_parts.limits())
        peaks[-1].append(tracemalloc.get_traced_memory()[1] / 1024 / 1024)
        tracemalloc.stop()

    small, large = peaks
    # Only some numbers are kept for each row of a file, and no cells.
    assert all(after < before + 0.15 for before, after in zip(small, large, strict=True)), peaks


def peak_of(batch: Batch) -> float:
    """The peak memory of a worker during the job, in MB."""
    tracemalloc.start()
    tasks.check_batch(batch.pk)
    peak = tracemalloc.get_traced_memory()[1] / 1024 / 1024
    tracemalloc.stop()
    assert in_state(batch) == Batch.State.NEEDS_CORRECTION
    return peak
