"""Rows that weren't invited by their import, fixed after it has ended: their people join the import."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from invites.imports.selectors.summary import summary_of
from invites.imports.undo import undo_import
from invites.invitations.invite import invite_person
from invites.invitations.late_rows import find_late_row
from invites.models import Batch, Invitation, Row
from tests.concurrency import at_once
from tests.files import csv_of
from tests.invites.mailing.mail import send_now
from tests.pages import HTMX, downloaded, words_of
from tests.rules import domain_error

Run = Callable[..., Batch]
ClientOf = Callable[[User | None], Client]
ANN, BEN, NOTE = "ann@example.com,Ann,Lee,", "ben@@example.com,Ben,Fox,Night shift", "Total: 2,,,"


@pytest.fixture
def ended(start: Run, work: Run) -> Batch:
    """Ann is invited. Row 3 has a problem, and row 4 isn't a person."""
    batch = work(start(csv_of(ANN, BEN, NOTE), only_valid=True))
    assert batch.state == Batch.State.DONE
    return batch


def page_of(batch: Batch, outcome: str = "") -> str:
    return f"/o/acme/batches/{batch.pk}/" + (f"?outcome={outcome}" if outcome else "")


def dialog_of(batch: Batch, number: int) -> str:
    return f"/o/acme/invite/?import={batch.pk}&row={number}"


@pytest.fixture
def filled(acme: Organization, sites: list[Site]) -> dict[str, Any]:
    roles = [Role.objects.get(organization=acme, name="ReadOnly").pk]
    return {
        "email": "ben@example.com",
        "first_name": "Ben",
        "last_name": "Fox",
        "description": "Night shift",
        "roles": roles,
        "sites": [sites[0].pk],
    }


def test_the_results_offer_it_and_the_dialog_says_what_was_wrong(ines: Client, ended: Batch) -> None:
    assert "Fix and invite row 3" in words_of(ines.get(page_of(ended)))
    assert "Import anyway row 4" in words_of(ines.get(page_of(ended)))

    answer = ines.get(dialog_of(ended, 3), headers=HTMX)

    assert "Row 3 of team.csv Email: This address has 2 @ signs." in words_of(answer)
    assert "Many people at once?" not in words_of(answer)
    html = answer.content.decode()
    assert 'value="ben@@example.com"' in html
    assert 'value="Night shift"' in html


def test_the_person_joins_the_import(ines: Client, ended: Batch, filled: dict[str, Any], admin: User) -> None:
    answer = ines.post(dialog_of(ended, 3), filled, follow=True)

    assert answer.redirect_chain[-1][0] == f"{page_of(ended)}#rows"
    assert "ben@example.com was invited." in words_of(answer)
    invitation = Invitation.objects.get(email="ben@example.com")
    row = ended.rows.get(number=3)
    assert (invitation.batch, invitation.row) == (ended, row)
    assert (row.outcome, row.email, row.email_key, row.editor) == (
        "invited",
        "ben@example.com",
        "ben@example.com",
        admin,
    )
    found = summary_of(ended)
    assert (found.rows, found.invited, found.problems, found.skipped) == (3, 2, 0, 1)
    assert "Fix and invite" not in words_of(ines.get(page_of(ended)))
    report = downloaded(ines.get(f"{page_of(ended)}report.csv"))
    assert "3,ben@example.com,Ben,Fox,Night shift,Pending,Not sent yet,Ines Martin" in report

    send_now([invitation.pk])

    assert [message.to for message in mail.outbox] == [["ann@example.com"], ["ben@example.com"]]


def test_a_row_that_looked_like_a_note_joins_too(ines: Client, ended: Batch, filled: dict[str, Any]) -> None:
    ines.post(dialog_of(ended, 4), filled)

    assert (summary_of(ended).invited, summary_of(ended).skips["not_a_person"]) == (2, 0)


def test_undoing_the_import_revokes_it(
    ines: Client, ended: Batch, filled: dict[str, Any], admin_membership: Membership
) -> None:
    ines.post(dialog_of(ended, 3), filled)

    assert undo_import(admin_membership, ended) == 2
    assert Invitation.objects.get(email="ben@example.com").state == Invitation.State.REVOKED


def test_a_row_of_an_undone_import_joins_nothing(
    ines: Client, ended: Batch, filled: dict[str, Any], admin_membership: Membership, read_only: AccessSelection
) -> None:
    row = find_late_row(admin_membership, ended.pk, 3)
    assert row
    undo_import(admin_membership, ended)

    assert find_late_row(admin_membership, ended.pk, 3) is None
    assert "Fix and invite" not in words_of(ines.get(page_of(ended)))
    with domain_error("moved_on"):
        invite_person(
            admin_membership, None, row, selection=read_only, email="ben@example.com", first_name="B", last_name="F"
        )
    ines.post(dialog_of(ended, 3), filled)
    assert Invitation.objects.get(email="ben@example.com").batch is None


def test_a_mistake_keeps_everything(ines: Client, ended: Batch, filled: dict[str, Any]) -> None:
    answer = ines.post(dialog_of(ended, 3), {**filled, "email": "ann@example.com"})

    assert "ann@example.com is already invited to Acme." in words_of(answer)
    row = ended.rows.get(number=3)
    assert (row.outcome, row.version) == (Row.Outcome.PROBLEM, 0)


def test_only_rows_that_one_may_change_are_found(
    ended: Batch, acme: Organization, outsider: User, join: Callable[..., User], sites: list[Site]
) -> None:
    role = Role.objects.create(organization=acme, name="Inviter", permissions=["users.view", "users.invite"])
    less = join(acme, "less@example.com", role.name, sites=sites[2:]).memberships.get()

    assert find_late_row(outsider.memberships.get(), ended.pk, 3) is None
    assert find_late_row(less, ended.pk, 3) is None


@pytest.mark.parametrize("number", [2, 5, 0])
def test_other_rows_are_not_found(ended: Batch, admin_membership: Membership, number: int) -> None:
    assert find_late_row(admin_membership, ended.pk, number) is None


def test_a_running_import_has_its_grid(start: Run, admin_membership: Membership) -> None:
    batch = start(csv_of(ANN, BEN))

    assert batch.state == Batch.State.NEEDS_CORRECTION
    assert find_late_row(admin_membership, batch.pk, 3) is None


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_fix_a_row_at_once_invite_one_person(
    ended: Batch, admin_membership: Membership, read_only: AccessSelection
) -> None:
    def fix(email: str) -> Any:
        row = find_late_row(admin_membership, ended.pk, 3)
        assert row
        gate.wait(10)
        return invite_person(
            admin_membership, None, row, selection=read_only, email=email, first_name="Ben", last_name="Fox"
        )

    gate = threading.Barrier(2)

    results = at_once(lambda: fix("b1@example.com"), lambda: fix("b2@example.com"))

    assert sorted(type(result).__name__ for result in results) == ["DomainError", "Invitation"]
    assert summary_of(ended).invited == 2
    assert Invitation.objects.filter(row__number=3).count() == 1
