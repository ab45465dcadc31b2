"""Importing deactivated members: they are skipped with a reason, and the results offer to reactivate them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership, Organization, User
from invites.imports import invite
from invites.imports.result_email import send_result_email
from invites.imports.selectors.progress import progress_now
from invites.imports.selectors.summary import summary_of
from invites.management.batch_results import batch_as_json, batch_as_text
from invites.models import Batch, Invitation, Row
from tests.files import csv_of, many
from tests.invites.imports.chunk_work import invite_one_chunk
from tests.invites.mailing.mail import addresses
from tests.pages import downloaded, text_of, url_of, words_of

Run = Callable[..., Batch]
ClientOf = Callable[[User | None], Client]
HTMX = {"HX-Request": "true"}
FILE = csv_of("MEMBER@example.com,Mara,Conti,", "manager@example.com,Piet,Janssens,", "new@example.com,Nea,Wall,")


@pytest.fixture
def off(member_membership: Membership, manager_membership: Membership) -> list[Membership]:
    """Two deactivated members: Mara has Lyon depot, Piet has all sites."""
    members = [member_membership, manager_membership]
    Membership.objects.filter(pk__in=[each.pk for each in members]).update(deactivated_at=timezone.now())
    return members


@pytest.fixture
def batch(off: list[Membership], run: Run) -> Batch:
    """An import of both, and of somebody new."""
    return run(FILE)


def test_skips_them_and_says_why(batch: Batch) -> None:
    summary = summary_of(batch)
    assert (summary.rows, summary.invited, summary.skips["deactivated"], summary.skipped) == (3, 1, 2, 2)
    assert list(batch.rows.filter(reason=Row.Reason.DEACTIVATED).values_list("number", flat=True)) == [2, 3]
    assert addresses(mail.outbox) == ["new@example.com"]
    assert Membership.objects.filter(deactivated_at__isnull=False).count() == 2


def test_active_members_are_told_apart(off: list[Membership], run: Run, admin: User) -> None:
    summary = summary_of(run(csv_of("member@example.com", admin.email)))
    assert (summary.skips["already_member"], summary.skips["deactivated"]) == (1, 1)


def test_a_member_of_another_organization_is_invited(run: Run, outsider: User) -> None:
    Membership.objects.filter(user=outsider).update(deactivated_at=timezone.now())
    assert summary_of(run(csv_of(outsider.email))).invited == 1


def test_somebody_who_is_deactivated_while_they_are_invited(
    run: Run,
    admin_membership: Membership,
    acme: Organization,
    join: Callable[..., User],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The person accepted another invitation after the first look at the members, and was deactivated at once."""
    insert = invite._insert

    def late(batch: Batch, people: object) -> object:
        found = insert(batch, people)  # type: ignore[arg-type]
        if not User.objects.filter(email="late@example.com").exists():
            user = join(acme, "late@example.com", "ReadOnly")
            Membership.objects.filter(user=user).update(deactivated_at=timezone.now())
        return found

    monkeypatch.setattr(invite, "_insert", late)
    batch = run(csv_of("late@example.com"))
    assert summary_of(batch).skips["deactivated"] == 1
    assert not Invitation.objects.exists()


@pytest.mark.servers
def test_every_place_names_the_reason(ines: Client, batch: Batch) -> None:
    banner = words_of(ines.get("/o/acme/users/"))
    assert "From team.csv: 2 are deactivated." in banner
    page = ines.get(url_of(batch))
    lines = {line.label: line.count for group in page.context["summary_lines"] for line in group}
    assert (lines["Skipped"], lines["deactivated"]) == (2, 2)
    assert "Skipped Deactivated Reactivate row 2" in words_of(page)
    filtered = ines.get(url_of(batch), {"outcome": "deactivated"})
    assert [row.number for row, *_ in filtered.context["listed"]] == [2, 3]
    report = downloaded(ines.get(url_of(batch, "imports:batch_download")))
    assert re.search(r"^2,member@example.com,Mara,Conti,,Skipped,Deactivated,", report, re.M | re.I)
    assert json.loads(json.dumps(batch_as_json(batch)))["skipped"]["deactivated"] == 2
    assert re.search(r"Deactivated +2\n", batch_as_text(batch))
    assert "2 are deactivated." in batch_as_text(batch)


def test_the_line_is_left_out_where_nobody_is_deactivated(ines: Client, run: Run) -> None:
    batch = run(csv_of("new@example.com"))
    page = words_of(ines.get(url_of(batch)))
    assert "deactivated" not in page
    assert "Deactivated" not in batch_as_text(batch)


@pytest.mark.servers
def test_the_result_email_names_them(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk).update(checked_at=batch.created_at + timedelta(minutes=3), result_emailed_at=None)
    mail.outbox.clear()
    send_result_email(batch.pk)
    assert "2 are deactivated." in str(mail.outbox[0].body)


def test_they_are_no_part_of_the_progress(off: list[Membership], start: Run) -> None:
    batch = start(FILE)
    invite_one_chunk(batch)
    progress = progress_now(batch)
    assert progress is not None
    assert (progress.total, progress.skipped) == (1, 2)


# --- Reactivating from the results ---------------------------------------------------------------------------


def url(batch: Batch) -> str:
    return url_of(batch, "imports:batch_reactivate")


def test_one_person_is_reactivated_from_their_row(ines: Client, batch: Batch, off: list[Membership]) -> None:
    page = ines.get(url_of(batch)).content.decode()
    assert f'hx-get="/o/acme/users/{off[0].pk}/reactivate/"' in page

    answer = ines.post(f"/o/acme/users/{off[0].pk}/reactivate/", headers=HTMX)

    # The page of the import reloads itself.
    assert "batch:ended" in answer.headers["HX-Trigger"]
    page = ines.get(url_of(batch)).content.decode()
    assert f"/users/{off[0].pk}/reactivate/" not in page
    assert f"/users/{off[1].pk}/reactivate/" in page
    assert "1 person in this file is deactivated" in text_of(page)


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["dialog", "page"])
def test_all_are_reactivated_at_once(
    headers: dict[str, str], ines: Client, batch: Batch, off: list[Membership], member: User, client_of: ClientOf
) -> None:
    assert "2 people in this file are deactivated" in words_of(ines.get(url_of(batch)))
    asked = text_of(ines.get(url(batch), headers=headers).content.decode())
    assert "Reactivate 2 people?" in asked
    assert "They get back the roles and sites that they had, not those of this import. No email is sent." in asked

    answer = ines.post(url(batch), headers=headers)

    assert answer.status_code == (204 if headers else 302)
    assert client_of(member).get("/o/acme/").status_code == 200
    entry = ActivityEntry.objects.get(action=Action.REACTIVATED_MANY)
    assert (entry.affected_count, entry.actor_name) == (2, "Ines Martin")
    page = words_of(ines.get(url_of(batch)))
    assert "2 users were reactivated." in page
    assert "in this file are deactivated" not in page
    assert "Reactivate" not in page
    assert "Nobody in this file is deactivated anymore." in words_of(ines.get(url(batch)))


@pytest.mark.servers
def test_people_with_more_access_are_skipped(
    batch: Batch, off: list[Membership], limited: Membership, client_of: ClientOf
) -> None:
    client = client_of(limited.user)
    page = words_of(client.get(url_of(batch)))
    assert "Reactivate row 2" in page
    assert "Reactivate row 3" not in page
    client.post(url(batch))
    assert "1 user was reactivated. 1 was skipped because they have access you don’t have." in words_of(
        client.get(url_of(batch))
    )
    assert [Membership.objects.get(pk=each.pk).deactivated_at is None for each in off] == [True, False]


def test_only_those_who_manage_users(batch: Batch, lesser: Membership, outsider: User, client_of: ClientOf) -> None:
    client = client_of(lesser.user)
    page = client.get(url_of(batch))
    assert page.status_code == 200
    assert "Skipped Deactivated" in words_of(page)
    assert "eactivate" not in words_of(page).replace("eactivated", "")
    for user, status in ((lesser.user, 403), (outsider, 404)):
        assert client_of(user).get(url(batch)).status_code == status
        assert client_of(user).post(url(batch)).status_code == status
    assert Membership.objects.filter(deactivated_at__isnull=False).count() == 2


def test_the_page_takes_as_many_queries_for_one_as_for_many(
    ines: Client, run: Run, acme: Organization, join: Callable[..., User]
) -> None:
    people = [f"off{number}@example.com" for number in range(20)]
    members = [join(acme, email, "ReadOnly").memberships.get().pk for email in people]
    off = Membership.objects.filter(pk__in=members)
    off.update(deactivated_at=timezone.now())
    batch = run(csv_of(*people))
    ines.get(url_of(batch))
    counts = []
    for deactivated in (20, 1):
        off.filter(pk__in=members[deactivated:]).update(deactivated_at=None)
        with CaptureQueriesContext(connection) as queries:
            assert ines.get(url_of(batch)).context["deactivated"] == deactivated
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_batch_without_them_asks_nothing_about_members(ines: Client, run: Run) -> None:
    batch = run(many(3))
    with CaptureQueriesContext(connection) as queries:
        ines.get(url_of(batch))
    assert not [query for query in queries if 'deactivated_at" IS NOT NULL' in query["sql"]]
