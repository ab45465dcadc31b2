"""A bug is logged once and not retried forever, and the admin gets a reference that is in the log."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from config.celery import app
from config.harness.running import wait_for
from invites import checking, tasks, unexpected_errors
from invites.imports import check_claims, chunks, invite, recovery, result_email, send, stage_rows, undo, upload_parts
from invites.imports.presentation.rows import shown_outcome
from invites.imports.upload import start_batch
from invites.invitations.invite import invite_person
from invites.mailing import outbox
from invites.mailing.send_lock import HeldSendLock
from invites.models import Batch, BatchChunk, Invitation, InvitationQuerySet, Row
from invites.reasons import text_of
from invites.unexpected_errors import reference_of
from tests.files import csv_of, many
from tests.invites.imports.test_worker import a_large_file
from tests.invites.imports.work import Work
from tests.pages import submit_import, text, url_of
from tests.worker_on_file import WorkerOnFile

Run = Callable[..., Batch]
REFERENCE = re.compile(r"\b[A-Z2-7]{4}-[A-Z2-7]{4}\b")


@pytest.fixture(autouse=True)
def _nothing_was_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unexpected_errors, "_logged", set())


def breaks(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, error: Exception | None = None) -> None:
    """Let the function raise the error each time."""

    def broken(*_args: Any, **_more: Any) -> Any:
        raise error.with_traceback(None) if error else ZeroDivisionError("a bug of ours")

    broken.__name__ = name
    monkeypatch.setattr(place, name, broken)


def tracebacks(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The log entries with a traceback."""
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in lines if line.get("exc_info")]


# --- The check ---------------------------------------------------------------------------------------


def test_a_file_that_hits_the_same_bug_twice_fails(
    ines: Client, grant: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    breaks(monkeypatch, checking.Check, "blocks")
    answer = submit_import(ines, csv_of("ann@example.com"), **grant)
    batch = Batch.objects.get()
    assert (answer.status_code, batch.state) == (302, Batch.State.CHECKING)

    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, batch.rows.count(), batch.parts.count()) == (Batch.State.FAILED, 0, 0)
    page = text(ines.get(url_of(batch)))
    assert "Something went wrong on our side while checking this file. Nobody has been invited." in page
    assert "a bug of ours" not in page
    [logged] = tracebacks(caplog)
    assert REFERENCE.findall(page) == [logged["reference"]] == [batch.error_reference]


def test_the_second_try_does_not_wait_for_recovery(
    ines: Client, grant: dict[str, Any], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[tuple[int, float]] = []
    monkeypatch.setattr(tasks.check_batch, "apply_async", lambda ids, countdown: asked.append((ids[0], countdown)))
    breaks(monkeypatch, checking.Check, "blocks")
    with django_capture_on_commit_callbacks(execute=True):
        submit_import(ines, csv_of("ann@example.com"), **grant)
    batch = Batch.objects.get()
    assert asked == [(batch.pk, 1.0)]

    with django_capture_on_commit_callbacks(execute=True):
        tasks.check_batch(batch.pk)

    assert len(asked) == 1, "It failed, and isn't retried."


def test_gives_up_after_several_different_bugs(
    start: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    errors = iter([KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError])
    monkeypatch.setattr(checking.Check, "blocks", lambda *_: (_ for _ in ()).throw(next(errors)("x")))
    batch = start(csv_of("ann@example.com"))

    for _ in range(check_claims.MAX_ATTEMPTS):
        assert batch.state == Batch.State.CHECKING
        tasks.check_batch(batch.pk)
        batch.refresh_from_db()

    assert batch.state == Batch.State.FAILED
    assert REFERENCE.findall(text_of(batch.state_reasons)) == [tracebacks(caplog)[-1]["reference"]]
    assert len(tracebacks(caplog)) == check_claims.MAX_ATTEMPTS


@pytest.mark.parametrize(
    "error",
    [OperationalError("database is locked"), OSError(28, "No space left on device"), MemoryError()],
    ids=["database", "disk", "memory"],
)
def test_transient_errors_are_retried_as_often_as_before(
    start: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    with monkeypatch.context() as broken:
        breaks(broken, stage_rows, "insert_rows", error)
        batch = start(csv_of("ann@example.com"))
        for _ in range(check_claims.MAX_ATTEMPTS - 1):
            tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, len(tracebacks(caplog))) == (Batch.State.CHECKING, 1)

    Batch.objects.filter(pk=batch.pk).update(attempts=check_claims.MAX_ATTEMPTS - 1)
    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, batch.error_reference) == (Batch.State.INVITING, "")


def test_a_transient_error_that_stays_ends_with_a_reference(start: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks(monkeypatch, stage_rows, "insert_rows", OSError(28, "No space left on device"))
    batch = start(csv_of("ann@example.com"))
    for _ in range(check_claims.MAX_ATTEMPTS):
        tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == Batch.State.FAILED
    assert "couldn’t be checked" in text_of(batch.state_reasons)
    assert REFERENCE.search(text_of(batch.state_reasons))


def test_a_crashed_worker_does_not_count_as_a_bug(
    admin_membership: Membership, read_only: AccessSelection, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start_batch(
        admin_membership, file_name="team.csv", content=[csv_of("ann@example.com")], selection=read_only
    )
    with monkeypatch.context() as killed:
        killed.setattr(checking.Check, "blocks", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                tasks.check_batch(batch.pk)
            Batch.objects.filter(pk=batch.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))

    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == Batch.State.INVITING


@pytest.fixture
def broken_worker(tmp_path: Path) -> Iterator[Work]:
    with WorkerOnFile(tmp_path, DJANGO_SETTINGS_MODULE="tests.invites.imports.broken_check") as worker:
        yield Work(worker, tmp_path)


def test_a_real_worker_gives_up_within_seconds_and_logs_one_traceback(broken_worker: Work) -> None:
    broken_worker.invite(a_large_file())

    wait_for(lambda: broken_worker.ask("SELECT state FROM invites_batch") == ["failed"], what="end", seconds=6)

    [reference] = broken_worker.ask("SELECT error_reference FROM invites_batch")
    log = broken_worker.worker.log_path.read_text()
    assert log.count("Traceback (most recent call last)") == log.count("ZeroDivisionError: a bug of ours") == 1
    assert log.count(reference) == 2, "The second attempt logs one line."
    assert reference in broken_worker.ask("SELECT state_reasons FROM invites_batch")[0]


# --- References --------------------------------------------------------------------------------------


def raised(error: Exception) -> Exception:
    """The error, raised inside our own code."""

    class Unreadable(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise error

    with pytest.raises(type(error)) as caught:
        list(checking.Check(Unreadable(b"x"), limits=upload_parts.limits()).blocks())
    return caught.value


def test_the_same_bug_has_the_same_reference_for_any_data() -> None:
    same = {reference_of(raised(ValueError(f"cell '{name}' at 0x7f{name} has {len(name)}"))) for name in ("ab", "abc")}
    others = {reference_of(raised(error)) for error in (ValueError("another message"), KeyError("ab"))}
    elsewhere = reference_of(ValueError("another message"))

    assert len(same) == 1
    assert len(same | others | {elsewhere}) == 4
    assert all(REFERENCE.fullmatch(reference) for reference in same | others)


# --- Other work --------------------------------------------------------------------------------------


def test_every_task_logs_its_unexpected_errors_once() -> None:
    ours = {name: task for name, task in app.tasks.items() if name.startswith("invites.")}

    assert len(ours) >= 6
    assert all(isinstance(task, tasks.LoggedTask) for task in ours.values())


def test_a_task_that_fails_again_and_again_logs_one_traceback(
    start: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    batch = start(many(3))
    breaks(monkeypatch, chunks, "claim_chunk")

    for _ in range(3):
        tasks.process_chunk.apply((batch.pk,))

    [logged] = tracebacks(caplog)
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert [line["reference"] for line in lines if line["event"] == "unexpected_error"] == [logged["reference"]] * 3


def test_recovery_continues_after_a_failed_step(
    start: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []
    broken, working = (lambda: done.append(str(1 / 0))), (lambda: done.append("the next step"))
    monkeypatch.setattr(tasks, "RECOVERY_STEPS", (broken, working))

    tasks.recover()
    tasks.recover()

    assert (done, len(tracebacks(caplog))) == (["the next step"] * 2, 1)


def work_until_given_up(batch: Batch) -> None:
    """Runs the task until no chunk is left, as if the claim of each failed try had expired."""
    for _ in range(4 * chunks.MAX_ATTEMPTS):
        if not BatchChunk.objects.exclude(stage=BatchChunk.Stage.DONE).exists():
            return
        batch.chunks.exclude(claimed_until=None).update(claimed_until=timezone.now() - timedelta(seconds=1))
        tasks.process_chunk.apply((batch.pk,))
    raise AssertionError(f"It is tried for ever: {list(batch.chunks.values())}")


@pytest.mark.parametrize("place", ["check_still_allowed", "_decide"])
def test_people_not_invited_because_of_a_bug_count_as_failed(
    start: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    batch = start(many(3))
    breaks(monkeypatch, invite, place)

    work_until_given_up(batch)

    batch.refresh_from_db()
    assert batch.state == Batch.State.DONE
    failed = batch.rows.filter(outcome=Row.Outcome.FAILED).select_related("batch")
    assert len(failed) == 3
    assert REFERENCE.findall(shown_outcome(failed[0]).detail) == [tracebacks(caplog)[0]["reference"]]
    assert len(tracebacks(caplog)) == 1


@pytest.mark.parametrize("place", ["flush_previous_log", "_revoke_unauthorized", "send_invitations"])
def test_email_not_sent_because_of_a_bug_is_given_up_and_the_import_ends(
    start: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    batch = start(many(3))
    breaks(monkeypatch, send, place)

    work_until_given_up(batch)

    batch.refresh_from_db()
    assert (batch.state, batch.rows.filter(outcome=Row.Outcome.FAILED).count()) == (Batch.State.DONE, 3)
    assert (len(mail.outbox), len(tracebacks(caplog))) == (0, 1)


@pytest.mark.parametrize("place", ["_fail_unauthorized", "send_invitations"])
def test_a_single_email_that_hits_a_bug_is_given_up(
    admin_membership: Membership, read_only: AccessSelection, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    invitation = invite_person(
        admin_membership,
        email="ann@example.com",
        first_name="Ann",
        last_name="Lee",
        description="",
        selection=read_only,
    )
    with monkeypatch.context() as broken:
        breaks(broken, outbox, place)
        breaks(broken, HeldSendLock, "renew")
        for _ in range(outbox.MAX_CRASHES + 2):
            Invitation.objects.exclude(mail_due_at=None).update(mail_due_at=timezone.now())
            broken.setattr(outbox, "acquire_send_lock", lambda *_: HeldSendLock(0, "of no organization"))
            tasks.send_due_invitations.apply((admin_membership.organization_id,))

    invitation.refresh_from_db()
    assert (invitation.mail_state, invitation.mail_due_at) == (Invitation.Mail.FAILED, None)


def test_an_undo_that_hits_a_bug_waits_longer_and_says_so(
    start: Run,
    work: Run,
    ines: Client,
    admin_membership: Membership,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(undo, "SLICE", 2)
    batch = work(start(many(3)))
    undo.undo_import(admin_membership, batch)
    Batch.objects.filter(pk=batch.pk).update(progressed_at=timezone.now() - timedelta(minutes=1))
    assert recovery.find_stalled_work().to_undo == [batch.pk]
    with monkeypatch.context() as broken:
        breaks(broken, InvitationQuerySet, "pending_of_batch")
        tasks.revoke_slice.apply((batch.pk,))
    Batch.objects.filter(pk=batch.pk).update(progressed_at=timezone.now() - timedelta(minutes=1))

    assert recovery.find_stalled_work().to_undo == []
    page = text(ines.get(url_of(batch)))
    assert "We’ll try again every few minutes." in page
    assert tracebacks(caplog)[0]["reference"] in page

    Batch.objects.filter(pk=batch.pk).update(retry_at=timezone.now())
    assert recovery.find_stalled_work().to_undo == [batch.pk]
    tasks.revoke_slice(batch.pk)
    tasks.revoke_slice(batch.pk)
    batch.refresh_from_db()
    assert (batch.is_being_undone, batch.error_reference, batch.retry_at) == (False, "", None)


def test_a_result_email_that_hits_a_bug_is_tried_once(
    start: Run, work: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    batch = work(start(many(3)))
    long_ago = timezone.now() - timedelta(minutes=9)
    Batch.objects.filter(pk=batch.pk).update(
        inviting_started_at=long_ago, ended_at=timezone.now() - recovery.STALLED_AFTER
    )
    assert result_email.find_unsent() == [batch.pk]
    breaks(monkeypatch, result_email, "banner_of")

    tasks.send_result_email(batch.pk)

    assert (result_email.find_unsent(), len(tracebacks(caplog))) == ([], 1)


def test_a_log_line_without_a_traceback_names_the_error(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        unexpected_errors.log_unexpected("check_failed", ValueError("x"), is_known=True, batch=7)

    line: Any = caplog.records[-1].msg
    assert (line["event"], line["error"], line["batch"], line["exc_info"]) == ("check_failed", "ValueError", 7, None)
