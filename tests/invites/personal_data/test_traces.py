"""What is left of a person in places that lead to them in another way than by their address."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.activity.addresses import address_pattern, has_address, without_address
from accounts.activity.source import Source, coming_from
from accounts.models import ActivityEntry, Membership, Organization, User
from invites import tasks
from invites.directory.bulk.change import BulkChange, Kind
from invites.imports.corrections import Edit, edit_cells, skip_row
from invites.imports.declined import declined_rows
from invites.imports.selectors.grid import grid_rows
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_import
from invites.imports.upload import invite_valid_rows, start_batch
from invites.invitations.declining import decline
from invites.invitations.late_rows import can_be_fixed, find_late_row
from invites.invitations.tokens import opt_out_token
from invites.models import Batch, BulkAction, DailyRecipientMail, Invitation, RememberedReading, Reminder
from invites.personal_data.erasure import erase_person
from tests.files import csv_of
from tests.invites.conftest import TEAM
from tests.invites.directory.bulk.helpers import finish, start_for
from tests.invites.invitations.helpers import Invite, selection_of
from tests.invites.personal_data.test_person import CHIARA, everything_stored, exported
from tests.rules import domain_error

pytestmark = [pytest.mark.django_db, pytest.mark.servers]
Run = Callable[..., Batch]
NAMES = ("chiara", "Chiara", "Rossi")


def traces() -> list[str]:
    return [name for name in NAMES if name in everything_stored()]


def import_of(by: Membership, *lines: str) -> Batch:
    """A file without column names, for which an admin is asked."""
    batch = start_batch(
        by,
        file_name="a.csv",
        content=["\n".join(lines).encode()],
        selection=selection_of(by.organization, "ReadOnly"),
    )
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    return batch


def test_reminders_are_exported_and_erased(invite: Invite, acme: Organization) -> None:
    Reminder.objects.create(organization=acme, invitation=invite(CHIARA), email_key=CHIARA, kind="after")
    assert [each["kind"] for each in exported(CHIARA)["reminders"]] == ["after"]

    erase_person(CHIARA)

    assert traces() == []


def test_a_fixed_row_of_an_erased_person_invites_nobody(
    imported: Run, by: Membership, work: Callable[..., Batch]
) -> None:
    ended = imported(csv_of(*TEAM))
    for number, address in ((3, CHIARA), (4, "dan@example.com")):
        row = ended.rows.get(number=number)
        edit_cells(ended, [Edit(number, 0, address, row.version), Edit(number, 2, "Rossi", row.version)], by=by)
    before = summary_of(ended)

    erase_person(CHIARA)
    ended.refresh_from_db()
    after = summary_of(ended)
    assert (after.rows, after.problems, after.fixed) == (before.rows, before.problems, 1)
    assert 3 not in [row.number for row in grid_rows(ended)]
    assert not can_be_fixed(ended.rows.get(number=3))
    assert find_late_row(by, ended.pk, 3) is None
    invite_valid_rows(ended, by=by)
    work(ended)

    assert not Invitation.objects.filter(email="").exists()
    assert Invitation.objects.filter(email="dan@example.com").exists()
    erased = ended.rows.get(number=3)
    assert (erased.outcome, erased.email, erased.edit) == ("problem", "", None)


def test_nobody_is_invited_if_only_the_fixed_row_was_erased(imported: Run, by: Membership) -> None:
    ended = imported(csv_of(*TEAM))
    row = ended.rows.get(number=3)
    edit_cells(ended, [Edit(3, 0, CHIARA, row.version), Edit(3, 2, "Rossi", row.version)], by=by)
    erase_person(CHIARA)
    ended.refresh_from_db()

    with domain_error("none_valid"):
        invite_valid_rows(ended, by=by)


def test_pages_of_an_import_show_erased_rows(imported: Run, ines: Client) -> None:
    ended = imported(csv_of(f"x {CHIARA} y,Chiara,Rossi,", "zoe@example.com", "bad,Ann,Lee,"))
    erase_person(CHIARA)

    for name in ("batch", "batch_problems", "batch_download"):
        assert ines.get(reverse(f"imports:{name}", args=["acme", ended.pk])).status_code == 200
    assert [row.number for row in grid_rows(ended)] == [4]


def test_who_declined_and_was_erased_is_not_invited_by_the_row(invite: Invite, run: Run) -> None:
    declined = invite(CHIARA)
    decline(opt_out_token(declined.pk, declined.email_key))
    batch = run(csv_of(f"{CHIARA},Chiara,Rossi,", "ben@example.com"))
    assert declined_rows(batch).count() == 1

    erase_person(CHIARA)

    assert declined_rows(batch).count() == 0
    assert not can_be_fixed(batch.rows.get(number=2))


def test_entries_about_edited_rows_have_no_names(imported: Run, by: Membership) -> None:
    """They stay longer than the rows."""
    ended = imported(csv_of("bad,Chiara,Rossi,", "zoe@example.com", "bad,Ann,Lee,"))
    for value in ("Chiara Maria", "Chiara"):
        edit_cells(ended, [Edit(2, 1, value, ended.rows.get(number=2).version)], by=by)
    versions = {number: ended.rows.get(number=number).version for number in (2, 4)}
    edits = [Edit(number, 2, f"Rossi{number}", version) for number, version in versions.items()]
    edit_cells(ended, [*edits, Edit(2, 0, CHIARA, versions[2])], by=by)
    edit_cells(ended, [Edit(4, 0, "bad again", ended.rows.get(number=4).version)], by=by)
    skip_row(ended, 4, by=by)

    found = ActivityEntry.objects.filter(action="import_edited").order_by("pk").values_list("details", flat=True)
    assert [details["values"] for details in found] == [
        {"row_numbers": [2], "columns": ["first_name"]},
        {"row_numbers": [2], "columns": ["first_name"]},
        {"row_numbers": [2, 4], "columns": ["email", "last_name"]},
        {"row_numbers": [4], "columns": ["email"]},
        {"row_numbers": [4], "did": "skipped_row"},
    ]
    assert not [details for details in found if set(details) != {"values"}]


def test_a_fixed_row_of_a_stopped_import_is_erased_and_cannot_be_invited(start: Run, by: Membership) -> None:
    stopped = start(csv_of(f"{CHIARA},Chiara,Rossi,", "zoe@example.com"))
    stop_import(by, stopped)

    erase_person(CHIARA)
    stopped.refresh_from_db()
    invite_valid_rows(stopped, by=by)

    assert stopped.rows.get(number=2).outcome == "problem"
    assert stopped.chunks.get().people == 1


def test_earlier_addresses_of_an_invitation_are_erased(imported: Run, by: Membership) -> None:
    batch = imported(csv_of("chiara@old.example.com,Chiara,Rossi,", "ben@example.com"))
    invitation = Invitation.objects.get(email="chiara@old.example.com")
    finish(start_for(by, BulkChange(Kind.RESEND), invitations=[invitation]))
    entry = ActivityEntry.objects.create(
        organization_id=batch.organization_id,
        action="invited",
        affected="invitation",
        affected_id=invitation.pk,
        affected_name="Chiara Rossi",
        affected_email="chiara@old.example.com",
        channel="page",
    )
    Invitation.objects.filter(pk=invitation.pk).update(email=CHIARA, email_key=CHIARA)
    # Those of past days are deleted anyway.
    DailyRecipientMail.objects.all().delete()
    assert len(exported(CHIARA)["import_rows"]) == 1

    erase_person(CHIARA)

    assert traces() == []
    entry.refresh_from_db()
    assert entry.affected_id == invitation.pk


def test_where_an_erased_admin_came_from_is_erased(run: Run, by: Membership, colleague: Membership) -> None:
    with coming_from(Source("page", ip="192.0.2.7", user_agent="Firefox of Ines")):
        batch = run(csv_of("ann@example.com"))
        finish(start_for(by, BulkChange(Kind.RESEND), invitations=list(batch.invitations.all())))
    assert "192.0.2.7" in everything_stored()
    email, colleague.all_sites = by.email, True
    colleague.save()
    colleague.roles.add(by.organization.roles.get(is_org_admin=True))

    erase_person(email)

    assert "192.0.2.7" not in everything_stored()
    assert (Batch.objects.count(), BulkAction.objects.count()) == (1, 1)


def test_an_import_whose_file_was_not_read_yet_is_named(by: Membership) -> None:
    batch = import_of(by, "ben@example.com,Ben,Otto", f"{CHIARA.title()},Chiara,Rossi")
    other = import_of(by, "ben@example.com,Ben,Otto", "zoe@example.com,Zoe,Otto")
    assert {batch.state, other.state} == {"needs_answer"}

    with pytest.raises(CommandError, match=rf"haven't ended.*: {batch.pk}\. Have"):
        call_command("erase_person", CHIARA, "--yes", stdout=io.StringIO())


def test_a_stopped_import_keeps_no_preview(by: Membership) -> None:
    batch = import_of(by, "ben@example.com,Ben,Otto", f"{CHIARA},Chiara,Rossi")
    assert "Chiara" in str(batch.preview)

    stop_import(by, batch)

    erase_person(CHIARA)
    assert traces() == []


def test_example_names_are_erased(imported: Run) -> None:
    batch = imported(csv_of(f"{CHIARA},Chiara,Rossi,", "ben@example.com"))
    Batch.objects.filter(pk=batch.pk).update(read_as={"names": ["Chiara Rossi"], "certainty": "likely"})

    erase_person(CHIARA)

    batch.refresh_from_db()
    assert batch.read_as == {"certainty": "likely"}


def test_the_log_of_the_operators_site_loses_the_name(db: None) -> None:
    from django.contrib.admin.models import LogEntry
    from django.contrib.contenttypes.models import ContentType

    operator = User.objects.create_superuser("operator@example.org", "a long enough password")
    user = User.objects.create_user(CHIARA, first_name="Chiara", last_name="Rossi")
    about: dict[str, Any] = {"content_type": ContentType.objects.get_for_model(User), "object_id": str(user.pk)}
    LogEntry.objects.create(user=operator, action_flag=2, object_repr=str(user), **about)

    erase_person(CHIARA)

    assert traces() == []


def test_who_has_a_longer_address_is_neither_erased_nor_exported(imported: Run, by: Membership) -> None:
    others = [f"maria-{CHIARA}", f"{CHIARA}.it", f"bad {CHIARA}x"]
    ended = imported(csv_of(*[f"{address} y,Maria,Verdi," for address in others], "ben@example.com"))
    for row in ended.rows.filter(outcome="problem"):
        edit_cells(ended, [Edit(row.number, 0, f"{row.number}{CHIARA}", row.version)], by=by)
    before = everything_stored()
    found = exported(CHIARA)
    assert (found["import_rows"], found["activity"]) == ([], [])

    assert erase_person(CHIARA).counts == {}

    assert everything_stored() == before


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("ann@example.com", True),
        ("Ann Lee <ANN@Example.com>.", True),
        ("mailto:ann@example.com", True),
        ("ann@example.com,ben@example.com", True),
        ("x\nann@example.com\n", True),
        ("joann@example.com", False),
        ("jo.ann@example.com", False),
        ("ann@example.com.au", False),
        ("ann@example.community", False),
    ],
)
def test_an_address_is_found_as_a_whole(text: str, is_there: bool) -> None:
    pattern = address_pattern("ann@example.com")

    assert has_address({"cells": [1, None, {"value": text}]}, pattern) == is_there
    assert ("ann@" in str(without_address([text], pattern)).lower()) != is_there


def test_names_of_columns_that_were_the_first_row_are_erased(imported: Run, by: Membership) -> None:
    batch = imported(csv_of("ben@example.com"))
    columns = [CHIARA, "Chiara", "Rossi"]
    Batch.objects.filter(pk=batch.pk).update(
        ignored_columns=columns, rejection={"code": "no_columns", "found": columns, "params": {"name": CHIARA}}
    )
    kept = RememberedReading.objects.create(
        organization=by.organization, signature="a", column_names=["E-mail"], reading={}
    )
    RememberedReading.objects.create(organization=by.organization, signature="b", column_names=columns, reading={})

    assert erase_person(CHIARA).counts == {"other places": 2}

    assert traces() == []
    batch.refresh_from_db()
    assert batch.rejection == {"code": "no_columns", "found": [], "params": {"name": ""}}
    assert RememberedReading.objects.get() == kept
