"""Resending the invitations of an import to everyone who hasn't responded."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Organization, Role, User
from invites import tasks
from invites.imports.presentation.banners import banner_of
from invites.imports.presentation.rows import shown_outcome
from invites.imports.selectors.rows import rows_of
from invites.imports.selectors.summary import summary_of
from invites.models import Batch, Invitation
from tests.files import csv_of, many
from tests.invites.invitations.helpers import Invite
from tests.invites.mailing.mail_server import MailServer
from tests.pages import words_of

Run = Callable[..., Batch]


def review(client: Client, batch: Batch) -> str:
    return words_of(client.get(f"/o/acme/batches/{batch.pk}/resend/"))


def resend(client: Client, batch: Batch, **headers: Any) -> Any:
    """Confirm what the review shows."""
    path = f"/o/acme/batches/{batch.pk}/resend/"
    seen = re.search(r'name="seen" value="([^"]*)"', client.get(path).content.decode())
    assert seen
    return client.post(path, {"step": "start", "seen": unescape(seen[1])}, **headers)


def test_an_invitation_that_is_resent_has_a_new_link(ines: Client, imported: Run) -> None:
    batch = imported(many(3))
    Invitation.objects.update(mail_finished_at=timezone.now() - timedelta(hours=1))
    accepted = batch.invitations.order_by("pk")[0]
    Invitation.objects.filter(pk=accepted.pk).update(state=Invitation.State.ACCEPTED, closed_at=timezone.now())
    before = dict(batch.invitations.values_list("pk", "token_hash"))
    assert "Resend to 2 people" in words_of(ines.get(f"/o/acme/batches/{batch.pk}/"))
    assert "Resend 2 invitations?" in review(ines, batch)

    mail.outbox.clear()
    response = resend(ines, batch, follow=True)
    assert "2 invitations will be resent." in response.content.decode()
    assert response.redirect_chain[-1][0] == f"/o/acme/batches/{batch.pk}/"
    tasks.send_due_invitations(batch.organization_id)
    assert len(mail.outbox) == 2
    now = dict(batch.invitations.values_list("pk", "token_hash"))
    assert [pk for pk in before if now[pk] == before[pk]] == [accepted.pk]


def test_the_review_counts_whom_it_skips(ines: Client, imported: Run, invite: Invite) -> None:
    batch = imported(many(4))
    Invitation.objects.update(mail_finished_at=timezone.now() - timedelta(hours=1))
    others = invite("other@people.example.com")
    ids = list(batch.invitations.order_by("pk").values_list("pk", flat=True))
    Invitation.objects.filter(pk=ids[0]).update(mail_finished_at=timezone.now())
    Invitation.objects.filter(pk=ids[1]).update(expires_at=timezone.now() - timedelta(days=1))

    page = review(ines, batch)

    assert "Resend 3 invitations?" in page
    assert "Selected 4" in page
    assert "Skipped" in page
    resend(ines, batch)
    assert set(Invitation.objects.filter(times_resent=1).values_list("pk", flat=True)) == set(ids[1:])
    others.refresh_from_db()
    assert others.times_resent == 0


def test_starts_nothing_if_the_numbers_have_changed_since_the_review(ines: Client, imported: Run) -> None:
    batch = imported(many(3))
    Invitation.objects.update(mail_finished_at=timezone.now() - timedelta(hours=1))
    path = f"/o/acme/batches/{batch.pk}/resend/"
    seen = re.search(r'name="seen" value="([^"]*)"', ines.get(path).content.decode())
    accepted = batch.invitations.order_by("pk")[0]
    Invitation.objects.filter(pk=accepted.pk).update(state=Invitation.State.ACCEPTED, closed_at=timezone.now())

    page = words_of(ines.post(path, {"step": "start", "seen": unescape(seen[1])}))  # type: ignore[index]

    assert "The numbers have changed since you looked." in page
    assert not Invitation.objects.exclude(times_resent=0).exists()


def test_a_member_who_sees_nobody_else_resends_only_their_own_import(
    acme: Organization, join: Callable[..., User], client_of: Callable[[User], Client], imported: Run
) -> None:
    allowed = Role.objects.get(organization=acme, name="ReadOnly").permissions
    Role.objects.create(organization=acme, name="Blind inviter", permissions=[*allowed, "users.invite"])
    blind = join(acme, "blind@example.com", "Blind inviter").memberships.get()
    own, other = imported(many(2), by=blind), imported(csv_of("zoe@example.com"))
    Invitation.objects.update(mail_finished_at=timezone.now() - timedelta(hours=1))
    client = client_of(blind.user)

    assert client.get(f"/o/acme/batches/{other.pk}/resend/").status_code == 404
    resend(client, own)

    assert set(Invitation.objects.filter(times_resent=1).values_list("batch", flat=True)) == {own.pk}


def test_is_shown_as_sent_after_the_server_accepted_it(
    server: MailServer, ines: Client, imported: Run, acme: Organization
) -> None:
    batch = imported(csv_of("ann@example.com", "ben@example.com", "zoe@example.com"))
    then = timezone.now() - timedelta(days=2)
    Invitation.objects.update(mail_finished_at=then)
    server.answers["ben@example.com"] = ["550 5.1.1 Has left the company"]
    server.answers["zoe@example.com"] = ["450 4.2.0 Come back later"]

    def told(email: str) -> str:
        shown = shown_outcome(rows_of(batch).get(email=email))
        return f"{shown.label}: {shown.detail}"

    resend(ines, batch)
    assert told("ann@example.com") == "Pending: Reminder not sent yet"
    tasks.send_due_invitations(acme.pk)

    # The rows, the report, the summary, the banner and the list of users agree.
    assert told("ann@example.com").startswith("Pending: Sent ")
    assert told("ben@example.com") == "Not delivered: 550 5.1.1 Has left the company"
    assert told("zoe@example.com") == "Pending: Delayed by the mail server. We’ll try again."
    summary = summary_of(batch)
    assert (summary.invited, summary.waiting_answer, summary.bounced, summary.unanswered) == (3, 2, 1, 2)
    assert [row.email for row in rows_of(batch, "bounced")] == ["ben@example.com"]
    assert "1 email bounced" in banner_of(batch).text
    assert 'title="550 5.1.1 Has left the company">Not delivered<' in ines.get("/o/acme/users/").content.decode()
    assert "Resend to 2 people" in words_of(ines.get(f"/o/acme/batches/{batch.pk}/"))
    assert "Skipped · sent less than a minute ago 1 Selected 2" in review(ines, batch)


def test_expired_invitations_are_resent_too(ines: Client, imported: Run) -> None:
    batch = imported(many(2))
    Invitation.objects.update(mail_finished_at=timezone.now() - timedelta(hours=1))
    expired = batch.invitations.order_by("pk")[0]
    Invitation.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(days=1))

    # The button, and the question that it opens.
    assert "Resend to 2 people" in words_of(ines.get(f"/o/acme/batches/{batch.pk}/"))
    assert "Resend 2 invitations?" in review(ines, batch)
