"""Reminding everyone who hasn't responded to an import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Organization
from invites import tasks
from invites.imports.presentation.banners import banner_of
from invites.imports.presentation.rows import shown_outcome
from invites.imports.selectors.rows import rows_of
from invites.imports.selectors.summary import summary_of
from invites.models import Batch, Invitation
from tests.files import csv_of, many
from tests.invites.mailing.mail_server import MailServer

Run = Callable[..., Batch]


def test_a_reminder_has_a_new_link(ines: Client, run: Run) -> None:
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


def test_a_reminder_is_shown_as_sent_after_the_server_accepted_it(
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

    # The rows, the report, the summary, the banner and the list of users agree.
    assert told("ann@example.com").startswith("Waiting: Sent ")
    assert told("ben@example.com") == "Not delivered: 550 5.1.1 Has left the company"
    assert told("zoe@example.com") == "Waiting: Delayed by the mail server. We’ll try again."
    summary = summary_of(batch)
    assert (summary.invited, summary.waiting_answer, summary.bounced, summary.unanswered) == (3, 2, 1, 2)
    assert [row.email for row in rows_of(batch, "bounced")] == ["ben@example.com"]
    assert "1 email bounced" in banner_of(batch).text
    assert 'title="550 5.1.1 Has left the company">Not delivered<' in ines.get("/o/acme/users/").content.decode()
    assert "Remind 2 people" in ines.get(f"/o/acme/batches/{batch.pk}/").content.decode()
    assert "Remind 2 people?" in ines.get(f"/o/acme/batches/{batch.pk}/remind/").content.decode()


def test_people_with_an_expired_link_can_be_reminded(ines: Client, run: Run) -> None:
    batch = run(many(2))
    expired = batch.invitations.order_by("pk")[0]
    Invitation.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(days=1))

    # The button, and the question that it opens.
    assert "Remind 2 people" in ines.get(f"/o/acme/batches/{batch.pk}/").content.decode()
    assert "Remind 2 people?" in ines.get(f"/o/acme/batches/{batch.pk}/remind/").content.decode()
