"""What can be done with a batch that has ended: its mail to the inviter, reminding, undoing."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, User
from invites import tasks
from invites.imports.presentation.banners import banner_of
from invites.imports.presentation.rows import shown_outcome
from invites.imports.presentation.summary import how_read, summary_lines
from invites.imports.result_email import find_unsent
from invites.imports.selectors.rows import filter_labels, rows_of
from invites.imports.selectors.summary import revoked_counts, summary_as_json, summary_of
from invites.models import Batch, Invitation, Row
from tests.files import csv_of, many
from tests.invites.mailing.mail_server import MailServer
from tests.pages import text_of

Run = Callable[..., Batch]


def after(batch: Batch, *, seconds: int) -> Batch:
    """The batch as if it had taken so long."""
    Batch.objects.filter(pk=batch.pk).update(created_at=timezone.now() - timedelta(seconds=seconds))
    batch.refresh_from_db()
    return batch


@pytest.fixture
def hints_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a recovery asks for is done at once."""
    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, number, **_how: task(number))


def reports(admin: User) -> list[Any]:
    return [message for message in mail.outbox if message.to == [admin.email]]


def test_the_result_of_a_long_batch_is_mailed_once_to_whoever_started_it(run: Run, admin: User, member: User) -> None:
    batch = after(run(csv_of("ann@example.com", "ben@example.com", member.email)), seconds=61)
    tasks.send_result_email(batch.pk)
    tasks.send_result_email(batch.pk)
    (report,) = reports(admin)
    assert report.subject == "2 users were invited to Acme"
    for text in (report.body, str(report.alternatives[0][0])):
        assert "2 users were invited to Acme." in text
        assert "1 was already a member" in text
        assert f"http://127.0.0.1:8000/o/acme/batches/{batch.pk}/" in text


def test_of_a_short_batch_there_is_no_mail(run: Run, admin: User) -> None:
    tasks.send_result_email(after(run(csv_of("ann@example.com")), seconds=50).pk)
    assert reports(admin) == []


def test_the_report_goes_out_when_the_batch_ends_by_itself(
    start: Run, admin: User, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = after(start(csv_of("ann@example.com")), seconds=90)
    enqueued: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, number, **_how: enqueued.append((task.name, number)))
    tasks.process_chunk(batch.pk)
    assert ("invites.tasks.send_result_email", batch.pk) in enqueued


def ended(batch: Batch, *, seconds_ago: int) -> None:
    """As if the whole batch had been earlier."""
    before = timedelta(seconds=seconds_ago)
    moments = ("created_at", "checked_at", "inviting_at", "ended_at")
    Batch.objects.filter(pk=batch.pk).update(**{moment: F(moment) - before for moment in moments})


def test_a_report_that_nobody_was_told_to_send_is_found_by_the_sweep_and_sent_once(
    run: Run, admin: User, hints_are_followed: None
) -> None:
    long, short = after(run(many(2)), seconds=90), run(csv_of("ann@example.com"))

    tasks.recover()
    assert reports(admin) == [], "Who ended it a moment ago is at it."
    ended(long, seconds_ago=20)
    ended(short, seconds_ago=20)
    tasks.recover()
    tasks.recover()

    (report,) = reports(admin)
    assert report.subject == "2 users were invited to Acme"


def test_a_report_waits_for_a_mail_server_that_is_away(
    server: MailServer, run: Run, admin: User, hints_are_followed: None
) -> None:
    batch = after(run(many(2)), seconds=90)
    ended(batch, seconds_ago=20)
    server.stop()

    tasks.recover()

    server.start()
    tasks.recover()
    assert admin.email not in server.asked, "It is left alone for a minute."
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        tasks.recover()
        tasks.recover()
    assert server.taken.count(admin.email) == 1


def test_whoever_may_not_invite_any_more_is_told_no_more(run: Run, admin: User, admin_membership: Membership) -> None:
    batch = after(run(many(2)), seconds=90)
    ended(batch, seconds_ago=20)
    admin_membership.roles.clear()

    assert find_unsent() == [batch.pk]
    tasks.send_result_email(batch.pk)

    assert reports(admin) == []
    assert find_unsent() == [], "Nor is it asked for again."


def test_a_report_that_was_refused_for_good_is_not_tried_again(
    server: MailServer, run: Run, admin: User, hints_are_followed: None
) -> None:
    batch = after(run(many(2)), seconds=90)
    ended(batch, seconds_ago=20)
    server.answers[admin.email] = ["450 4.2.0 Not now", "550 5.1.1 No such user here"]

    for seconds in (0, 61, 122, 183):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
            tasks.recover()

    assert (server.asked.count(admin.email), server.taken.count(admin.email)) == (2, 0)


def test_a_process_that_dies_with_a_report_leaves_it_to_be_sent(
    run: Run, admin: User, monkeypatch: pytest.MonkeyPatch, hints_are_followed: None
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    batch = after(run(many(2)), seconds=90)
    with monkeypatch.context() as patched:
        patched.setattr("invites.imports.result_email.EmailMultiAlternatives.send", die)
        with pytest.raises(Killed):
            tasks.send_result_email(batch.pk)

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        tasks.recover()

    assert len(reports(admin)) == 1


def test_a_report_is_not_lost_among_thousands_that_came_after(run: Run) -> None:
    batch = after(run(many(2)), seconds=90)
    ended(batch, seconds_ago=20)
    newer = Batch(organization=batch.organization, inviter=batch.inviter, grant=batch.grant, state=Batch.State.DONE)
    Batch.objects.bulk_create([copy(newer) for _ in range(1_500)])

    assert find_unsent() == [batch.pk]


def test_a_report_of_the_day_before_yesterday_is_no_news(run: Run) -> None:
    batch = after(run(many(2)), seconds=90)
    ended(batch, seconds_ago=20)
    assert find_unsent() == [batch.pk]

    ended(batch, seconds_ago=2 * 24 * 3600)

    assert find_unsent() == []


def test_who_has_not_answered_is_reminded_with_a_new_link(ines: Client, run: Run) -> None:
    batch = run(many(3))
    Invitation.objects.update(mailed_at=timezone.now() - timedelta(hours=1))
    accepted = batch.invitations.order_by("pk")[0]
    Invitation.objects.filter(pk=accepted.pk).update(state=Invitation.State.ACCEPTED)
    before = dict(batch.invitations.values_list("pk", "token_hash"))
    assert "Remind 2 people?" in ines.get(f"/o/acme/batches/{batch.pk}/remind/").content.decode()
    assert "Remind 2 people" in ines.get(f"/o/acme/batches/{batch.pk}/").content.decode()

    mail.outbox.clear()
    response = ines.post(f"/o/acme/batches/{batch.pk}/remind/", follow=True)
    assert "2 invitations will be resent." in response.content.decode()
    tasks.send_due_invitations(batch.organization_id)
    assert len(mail.outbox) == 2
    now = dict(batch.invitations.values_list("pk", "token_hash"))
    assert [pk for pk in before if now[pk] == before[pk]] == [accepted.pk]


def test_a_reminder_is_called_sent_only_when_the_server_took_it(
    server: MailServer, ines: Client, run: Run, acme: Organization
) -> None:
    batch = run(csv_of("ann@example.com", "ben@example.com", "zoe@example.com"))
    then = timezone.now() - timedelta(days=2)
    Invitation.objects.update(mailed_at=then)
    server.answers["ben@example.com"] = ["550 5.1.1 Has left the company"]
    server.answers["zoe@example.com"] = ["450 4.2.0 Come back later"]

    def told(email: str) -> str:
        shown = shown_outcome(rows_of(batch).get(email=email))
        return f"{shown.label}: {shown.detail}"

    ines.post(f"/o/acme/batches/{batch.pk}/remind/")
    assert told("ann@example.com") == "Waiting: Reminder not sent yet"
    tasks.send_due_invitations(acme.pk)

    # The rows and the report, the summary, the banner and the list of people say the same.
    assert told("ann@example.com").startswith("Waiting: Sent ")
    assert told("ben@example.com") == "Not delivered: 550 5.1.1 Has left the company"
    assert told("zoe@example.com") == "Waiting: Put off by the mail server, tried again later"
    summary = summary_of(batch)
    assert (summary.invited, summary.waiting_answer, summary.bounced, summary.unanswered) == (3, 2, 1, 2)
    assert [row.email for row in rows_of(batch, "bounced")] == ["ben@example.com"]
    assert "1 bounced" in banner_of(batch).text
    assert 'title="550 5.1.1 Has left the company">Not delivered<' in ines.get("/o/acme/users/").content.decode()
    assert "Remind 2 people" in ines.get(f"/o/acme/batches/{batch.pk}/").content.decode()
    assert "Remind 2 people?" in ines.get(f"/o/acme/batches/{batch.pk}/remind/").content.decode()


def test_whose_link_has_expired_is_counted_among_those_to_remind(ines: Client, run: Run) -> None:
    batch = run(many(2))
    expired = batch.invitations.order_by("pk")[0]
    Invitation.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(days=1))

    # The button, and the question that it leads to.
    assert "Remind 2 people" in ines.get(f"/o/acme/batches/{batch.pk}/").content.decode()
    assert "Remind 2 people?" in ines.get(f"/o/acme/batches/{batch.pk}/remind/").content.decode()


def test_undoing_takes_back_what_was_not_accepted_and_the_ledger_says_so(ines: Client, run: Run) -> None:
    batch = run(many(4))
    accepted = batch.invitations.order_by("pk")[0]
    Invitation.objects.filter(pk=accepted.pk).update(state=Invitation.State.ACCEPTED, answered_at=timezone.now())
    asked = ines.get(f"/o/acme/batches/{batch.pk}/undo/").content.decode()
    assert "1 person has accepted and stays" in asked
    assert batch.invitations.filter(state=Invitation.State.REVOKED).count() == 0

    response = ines.post(f"/o/acme/batches/{batch.pk}/undo/", follow=True)
    assert "3 invitations were taken back." in response.content.decode()
    summary = summary_of(batch)
    assert (summary.invited, summary.accepted, summary.revoked, summary.waiting_answer) == (4, 1, 3, 0)
    page = ines.get(f"/o/acme/batches/{batch.pk}/").content.decode()
    assert "withdrawn" in page
    assert "Undo batch" not in page
    assert "Remind" not in page


def test_an_undone_batch_is_called_so_wherever_it_is_named(
    ines: Client, run: Run, acme: Organization, join: Callable[..., User], client_of: Callable[[User], Client]
) -> None:
    batch = run(many(4))
    accepted = batch.invitations.order_by("pk")[0]
    Invitation.objects.filter(pk=accepted.pk).update(state=Invitation.State.ACCEPTED, answered_at=timezone.now())
    colleague = client_of(join(acme, "second@example.com", "Org Admin"))
    assert "4 users were invited to Acme." in text_of(ines.get("/o/acme/roles/").content.decode())

    colleague.post(f"/o/acme/batches/{batch.pk}/undo/")

    told = text_of(ines.get("/o/acme/roles/").content.decode())
    assert "Undone. 3 invitations were taken back. 1 person from team.csv had accepted and stays." in told
    assert "users were invited" not in told
    for page in (f"/o/acme/batches/{batch.pk}/", "/o/acme/batches/"):
        pills = re.findall(r'<span class="rc-pill[^"]*">.*?</span>', ines.get(page).content.decode(), re.DOTALL)
        assert text_of(pills[0]) == "Undone"
    assert "4 invited , 3 withdrawn Undone" in text_of(ines.get("/o/acme/batches/").content.decode())
    dialog = text_of(ines.get(f"/o/acme/batches/{batch.pk}/dialog/", headers={"HX-Request": "true"}).content.decode())
    assert "Undone. 3 invitations were taken back" in dialog
    batch.refresh_from_db()
    assert summary_as_json(batch)["state"] == "done"


def test_what_was_revoked_by_hand_before_is_not_told_as_undone(
    ines: Client, run: Run, acme: Organization, join: Callable[..., User], client_of: Callable[[User], Client]
) -> None:
    batch = run(many(3))
    by_hand = batch.invitations.order_by("pk")[0]
    ines.post(f"/o/acme/invitations/{by_hand.pk}/revoke/")
    colleague = client_of(join(acme, "second@example.com", "Org Admin"))

    response = colleague.post(f"/o/acme/batches/{batch.pk}/undo/", follow=True)

    assert "2 invitations were taken back. Their links do not work" in text_of(response.content.decode())
    assert "Undone. 2 invitations were taken back." in text_of(ines.get("/o/acme/roles/").content.decode())
    batch.refresh_from_db()
    assert (summary_of(batch).undone, summary_of(batch).revoked) == (2, 3)


def test_whom_the_mail_server_refused_is_not_counted_as_withdrawn(run: Run) -> None:
    batch = run(many(4))
    _refuse(batch)

    summary = summary_of(batch)

    assert (summary.invited, summary.waiting_answer, summary.revoked, summary.mail_refused) == (3, 3, 0, 1)
    assert revoked_counts([batch]) == {}
    for group in summary_lines(summary):
        for line in group:
            assert rows_of(batch, line.outcome).count() == line.count, line.label


def _refuse(batch: Batch) -> None:
    """What a worker does when the server will not take mail to the first of them."""
    refused = batch.invitations.order_by("pk")[0]
    taken_back = {
        "state": Invitation.State.REVOKED,
        "mail_state": Invitation.Mail.FAILED,
        "answered_at": timezone.now(),
    }
    Invitation.objects.filter(pk=refused.pk).update(**taken_back)
    batch.rows.filter(invitation=refused).update(outcome=Row.Outcome.FAILED, reason=Row.Reason.MAIL_REFUSED)


def test_whoever_undoes_their_own_batch_need_not_close_its_banner(ines: Client, run: Run) -> None:
    batch = run(many(2))
    ines.post(f"/o/acme/batches/{batch.pk}/undo/")
    ines.get("/o/acme/batches/")
    assert "taken back" not in ines.get("/o/acme/roles/").content.decode()


def test_undoing_what_still_runs_stops_it_first(ines: Client, start: Run, work: Run) -> None:
    batch = start(many(2))
    ines.post(f"/o/acme/batches/{batch.pk}/undo/")
    batch = work(batch)
    assert batch.state == Batch.State.STOPPED
    assert Invitation.objects.count() == 0
    assert mail.outbox == []


def test_in_the_dialog_the_page_behind_is_told(dialog: Client, run: Run) -> None:
    batch = run(many(1))
    response = dialog.post(f"/o/acme/batches/{batch.pk}/undo/")
    assert response.status_code == 204
    assert all(event in response["HX-Trigger"] for event in ("dialog:close", "batch:ended", "shell:changed"))


def test_each_line_of_the_ledger_counts_what_its_filter_lists(run: Run, member: User) -> None:
    batch = run(csv_of(member.email, "a@example.com", "A@example.com", *(f"p{n}@example.com" for n in range(5))))
    states: list[dict[str, Any]] = [
        {"state": Invitation.State.ACCEPTED},
        {"state": Invitation.State.REVOKED},
        {"mail_state": Invitation.Mail.BOUNCED},
        {"expires_at": timezone.now() - timedelta(days=1)},
        {"expires_at": timezone.now() - timedelta(days=1), "mail_state": Invitation.Mail.FAILED},
    ]
    for invitation, changed in zip(batch.invitations.order_by("pk"), states, strict=False):
        Invitation.objects.filter(pk=invitation.pk).update(**changed)
    lines = [line for group in summary_lines(summary_of(batch)) for line in group]
    assert {line.outcome for line in lines} == set(filter_labels())
    assert {line.label: line.count for line in lines} == {
        line.label: rows_of(batch, line.outcome).count() for line in lines
    }
    assert sum(line.count for line in lines if not line.is_part) == summary_of(batch).rows == 8
    invited = [line.count for line in lines[:6]]
    assert invited == [6, 1, 1, 2, 1, 1]
    assert invited[0] == sum(invited[1:])


@pytest.mark.parametrize(
    ("encoding", "delimiter", "ignored", "said"),
    [
        ("UTF-8", "semicolon", [], "Read as UTF-8 with semicolons."),
        ("UTF-8 with BOM", "comma", [], "Read as UTF-8 with BOM and commas."),
        ("UTF-8", "comma", ["Team"], "Read as UTF-8 with commas. The column “Team” was not read."),
        ("UTF-8", "tab", ["A", "B", "C"], "Read as UTF-8 with tabs. The columns “A”, “B” and “C” were not read."),
        ("", "", [], ""),
    ],
)
def test_how_a_file_was_read_is_said_in_words(encoding: str, delimiter: str, ignored: list[str], said: str) -> None:
    assert how_read(Batch(encoding=encoding, delimiter=delimiter, ignored_columns=ignored)) == said


def test_who_may_not_invite_reminds_nobody_and_undoes_nothing(
    client_of: Callable[[User], Client], manager: User, run: Run
) -> None:
    batch = run(many(1))
    assert client_of(manager).post(f"/o/acme/batches/{batch.pk}/remind/").status_code == 403
    assert client_of(manager).post(f"/o/acme/batches/{batch.pk}/undo/").status_code == 403
    assert batch.invitations.filter(state=Invitation.State.PENDING).count() == 1
