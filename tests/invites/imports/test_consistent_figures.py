"""All pages show the same numbers of a running import."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Membership, Role, User
from invites.imports.presentation.banners import banner_of
from invites.imports.stop import stop_batch
from invites.models import Batch, Invitation, Row
from tests.files import many
from tests.invites.imports.chunk_work import invite_one_chunk, process_one_chunk
from tests.pages import HTMX, text_of, url_of


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.servers
def test_the_list_has_the_same_count_as_the_sidebar(ines: Client, start: Callable[..., Batch]) -> None:
    batch = start(many(45))
    process_one_chunk(batch)
    some = list(batch.invitations.values_list("pk", flat=True)[:8])
    Invitation.objects.filter(pk__in=some).update(mail_state=Invitation.Mail.QUEUED)

    words = text_of(ines.get("/o/acme/batches/").content.decode())

    assert "12 of 45 people" in words
    assert "12 invited Inviting" in words


@pytest.mark.usefixtures("small_chunks")
def test_the_question_before_stopping_stays_true_while_the_import_runs(
    ines: Client, start: Callable[..., Batch]
) -> None:
    batch = start(many(45))
    process_one_chunk(batch)

    words = text_of(ines.get(f"/o/acme/batches/{batch.pk}/stop/").content.decode())

    assert "20 people have already been invited and stay invited." in words


def invite_chunks(batch: Batch, *, count: int = 1) -> Batch:
    """A batch with this many chunks that are invited, but not sent."""
    for _ in range(count):
        invite_one_chunk(batch)
    return batch


def refuse(batch: Batch, count: int) -> None:
    """Do what a worker does when the mail server refuses addresses permanently."""
    refused = list(batch.invitations.order_by("pk").values_list("pk", flat=True)[:count])
    found = Invitation.objects.filter(pk__in=refused)
    found.update(state=Invitation.State.REVOKED, mail_state=Invitation.Mail.FAILED)
    batch.rows.filter(invitation__in=refused).update(outcome=Row.Outcome.FAILED, reason=Row.Reason.MAIL_REFUSED)


def seen(client: Client, batch: Batch, name: str) -> str:
    return text_of(client.get(url_of(batch, name), headers=HTMX).content.decode())


@pytest.mark.usefixtures("small_chunks")
def test_the_question_before_stopping_has_the_counts_of_the_progress(ines: Client, start: Callable[..., Batch]) -> None:
    batch = invite_chunks(start(many(45)))
    Invitation.objects.filter(pk__in=batch.invitations.values("pk")[:15]).update(mail_state=Invitation.Mail.SENT)

    assert "15 of 45 people" in seen(ines, batch, "imports:batch_dialog")
    assert (
        "15 people have already been invited and stay invited. "
        "5 more people have been invited. Their emails are still being sent."
    ) in seen(ines, batch, "imports:batch_stop")


@pytest.mark.usefixtures("small_chunks")
def test_before_the_first_email_nobody_counts_as_done(ines: Client, start: Callable[..., Batch]) -> None:
    batch = start(many(45))
    assert "Nobody has been invited yet, and nobody will be." in seen(ines, batch, "imports:batch_stop")

    invite_chunks(batch)

    assert "20 people have already been invited and stay invited. Their emails are still" in seen(
        ines, batch, "imports:batch_stop"
    )


def test_all_pages_say_that_only_emails_are_left(ines: Client, start: Callable[..., Batch]) -> None:
    batch = invite_chunks(start(many(50)))
    Invitation.objects.filter(pk__in=batch.invitations.values("pk")[:12]).update(mail_state=Invitation.Mail.SENT)

    dialog = seen(ines, batch, "imports:batch_dialog")
    assert "12 of 50 people" in dialog
    assert "Everyone has been invited. 38 emails are still being sent." in dialog
    asked = seen(ines, batch, "imports:batch_stop")
    assert "Everyone has already been invited and stays invited. 38 emails are still being sent" in asked

    stop_batch(batch)

    banner = banner_of(batch)
    assert banner.title == "Stopped. 50 users were invited to Acme."
    assert banner.text == "Everyone had already been invited. 38 emails are still being sent."
    assert "38 emails are still being sent" in seen(ines, batch, "imports:batch")
    Invitation.objects.update(mail_state=Invitation.Mail.SENT)
    assert banner_of(batch).text == "Everyone had already been invited."


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.servers
def test_a_stopped_import_counts_not_invited_unsent_and_refused_people(
    start: Callable[..., Batch],
) -> None:
    batch = invite_chunks(start(many(45)))
    refuse(batch, 2)

    stop_batch(batch)

    assert banner_of(batch).text == (
        "25 people in team.csv were not invited. 18 emails are still being sent. 2 emails couldn’t be sent."
    )


def test_a_batch_stopped_before_anyone_was_invited_shows_no_zero(start: Callable[..., Batch]) -> None:
    batch = start(many(1))

    stop_batch(batch)

    assert banner_of(batch).title == "Stopped. Nobody was invited to Acme."
    assert banner_of(batch).text == "1 person in team.csv was not invited."


def test_why_a_batch_was_stopped_comes_first(start: Callable[..., Batch], admin_membership: Membership) -> None:
    batch = start(many(3))
    admin_membership.roles.set(Role.objects.filter(name="ReadOnly"))

    invite_chunks(batch)

    batch.refresh_from_db()
    assert banner_of(batch).text == (
        "The person who started this can no longer invite users. 3 people in team.csv were not invited."
    )


@pytest.mark.usefixtures("small_chunks")
def test_refused_people_count_as_invited_nowhere(ines: Client, start: Callable[..., Batch], admin: User) -> None:
    batch = start(many(45))
    process_one_chunk(batch)
    refuse(batch, 2)

    words = text_of(ines.get("/o/acme/batches/").content.decode())

    assert "18 of 43 people" in words
    assert "18 invited Inviting" in words
    assert "2 people couldn’t be invited." in seen(ines, batch, "imports:batch_dialog")
