"""A batch that is inviting at this moment has one figure, wherever it is told."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from invites import tasks
from invites.models import Batch, Invitation
from invites.services import leases
from tests.batches.conftest import many
from tests.people.conftest import text_of


def test_the_list_counts_whom_the_sidebar_counts(ines: Client, start: Callable[..., Batch]) -> None:
    batch = start(many(450))
    lease = leases.claim_range(batch.pk)
    assert lease is not None
    tasks.work_on_range(lease)
    some = list(batch.invitations.values_list("pk", flat=True)[:80])
    Invitation.objects.filter(pk__in=some).update(mail_state=Invitation.Mail.QUEUED)

    words = text_of(ines.get("/o/acme/batches/").content.decode())

    assert "120 of 450 people" in words
    assert "120 invited Inviting" in words


def test_the_question_before_stopping_stays_true_while_it_goes_on(ines: Client, start: Callable[..., Batch]) -> None:
    batch = start(many(450))
    lease = leases.claim_range(batch.pk)
    assert lease is not None
    tasks.work_on_range(lease)

    words = text_of(ines.get(f"/o/acme/batches/{batch.pk}/stop/").content.decode())

    assert "200 people were invited when you pressed Stop. Whoever is invited stays invited." in words
