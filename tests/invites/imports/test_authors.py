"""A corrected file may let an import grant more only if all authors of the rows it keeps can grant that.

`lesser` may invite, and can grant the role Inviter only. The import gives Inviter, until an admin corrects it.
"""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import correction_jobs, corrections
from invites.imports.authors import gives_more
from invites.imports.confirm import confirm_access, question_about
from invites.imports.corrections import Edit
from invites.imports.problem_file import problem_file
from invites.imports.upload import correct_batch, invite_valid_rows, start_batch
from invites.models import AccessGrant, Batch, Invitation
from invites.reasons import as_reason, text_of
from tests.files import csv_of
from tests.invites.conftest import TEAM
from tests.invites.imports.grid import grid_url, outcome, row, text
from tests.pages import submit_import

STRANGER = "stranger@evil.example.com"
Correct = Callable[..., Batch]


@pytest.fixture
def lesser(acme: Organization, sites: list[Site], join: Callable[..., User]) -> Membership:
    Role.objects.create(organization=acme, name="Inviter", permissions=["users.view", "users.invite"])
    return join(acme, "lesser@example.com", "Inviter", first_name="Ben", last_name="Osei").memberships.get()


@pytest.fixture
def little(acme: Organization, lesser: Membership) -> AccessSelection:
    return AccessSelection.of(acme.roles.filter(name="Inviter"), all_sites=True)


@pytest.fixture
def much(acme: Organization) -> AccessSelection:
    return AccessSelection.of(acme.roles.filter(name="Org Admin"), all_sites=True)


@pytest.fixture
def waiting(by: Membership, little: AccessSelection) -> Batch:
    """An import of the admin. Rows 3, 4, 5, 7 and 8 have problems."""
    batch = start_batch(by, file_name="team.csv", content=[csv_of(*TEAM)], selection=little)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    return batch


@pytest.fixture
def correct(by: Membership) -> Correct:
    """Uploads a corrected file for the import, and lets a worker check it."""

    def correct(batch: Batch, content: bytes, selection: AccessSelection, *, who: Membership = by) -> Batch:
        correct_batch(batch, file_name="fixed.csv", content=[content], selection=selection, by=who)
        tasks.check_batch(batch.pk)
        batch.refresh_from_db()
        return batch

    return correct


def rows_to_fix(batch: Batch) -> bytes:
    return b"".join(problem_file(batch))


def plant(batch: Batch, by: Membership) -> None:
    corrections.edit_cells(batch, [Edit(3, 0, STRANGER, seen=0)], by=by)
    assert outcome(batch, 3) == "waiting"


def assert_refused(batch: Batch, selection: AccessSelection) -> None:
    assert batch.state == Batch.State.NEEDS_CORRECTION
    assert text_of(batch.notice) == (
        "“fixed.csv” wasn’t used. Ben Osei uploaded or edited rows of this import and can’t grant Org Admin. Choose "
        "the same roles and sites as before, or start a new import with the complete file. "
        "All fixes made here are kept."
    )
    assert set(batch.grant.roles.all()) == set(selection.roles)


# --- What was edited here -------------------------------------------------------------------------------


def test_an_edited_row_is_not_merged_into_an_import_that_grants_more(
    waiting: Batch, lesser: Membership, little: AccessSelection, much: AccessSelection, correct: Correct
) -> None:
    plant(waiting, lesser)

    correct(waiting, rows_to_fix(waiting), much)

    assert_refused(waiting, little)
    assert row(waiting, 3).email == STRANGER, "the edit is kept"
    assert not Invitation.objects.exists()


@pytest.mark.servers
def test_an_edited_address_without_a_problem_counts_too(
    by: Membership, lesser: Membership, little: AccessSelection, much: AccessSelection, correct: Correct
) -> None:
    people = [f"p{number}@gmail.com" for number in range(5)]
    content = csv_of(*people, "x@gmial.com", "ben@@example.com")
    batch = start_batch(by, file_name="team.csv", content=[content], selection=little)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    corrections.use_intended_cell(batch, 7, 0, by=lesser)
    assert row(batch, 7).email == "x@gmail.com"

    assert_refused(correct(batch, rows_to_fix(batch).replace(b"@@", b"@"), much), little)


@pytest.mark.servers
def test_rows_of_a_corrected_file_belong_to_the_admin_who_uploads_it(
    waiting: Batch, lesser: Membership, by: Membership, much: AccessSelection, correct: Correct
) -> None:
    content = rows_to_fix(waiting)
    plant(waiting, lesser)

    correct(waiting, content, much)

    assert waiting.notice == []
    assert set(waiting.grant.roles.all()) == set(much.roles)
    assert row(waiting, 3).outcome == "problem", "as in the file"
    assert row(waiting, 3).edited_by == by.user


def test_rows_edited_by_an_admin_who_can_grant_the_access_are_merged(
    waiting: Batch, colleague: Membership, much: AccessSelection, correct: Correct
) -> None:
    plant(waiting, colleague)

    correct(waiting, rows_to_fix(waiting), much)

    assert waiting.notice == []
    assert (row(waiting, 3).email, row(waiting, 3).edited_by) == (STRANGER, colleague.user)


def test_a_skipped_row_keeps_its_editor(
    ines: Client, waiting: Batch, lesser: Membership, little: AccessSelection, correct: Correct
) -> None:
    corrections.skip_row(waiting, 4, by=lesser)

    correct(waiting, rows_to_fix(waiting), little)

    assert outcome(waiting, 4) == "problem skipped_by_admin"
    assert row(waiting, 4).edited_by == lesser.user
    assert "Edited by <bdi>Ben Osei</bdi>" in text(ines.get(grid_url(waiting)))


def test_an_undone_edit_has_no_author(
    waiting: Batch, lesser: Membership, much: AccessSelection, correct: Correct
) -> None:
    plant(waiting, lesser)
    corrections.undo(waiting, 3, by=lesser)

    correct(waiting, csv_of("ben@example.com,Ben,Fox,,Row 3", header="Email,First name,Last name,,What is wrong"), much)

    assert waiting.notice == []


def test_apply_to_all_does_not_become_the_editor_of_what_others_typed(
    waiting: Batch, by: Membership, lesser: Membership, little: AccessSelection, much: AccessSelection, correct: Correct
) -> None:
    corrections.edit_cells(waiting, [Edit(3, 0, "stranger@@evil.example.com", seen=0)], by=lesser)
    correction_jobs.apply_to_all(waiting, "email_two_at", by=by)
    assert (row(waiting, 3).email, row(waiting, 3).edited_by) == (STRANGER, lesser.user)
    assert row(waiting, 7).edited_by == by.user

    assert_refused(correct(waiting, rows_to_fix(waiting), much), little)


# --- What is in the file --------------------------------------------------------------------------------


def test_a_replaced_file_is_not_merged_into_an_import_that_grants_more(
    waiting: Batch, lesser: Membership, little: AccessSelection, much: AccessSelection, correct: Correct
) -> None:
    correct(waiting, csv_of(STRANGER, "ben@@example.com"), little, who=lesser)
    assert row(waiting, 2).email == STRANGER

    assert_refused(correct(waiting, rows_to_fix(waiting).replace(b"@@", b"@"), much), little)


@pytest.mark.parametrize("kind", ["edited", "corrected", "added"])
def test_authors_outlive_a_merge(
    waiting: Batch,
    lesser: Membership,
    colleague: Membership,
    little: AccessSelection,
    much: AccessSelection,
    correct: Correct,
    kind: str,
) -> None:
    """A colleague merges the work of the lesser admin into the import first. Only then is more granted."""
    if kind == "edited":
        plant(waiting, lesser)
    elif kind == "corrected":
        correct(waiting, rows_to_fix(waiting).replace(b"ben@@example.com", STRANGER.encode()), little, who=lesser)
    else:
        correct(waiting, rows_to_fix(waiting) + STRANGER.encode() + b",S,T,,\r\n", little, who=lesser)
    correct(waiting, rows_to_fix(waiting), little, who=colleague)
    assert waiting.notice == []
    if kind != "added":
        assert (row(waiting, 3).email, row(waiting, 3).edited_by) == (STRANGER, lesser.user)

    assert_refused(correct(waiting, rows_to_fix(waiting), much), little)


def test_a_complete_file_may_grant_more(
    waiting: Batch,
    lesser: Membership,
    by: Membership,
    much: AccessSelection,
    correct: Correct,
    work: Callable[..., Batch],
) -> None:
    plant(waiting, lesser)

    correct(waiting, csv_of("ann@example.com"), much)
    confirm_access(waiting, question_about(waiting), by=by)
    work(waiting)

    assert waiting.notice == []
    assert waiting.authors == [by.user_id]
    assert list(Invitation.objects.values_list("email", flat=True)) == ["ann@example.com"]


def test_the_response_says_why_a_file_was_not_used(
    ines: Client, waiting: Batch, lesser: Membership, much: AccessSelection
) -> None:
    plant(waiting, lesser)

    fields = {"roles": [role.pk for role in much.roles], "sites": ["all"]}
    answer = submit_import(ines, rows_to_fix(waiting), name="fixed.csv", query=f"?correct={waiting.pk}", **fields)

    assert answer.status_code == 422
    assert "Ben Osei uploaded or edited rows of this import and can’t grant Org Admin." in unescape(text(answer))


# --- Who they are now -----------------------------------------------------------------------------------


@pytest.mark.parametrize("selection", ["little", "much"])
def test_an_author_who_lost_access_counts_only_if_more_is_granted(
    request: pytest.FixtureRequest, waiting: Batch, colleague: Membership, correct: Correct, selection: str
) -> None:
    plant(waiting, colleague)
    colleague.roles.clear()

    correct(waiting, rows_to_fix(waiting), request.getfixturevalue(selection))

    refused = as_reason("author_cannot_invite", author="second@example.com") in waiting.notice
    assert refused == (selection == "much")


def test_an_author_is_not_named_where_the_inviter_may_not_see_users(
    acme: Organization,
    waiting: Batch,
    lesser: Membership,
    much: AccessSelection,
    correct: Correct,
    join: Callable[..., User],
) -> None:
    Role.objects.create(organization=acme, name="Clerk", permissions=["users.invite"])
    Batch.objects.filter(pk=waiting.pk).update(inviter=join(acme, "clerk@example.com", "Clerk"))
    plant(waiting, lesser)

    correct(waiting, rows_to_fix(waiting), much)

    assert as_reason("someone_lacks_access", access=["Org Admin"]) in waiting.notice


def test_a_deleted_account_can_grant_nothing(
    waiting: Batch, lesser: Membership, much: AccessSelection, correct: Correct
) -> None:
    plant(waiting, lesser)
    lesser.user.delete()

    correct(waiting, rows_to_fix(waiting), much)

    assert as_reason("deleted_account") in waiting.notice


def test_edits_of_an_admin_who_can_grant_less_now_are_invited_by_another_admin(
    waiting: Batch, by: Membership, colleague: Membership, work: Callable[..., Batch]
) -> None:
    """They could grant it when they edited the row. The member who presses Invite is responsible, and is checked."""
    plant(waiting, colleague)
    colleague.roles.clear()

    invite_valid_rows(waiting, by=by)
    confirm_access(waiting, question_about(waiting), by=by)
    work(waiting)

    invitation = Invitation.objects.get(email=STRANGER)
    assert invitation.inviter == by.user


def test_workers_invite_nobody_for_an_inviter_who_lost_access(
    waiting: Batch, colleague: Membership, work: Callable[..., Batch]
) -> None:
    invite_valid_rows(waiting, by=colleague)
    confirm_access(waiting, question_about(waiting), by=colleague)
    colleague.roles.clear()
    work(waiting)

    waiting.refresh_from_db()
    assert waiting.state == Batch.State.STOPPED
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "is_more"),
    [
        (("Org Admin", 0, True), ("ReadOnly", 0, True), False),
        (("Org Admin", 0, True), ("Org Admin", 2, False), False),
        (("ReadOnly", 2, False), ("ReadOnly", 1, False), False),
        (("ReadOnly", 1, False), ("ReadOnly", 2, False), True),
        (("ReadOnly", 3, False), ("ReadOnly", 0, True), True),
        (("ReadOnly", 0, True), ("Project manager", 0, True), True),
        (("ReadOnly", 0, True), ("Inviter", 0, True), True),
    ],
)
def test_which_grants_give_more(
    acme: Organization,
    sites: list[Site],
    lesser: Membership,
    old: tuple[str, int, bool],
    new: tuple[str, int, bool],
    is_more: bool,
) -> None:
    def grant(role: str, site_count: int, all_sites: bool) -> AccessGrant:
        made = AccessGrant.objects.create(organization=acme, all_sites=all_sites)
        made.roles.set(acme.roles.filter(name=role))
        made.sites.set(sites[:site_count])
        return made

    assert gives_more(grant(*new), grant(*old)) == is_more
