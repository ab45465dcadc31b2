"""Exporting users: what is in the file, who may, and that an import reads it back."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Callable
from itertools import pairwise

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership, Organization, Role, Site, User
from invites import tasks
from invites.directory import export
from invites.directory.views import export as views
from invites.imports.upload import start_batch
from invites.models import Batch, Invitation
from tests.files import pieces_of, whole_of
from tests.invites.invitations.helpers import Invite, selection_of
from tests.pages import HTMX, text_of

EXPORT = "/o/acme/users/export/"
ClientOf = Callable[[User | None], Client]
# Names and descriptions that a file may damage.
ODD = (
    ("小林", "花", "line one\nline two"),
    ("Zoë", "O’Brien, Jr.", '"North"; 2nd floor'),
    ("فرح", "ناصر", "-1+1"),
    ("Søren", "Müller-Lüdenscheidt", "=cmd|' /C calc'!A0"),
    ("Ann", "Lee", "0012"),
    ("Bo", "Ray", "'=already"),
    ("Cy", "Fox", "1e5 & <b> _x0041_"),
)


def table_of(client: Client, file_format: str = "csv", query: str = "", **fields: object) -> list[list[str]]:
    """The rows of the downloaded file."""
    response = client.post(f"{EXPORT}{query}", {"format": file_format, **fields})
    assert response.status_code == 200
    content = whole_of(response)
    if file_format == "xlsx":
        (sheet,) = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
        cells = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(sheet).to_python()
        return [[str(cell) for cell in row] for row in cells]
    assert content.startswith(BOM_UTF8)
    found: list[list[str]] = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    # The file says that its cells are escaped.
    assert [row.pop() for row in found] == ["Formulas start with an apostrophe"] + [""] * (len(found) - 1)
    return found


def emails_in(table: list[list[str]]) -> list[str]:
    return [row[0] for row in table[1:]]


def test_lists_everyone_with_roles_sites_and_status(
    ines: Client, member: User, manager_membership: Membership, invite: Invite
) -> None:
    invite(description="Night shift")
    invite("zoe@people.example.com", first_name="Zoe", last_name="Ash", expired=True)
    Membership.objects.filter(pk=manager_membership.pk).update(deactivated_at=timezone.now())
    expected = [
        ["Email", "First name", "Last name", "Description", "Roles", "Sites", "Status"],
        [
            "chiara.rossi@people.example.com",
            "Chiara",
            "Rossi",
            "Night shift",
            "ReadOnly",
            "Ghent; Lyon depot",
            "Invite pending",
        ],
        ["admin@example.com", "Ines", "Martin", "", "Org Admin", "All sites", "Active"],
        ["member@example.com", "Mara", "Conti", "", "ReadOnly", "Lyon depot", "Active"],
        ["manager@example.com", "Piet", "Janssens", "", "Project manager", "All sites", "Deactivated"],
        ["zoe@people.example.com", "Zoe", "Ash", "", "ReadOnly", "Ghent; Lyon depot", "Invite expired"],
    ]
    assert table_of(ines) == table_of(ines, "xlsx") == expected


@pytest.mark.servers
def test_has_those_who_match_the_filter(ines: Client, member: User, invite: Invite, acme: Organization) -> None:
    invite()
    role = Role.objects.get(organization=acme, name="ReadOnly").pk
    assert emails_in(table_of(ines, query="?status=active")) == ["admin@example.com", "member@example.com"]
    assert emails_in(table_of(ines, query=f"?role={role}&q=mara")) == ["member@example.com"]
    # All that match the filter, no matter who is selected.
    selected = {"selected": "m1", "all": "1"}
    assert emails_in(table_of(ines, query="?q=rossi", **selected)) == ["chiara.rossi@people.example.com"]


@pytest.mark.servers
def test_has_those_who_are_selected(ines: Client, member_membership: Membership, invite: Invite) -> None:
    invitation, other = invite(), invite("zoe@people.example.com", first_name="Zoe")
    keys = [f"m{member_membership.pk}", f"i{invitation.pk}", f"m{other.pk + 1000}", "i", "x", "m²"]
    question = ines.post(f"{EXPORT}?q=nobody", {"selected": keys}, headers=HTMX).content.decode()
    assert "Export 2 users Selected users" in text_of(question)
    assert question.count('name="selected"') == len(keys)
    assert emails_in(table_of(ines, query="?q=nobody", selected=keys)) == [invitation.email, "member@example.com"]


@pytest.mark.servers
def test_asks_first_and_says_what_is_in_the_file(ines: Client, member: User, invite: Invite, sites: list[Site]) -> None:
    invite()
    for headers in ({}, HTMX):
        page = ines.get(f"{EXPORT}?site={sites[0].pk}&q=a&status=active", headers=headers).content.decode()
        assert "Export 2 users Status is Active, Site is Lyon depot, Search is “a”" in text_of(page)
    assert "All users" in text_of(ines.get(EXPORT).content.decode())
    assert not ActivityEntry.objects.filter(action=Action.USERS_EXPORTED).exists()


def test_nobody_is_exported_if_the_role_of_the_filter_was_deleted(ines: Client, member: User) -> None:
    for query in ("?role=99999", "?q=nobody-has-this-name"):
        response = ines.post(f"{EXPORT}{query}", {"format": "csv"}, follow=True)
        assert "There is nobody to export." in text_of(response.content.decode())


@pytest.mark.servers
def test_every_export_is_in_the_activity_log(ines: Client, member: User, acme: Organization, sites: list[Site]) -> None:
    table_of(ines, query="?q=mara&status=active")
    table_of(ines, "xlsx")
    everyone, some = ActivityEntry.objects.filter(organization_id=acme.pk, action=Action.USERS_EXPORTED)[:2]
    assert (some.affected_count, everyone.affected_count) == (1, 2)
    page = text_of(ines.get("/o/acme/activity/").content.decode())
    assert "Exported users CSV file 1 user Status is Active, Search is “mara”" in page
    assert "Exported users Excel workbook 2 users All users" in page


def test_a_file_that_is_downloaded_has_a_name_and_is_not_stored(ines: Client, acme: Organization) -> None:
    for file_format, kind in (("csv", "text/csv"), ("xlsx", "spreadsheetml.sheet")):
        response = ines.post(EXPORT, {"format": file_format})
        assert response.headers["Content-Type"].endswith(kind)
        name = f"acme users {timezone.localdate()}.{file_format}"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert "no-store" in response.headers["Cache-Control"]
        assert whole_of(response)


def test_a_workbook_has_no_more_rows_than_a_spreadsheet_reads(
    ines: Client, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_ROWS", 2)
    page = ines.get(EXPORT).content.decode()
    assert "An Excel workbook can hold at most 1 users." in text_of(page)
    assert 'value="xlsx"' not in page
    assert ines.post(EXPORT, {"format": "xlsx"}).status_code == 422
    assert ines.post(EXPORT, {"format": "pdf"}).status_code == 422


# --- Read back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_an_import_reads_it_back(ines: Client, invite: Invite, outsider: User, file_format: str) -> None:
    emails = [f"odd.{number}@people.example.com" for number in range(len(ODD))]
    for email, (first_name, last_name, description) in zip(emails, ODD, strict=True):
        invitation = invite(email, first_name=first_name, last_name=last_name)
        Invitation.objects.filter(pk=invitation.pk).update(description=description)
    content = whole_of(ines.post(f"{EXPORT}?q=odd.", {"format": file_format}))

    by = outsider.memberships.get()
    access = selection_of(by.organization, "ReadOnly")
    batch = start_batch(by, file_name=f"users.{file_format}", content=[content], selection=access)
    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, batch.rejection) == (Batch.State.INVITING, None)
    assert {warning["code"] for warning in batch.warnings} == {"ignored_column"}
    assert batch.ignored_columns == ["Roles", "Sites", "Status"]
    rows = batch.rows.all()
    assert [row.problems for row in rows] == [[]] * len(ODD)
    found = {row.email: (row.first_name, row.last_name, row.description) for row in rows}
    assert found == dict(zip(emails, ODD, strict=True))


def test_formulas_are_escaped_in_csv_only(ines: Client, invite: Invite) -> None:
    Invitation.objects.filter(pk=invite().pk).update(first_name="=1+1", last_name="+1")
    assert table_of(ines, query="?q=rossi")[1][1:3] == ["'=1+1", "'+1"]
    assert table_of(ines, "xlsx", query="?q=rossi")[1][1:3] == ["=1+1", "+1"]


def test_a_workbook_has_characters_that_xml_lacks(ines: Client, invite: Invite) -> None:
    text = "a\x07b\uffffc\r\nd\n_x000D_ _xyz_\t]]>&lt;"
    Invitation.objects.filter(pk=invite().pk).update(description=text)
    assert table_of(ines, "xlsx", query="?q=rossi")[1][3] == text.replace("\uffff", "\ufffd")


# --- Long lists ---------------------------------------------------------------------------------------


@pytest.mark.servers
def test_blocks_have_everyone_once(
    ines: Client, acme: Organization, invite: Invite, join: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Members and invitations of the same name, more than a block. Only the address differs, or not even that.
    for number in range(5):
        join(acme, f"same{number}@people.example.com", "ReadOnly", first_name="Same", last_name="Name")
        invite(f"invited{number}@people.example.com", first_name="Same", last_name="Name")
    Membership.objects.filter(first_name="Same").update(person_key="same name")
    Invitation.objects.update(person_key="same name")
    whole = table_of(ines)
    assert len(whole) == 12
    for block in (1, 2, 3, 7):
        monkeypatch.setattr(export, "BLOCK", block)
        assert table_of(ines) == whole


def test_a_block_takes_as_many_queries_as_any_other(
    ines: Client, invite: Invite, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        invite(f"person{number}@people.example.com")
    taken = []
    for block in (3, 6, 12):
        monkeypatch.setattr(export, "BLOCK", block)
        response = ines.post(f"{EXPORT}?status=pending", {"format": "csv"})
        with CaptureQueriesContext(connection) as captured:
            whole_of(response)
        taken.append(len(captured))
    assert taken[0] - taken[1] == 2 * (taken[1] - taken[2])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("file_format", "least"), [("csv", 4), ("xlsx", 2)])
def test_it_is_sent_while_people_are_read(
    ines: Client, invite: Invite, monkeypatch: pytest.MonkeyPatch, file_format: str, least: int
) -> None:
    monkeypatch.setattr("invites.downloads.BLOCK", 1)
    for number in range(3):
        invite(f"person{number}@people.example.com")
    pieces = async_to_sync(pieces_of)(ines.post(EXPORT, {"format": file_format}))
    assert len(pieces) >= least
    assert b"person2" not in pieces[0]


# --- Permissions --------------------------------------------------------------------------------------


def test_needs_to_see_and_to_export_users(client_of: ClientOf, manager_membership: Membership, admin: User) -> None:
    client = client_of(manager_membership.user)
    role = manager_membership.roles.get()
    for permissions, may in (
        (["users.view"], False),
        (["users.export"], False),
        (["users.view", "users.export"], True),
    ):
        Role.objects.filter(pk=role.pk).update(permissions=permissions)
        assert client.get(EXPORT).status_code == (200 if may else 403)
        assert client.post(EXPORT, {"format": "csv"}).status_code == (200 if may else 403)
        if "users.view" in permissions:
            assert (EXPORT in client.get("/o/acme/users/").content.decode()) == may


def test_is_not_among_the_permissions_of_a_project_manager(client_of: ClientOf, manager: User) -> None:
    assert client_of(manager).get(EXPORT).status_code == 403


def test_has_nobody_of_another_organization(ines: Client, outsider: User, admin: User) -> None:
    theirs = outsider.memberships.get()
    assert outsider.email not in emails_in(table_of(ines))
    response = ines.post(EXPORT, {"format": "csv", "selected": [f"m{theirs.pk}"]}, follow=True)
    assert "There is nobody to export." in text_of(response.content.decode())


def test_the_link_follows_the_filter(ines: Client, member: User) -> None:
    page = ines.get("/o/acme/users/?q=mara", headers=HTMX).content.decode()
    assert f'href="{EXPORT}?q=mara"' in page
    assert 'id="users-export"' in page
    empty = ines.get("/o/acme/users/?q=nobody-has-this", headers=HTMX).content.decode()
    (link,) = [first + second for first, second in pairwise(empty.split("<a ")) if 'id="users-export"' in second]
    assert " hidden>" in link
