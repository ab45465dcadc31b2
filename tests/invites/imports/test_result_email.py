"""The result of a long import is emailed to its inviter once."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db.models import F
from django.utils import timezone

from accounts.models import Membership, Organization, User
from invites import tasks
from invites.imports.result_email import find_unsent
from invites.models import Batch
from tests.files import csv_of, many
from tests.invites.mailing.mail_server import MailServer
from tests.marked import MARKED, marked_language

Run = Callable[..., Batch]


def after(batch: Batch, *, seconds: int) -> Batch:
    """The batch, as if it had taken that long."""
    Batch.objects.filter(pk=batch.pk).update(created_at=timezone.now() - timedelta(seconds=seconds))
    batch.refresh_from_db()
    return batch


@pytest.fixture
def tasks_run_immediately(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks run immediately instead of being enqueued."""
    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, number, **_how: task(number))


def reports(admin: User) -> list[Any]:
    return [message for message in mail.outbox if message.to == [admin.email]]


def test_the_result_of_a_long_import_is_emailed_once_to_the_inviter(run: Run, admin: User, member: User) -> None:
    batch = after(run(csv_of("ann@example.com", "ben@example.com", member.email)), seconds=61)
    tasks.send_result_email(batch.pk)
    tasks.send_result_email(batch.pk)
    (report,) = reports(admin)
    assert report.subject == "2 users were invited to Acme"
    for text in (report.body, str(report.alternatives[0][0])):
        assert "2 users were invited to Acme" in text
        assert "1 was already a member" in text
        assert f"http://127.0.0.1:8000/o/acme/batches/{batch.pk}/" in text


@pytest.mark.parametrize(("chosen", "organization"), [(MARKED, "en"), ("", MARKED)])
def test_the_result_is_in_the_language_of_the_inviter_or_else_of_the_organization(
    imported: Run, admin: User, acme: Organization, chosen: str, organization: str
) -> None:
    batch = after(imported(csv_of("ann@example.com")), seconds=61)
    User.objects.filter(pk=admin.pk).update(language=chosen)
    Organization.objects.filter(pk=acme.pk).update(language=organization)

    with marked_language():
        tasks.send_result_email(batch.pk)

    (report,) = reports(admin)
    assert report.subject == "[1 user was invited to Acme]"
    for text in (report.body, str(report.alternatives[0][0])):
        assert "[1 user was invited to Acme]" in text
        assert "[Everyone in team.csv was invited.]" in text
        assert "[View import]" in text
        assert "[This email was sent to" in text


def test_a_short_import_sends_no_result(imported: Run, admin: User) -> None:
    tasks.send_result_email(after(imported(csv_of("ann@example.com")), seconds=50).pk)
    assert reports(admin) == []


def test_the_result_is_sent_when_the_import_finishes(
    start: Run, admin: User, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = after(start(csv_of("ann@example.com")), seconds=90)
    enqueued: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, number, **_how: enqueued.append((task.name, number)))
    tasks.process_chunk(batch.pk)
    assert ("invites.tasks.send_result_email", batch.pk) in enqueued


def ended(batch: Batch, *, seconds_ago: int) -> None:
    """Move the whole batch to an earlier time."""
    before = timedelta(seconds=seconds_ago)
    moments = ("created_at", "checked_at", "inviting_started_at", "ended_at")
    Batch.objects.filter(pk=batch.pk).update(**{moment: F(moment) - before for moment in moments})


def test_recovery_finds_a_lost_result_and_sends_it_once(
    imported: Run, admin: User, tasks_run_immediately: None
) -> None:
    long, short = after(imported(many(2)), seconds=90), imported(csv_of("ann@example.com"))

    tasks.recover()
    assert reports(admin) == [], "The process that ended it may still send the email."
    ended(long, seconds_ago=20)
    ended(short, seconds_ago=20)
    tasks.recover()
    tasks.recover()

    (report,) = reports(admin)
    assert report.subject == "2 users were invited to Acme"


def test_the_result_is_retried_while_the_mail_server_is_down(
    server: MailServer, imported: Run, admin: User, tasks_run_immediately: None
) -> None:
    batch = after(imported(many(2)), seconds=90)
    ended(batch, seconds_ago=20)
    server.stop()

    tasks.recover()

    server.start()
    tasks.recover()
    assert admin.email not in server.asked, "It is retried after a minute."
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        tasks.recover()
        tasks.recover()
    assert server.taken.count(admin.email) == 1


@pytest.mark.parametrize("lost", ["permission", "access"])
def test_an_inviter_without_the_permission_gets_no_result(
    lost: str, imported: Run, admin: User, admin_membership: Membership
) -> None:
    batch = after(imported(many(2)), seconds=90)
    ended(batch, seconds_ago=20)
    if lost == "permission":
        admin_membership.roles.clear()
    else:
        Membership.objects.filter(pk=admin_membership.pk).update(deactivated_at=timezone.now())

    assert find_unsent() == [batch.pk]
    tasks.send_result_email(batch.pk)

    assert reports(admin) == []
    assert find_unsent() == [], "It is not enqueued again."


def test_a_permanent_failure_is_not_retried(
    server: MailServer, imported: Run, admin: User, tasks_run_immediately: None
) -> None:
    batch = after(imported(many(2)), seconds=90)
    ended(batch, seconds_ago=20)
    server.answers[admin.email] = ["450 4.2.0 Not now", "550 5.1.1 No such user here"]

    for seconds in (0, 61, 122, 183):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
            tasks.recover()

    assert (server.asked.count(admin.email), server.taken.count(admin.email)) == (2, 0)


def test_the_result_is_sent_after_a_process_died_with_it(
    imported: Run, admin: User, monkeypatch: pytest.MonkeyPatch, tasks_run_immediately: None
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    batch = after(imported(many(2)), seconds=90)
    with monkeypatch.context() as patched:
        patched.setattr("invites.imports.result_email.EmailMultiAlternatives.send", die)
        with pytest.raises(Killed):
            tasks.send_result_email(batch.pk)

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        tasks.recover()

    assert len(reports(admin)) == 1


def test_a_result_is_found_among_thousands_of_newer_imports(imported: Run) -> None:
    batch = after(imported(many(2)), seconds=90)
    ended(batch, seconds_ago=20)
    newer = Batch(organization=batch.organization, inviter=batch.inviter, grant=batch.grant, state=Batch.State.DONE)
    Batch.objects.bulk_create([copy(newer) for _ in range(1_500)])

    assert find_unsent() == [batch.pk]


def test_an_old_result_is_not_sent(imported: Run) -> None:
    batch = after(imported(many(2)), seconds=90)
    ended(batch, seconds_ago=20)
    assert find_unsent() == [batch.pk]

    ended(batch, seconds_ago=2 * 24 * 3600)

    assert find_unsent() == []
