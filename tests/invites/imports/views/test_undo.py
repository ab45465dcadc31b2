"""Undoing an import on its page."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Organization, User
from invites.imports.selectors.summary import summary_as_json, summary_of
from invites.models import Batch, Invitation
from tests.files import many
from tests.pages import text_of

Run = Callable[..., Batch]


def test_undoing_revokes_what_was_not_accepted_and_the_summary_shows_it(ines: Client, imported: Run) -> None:
    batch = imported(many(4))
    accepted = batch.invitations.order_by("pk")[0]
    Invitation.objects.filter(pk=accepted.pk).update(state=Invitation.State.ACCEPTED, closed_at=timezone.now())
    asked = ines.get(f"/o/acme/batches/{batch.pk}/undo/").content.decode()
    assert "1 person has accepted and stays" in asked
    assert "3 invitations that haven’t been accepted are revoked, and their links stop working." in text_of(asked)
    assert "You can’t undo this." in asked
    assert batch.invitations.filter(state=Invitation.State.REVOKED).count() == 0

    response = ines.post(f"/o/acme/batches/{batch.pk}/undo/", follow=True)
    assert "3 invitations were revoked." in response.content.decode()
    summary = summary_of(batch)
    assert (summary.invited, summary.accepted, summary.revoked, summary.waiting_answer) == (4, 1, 3, 0)
    page = ines.get(f"/o/acme/batches/{batch.pk}/").content.decode()
    assert "revoked" in page
    assert "Undo import" not in page
    assert "Remind" not in page


def test_an_undone_import_is_called_undone_everywhere(
    ines: Client, imported: Run, acme: Organization, join: Callable[..., User], client_of: Callable[[User], Client]
) -> None:
    batch = imported(many(4))
    accepted = batch.invitations.order_by("pk")[0]
    Invitation.objects.filter(pk=accepted.pk).update(state=Invitation.State.ACCEPTED, closed_at=timezone.now())
    colleague = client_of(join(acme, "second@example.com", "Org Admin"))
    assert "4 users were invited to Acme." in text_of(ines.get("/o/acme/roles/").content.decode())

    colleague.post(f"/o/acme/batches/{batch.pk}/undo/")

    told = text_of(ines.get("/o/acme/roles/").content.decode())
    assert "Undone. 3 invitations were revoked. 1 person from team.csv had already accepted and stays a member." in told
    assert "users were invited" not in told
    for page in (f"/o/acme/batches/{batch.pk}/", "/o/acme/batches/"):
        pills = re.findall(r'<span class="rc-pill[^"]*">.*?</span>', ines.get(page).content.decode(), re.DOTALL)
        assert text_of(pills[0]) == "Undone"
    assert "4 invited, 3 revoked Undone" in text_of(ines.get("/o/acme/batches/").content.decode())
    dialog = text_of(ines.get(f"/o/acme/batches/{batch.pk}/dialog/", headers={"HX-Request": "true"}).content.decode())
    assert "Undone. 3 invitations were revoked" in dialog
    batch.refresh_from_db()
    assert summary_as_json(batch)["state"] == "done"


def test_invitations_revoked_one_by_one_do_not_count_as_undone(
    ines: Client, imported: Run, acme: Organization, join: Callable[..., User], client_of: Callable[[User], Client]
) -> None:
    batch = imported(many(3))
    by_hand = batch.invitations.order_by("pk")[0]
    ines.post(f"/o/acme/invitations/{by_hand.pk}/revoke/")
    colleague = client_of(join(acme, "second@example.com", "Org Admin"))

    response = colleague.post(f"/o/acme/batches/{batch.pk}/undo/", follow=True)

    assert "2 invitations were revoked. Their links no longer work" in text_of(response.content.decode())
    assert "Undone. 2 invitations were revoked." in text_of(ines.get("/o/acme/roles/").content.decode())
    batch.refresh_from_db()
    assert (summary_of(batch).undone, summary_of(batch).revoked) == (2, 3)


def test_undoing_ones_own_import_shows_no_banner(ines: Client, imported: Run) -> None:
    batch = imported(many(2))
    ines.post(f"/o/acme/batches/{batch.pk}/undo/")
    ines.get("/o/acme/batches/")
    assert "were revoked" not in ines.get("/o/acme/roles/").content.decode()


def test_undoing_a_running_import_stops_it_first(ines: Client, start: Run, work: Run) -> None:
    batch = start(many(2))
    ines.post(f"/o/acme/batches/{batch.pk}/undo/")
    batch = work(batch)
    assert batch.state == Batch.State.STOPPED
    assert Invitation.objects.count() == 0
    assert mail.outbox == []


def test_undoing_in_the_dialog_updates_the_page(dialog: Client, imported: Run) -> None:
    batch = imported(many(1))
    response = dialog.post(f"/o/acme/batches/{batch.pk}/undo/")
    assert response.status_code == 204
    assert all(event in response["HX-Trigger"] for event in ("dialog:close", "batch:ended", "shell:changed"))


def test_reminding_and_undoing_need_the_permission(
    client_of: Callable[[User], Client], manager: User, imported: Run
) -> None:
    batch = imported(many(1))
    assert client_of(manager).post(f"/o/acme/batches/{batch.pk}/resend/").status_code == 403
    assert client_of(manager).post(f"/o/acme/batches/{batch.pk}/undo/").status_code == 403
    assert batch.invitations.filter(state=Invitation.State.PENDING).count() == 1
