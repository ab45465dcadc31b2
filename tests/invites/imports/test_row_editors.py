"""The last editor of a row is stored, and shown in the grid and after the import has ended."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import ActivityEntry, Membership, Organization, User
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.activity.wording import line_of
from invites.imports import correction_jobs, corrections
from invites.imports.corrections import Edit
from invites.imports.problem_file import problem_file
from invites.imports.selectors.rows import cells_now
from invites.imports.upload import correct_batch, invite_valid_rows
from invites.models import Batch
from tests.invites.imports.grid import downloaded, grid_url, row, text

Change = Callable[[Batch, Membership], object]

CHANGES: dict[str, tuple[int, Change]] = {
    "edit": (3, lambda batch, by: corrections.edit_cells(batch, [Edit(3, 0, "ben@x.example", seen=0)], by=by)),
    "take": (3, lambda batch, by: corrections.apply_suggestion(batch, 3, 0, by=by)),
    "keep": (8, lambda batch, by: corrections.keep_as_shown(batch, 8, by=by)),
    "skip": (3, lambda batch, by: corrections.skip_row(batch, 3, by=by)),
    "apply to all": (7, lambda batch, by: correction_jobs.apply_to_all(batch, "email_two_at", by=by)),
}


@pytest.fixture
def ann(acme: Organization, join: Callable[..., User]) -> Membership:
    return join(acme, "ann.ek@example.com", "Org Admin", first_name="Ann", last_name="Ek").memberships.get()


@pytest.mark.parametrize("change", CHANGES)
def test_the_grid_says_who_changed_a_row(ines: Client, team: Batch, ann: Membership, change: str) -> None:
    number, do = CHANGES[change]
    do(team, ann)

    assert row(team, number).edited_by == ann.user
    assert "Edited by <bdi>Ann Ek</bdi>" in text(ines.get(grid_url(team)))
    assert row(team, 4).edited_by is None


@pytest.mark.servers
@pytest.mark.parametrize("change", CHANGES)
def test_the_last_editor_is_shown(team: Batch, by: Membership, ann: Membership, change: str) -> None:
    number, do = CHANGES[change]
    do(team, by)
    if change == "skip":
        corrections.restore_row(team, number, by=ann)
    else:
        corrections.undo(team, number, by=ann)

    assert row(team, number).edited_by == ann.user


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("edit", "Row 3, Email"),
        ("take", "Row 3, Email"),
        ("skip", "Row 3, Skipped"),
        ("apply to all", "changed"),
    ],
)
def test_the_activity_log_says_who_changed_which_row(team: Batch, ann: Membership, change: str, words: str) -> None:
    before = cells_now(row(team, 3)).email
    CHANGES[change][1](team, ann)

    entry = ActivityEntry.objects.get(action="import_edited")
    assert (entry.actor_name, entry.affected_id) == ("Ann Ek", team.pk)
    assert words in line_of(entry, "acme").what.text
    # Names and addresses don't stay in the log when the rows are emptied.
    assert before not in str(entry.details)
    assert "ben@x.example" not in str(entry.details)


def test_a_request_that_edits_several_rows_has_one_entry(ines: Client, team: Batch, ann: Membership) -> None:
    edits = [Edit(3, 0, "ben@x.example", seen=0), Edit(7, 0, "dora@x.example", seen=0)]
    corrections.edit_cells(team, edits, by=ann)
    # Nothing is changed by the same edits again, so nothing is recorded.
    corrections.edit_cells(team, edits, by=ann)

    entry = ActivityEntry.objects.get(action="import_edited")
    assert line_of(entry, "acme").what.text == "Rows 3 and 7, Email"
    assert "dora@x.example" not in text(ines.get(f"/o/acme/activity/{entry.pk}/"))


def test_a_worker_that_edits_all_rows_is_recorded_when_it_is_asked(
    team: Batch, ann: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correction_jobs, "ROWS_IN_REQUEST", 0)
    correction_jobs.apply_to_all(team, "email_two_at", by=ann)

    assert line_of(ActivityEntry.objects.get(action="import_edited"), "acme").what.text == "All rows with a problem"


def test_an_unchanged_row_has_no_editor(ines: Client, team: Batch, ann: Membership) -> None:
    corrections.skip_row(team, 3, by=ann)
    corrections.restore_row(team, 3, by=ann)

    assert "Edited by" not in text(ines.get(grid_url(team)))


@pytest.mark.servers
def test_the_response_to_an_edit_names_the_editor(script: Client, team: Batch) -> None:
    answer = script.post(grid_url(team), {"do": "take:3:0", "shown": team.created_at.isoformat()})

    assert "Edited by <bdi>Ines Martin</bdi>" in text(answer)


def test_a_worker_edits_on_behalf_of_the_member_who_asked(
    team: Batch, by: Membership, ann: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correction_jobs, "ROWS_IN_REQUEST", 0)
    correction_jobs.apply_to_all(team, "email_two_at", by=ann)
    tasks.check_batch(team.pk)
    assert row(team, 3).edited_by == ann.user

    # Checking a row again doesn't change it.
    correction_jobs.check_all_again(team, by=by)
    tasks.check_batch(team.pk)
    assert row(team, 3).edited_by == ann.user


def test_a_row_loses_an_editor_whose_account_is_deleted(ines: Client, team: Batch, ann: Membership) -> None:
    corrections.skip_row(team, 3, by=ann)
    ann.user.delete()

    assert row(team, 3).edited_by is None
    assert ines.get(grid_url(team)).status_code == 200


def test_naming_editors_costs_no_query_for_each_row(ines: Client, team: Batch, ann: Membership) -> None:
    ines.get(grid_url(team))  # Notes that she was here, which the next ones need not.
    asked = []
    for number in (3, 4, 5):
        corrections.skip_row(team, number, by=ann)
        with CaptureQueriesContext(connection) as queries:
            ines.get(grid_url(team))
        asked.append([query["sql"] for query in queries])

    assert len(asked[0]) == len(asked[1]) == len(asked[2])


# --- When the import has ended --------------------------------------------------------------------------


@pytest.fixture
def ended(team: Batch, by: Membership, ann: Membership, work: Callable[[Batch], Batch]) -> Batch:
    """Ann has edited row 3, skipped row 5, and undone what she did to row 7; then the others were invited."""
    corrections.apply_suggestion(team, 3, 0, by=ann)
    corrections.skip_row(team, 5, by=ann)
    corrections.apply_suggestion(team, 7, 0, by=ann)
    corrections.undo(team, 7, by=ann)
    invite_valid_rows(team, by=by)
    return work(team)


def test_the_page_of_an_import_that_has_ended_says_who_edited_a_row(ines: Client, ended: Batch) -> None:
    page = text(ines.get(grid_url(ended, "imports:batch")))

    edited = [line for line in page.split("<tr") if "Edited by <bdi>Ann Ek</bdi>" in line]
    assert ["ben@example.com" in edited[0], "Dan Ray" in edited[1]] == [True, True]
    assert len(edited) == 2


def test_the_report_says_who_edited_a_row(ines: Client, ended: Batch) -> None:
    report = downloaded(ines.get(grid_url(ended, "imports:batch_download"))).decode("utf-8-sig")

    editors = {line["Row"]: line["Edited by"] for line in csv.DictReader(io.StringIO(report))}
    assert editors == {"2": "", "3": "Ann Ek", "4": "", "5": "Ann Ek", "6": "", "7": "", "8": ""}


def test_an_editors_name_is_not_a_formula_in_the_report(ines: Client, ended: Batch, ann: Membership) -> None:
    User.objects.filter(pk=ann.user_id).update(first_name="=1+1")

    report = downloaded(ines.get(grid_url(ended, "imports:batch_download"))).decode("utf-8-sig")

    assert {line["Edited by"] for line in csv.DictReader(io.StringIO(report))} == {"", "'=1+1 Ek"}


def test_the_report_can_be_uploaded_again(ines: Client, ended: Batch, start: Callable[..., Batch]) -> None:
    report = downloaded(ines.get(grid_url(ended, "imports:batch_download")))

    batch = start(report)

    assert "Edited by" in batch.ignored_columns
    assert row(batch, 3).email == "ben@example.com"


def test_the_editor_of_a_merged_row_is_shown_after_the_import(
    ines: Client,
    team: Batch,
    by: Membership,
    ann: Membership,
    read_only: AccessSelection,
    work: Callable[[Batch], Batch],
) -> None:
    corrections.apply_suggestion(team, 3, 0, by=ann)
    corrections.edit_cells(team, [Edit(4, 2, "Cole", seen=0)], by=ann)
    corrected = b"".join(problem_file(team)).replace(b"dan example", b"dan@example")
    correct_batch(team, file_name="fixed.csv", content=[corrected], selection=read_only, by=by)
    tasks.check_batch(team.pk)
    invite_valid_rows(team, by=by)
    work(team)

    report = downloaded(ines.get(grid_url(team, "imports:batch_download"))).decode("utf-8-sig")

    editors = {line["Row"]: line["Edited by"] for line in csv.DictReader(io.StringIO(report))}
    expected = ["", "Ann Ek", "Ann Ek", "Ines Martin", "", "", ""]
    assert editors == {str(number): editor for number, editor in enumerate(expected, start=2)}


def test_naming_editors_costs_no_query_for_each_row_after_the_import(
    ines: Client, ended: Batch, ann: Membership
) -> None:
    page = grid_url(ended, "imports:batch")
    ines.get(page)
    asked = []
    for number in (2, 4, 6):
        ended.rows.filter(number=number).update(edited_by=ann.user)
        with CaptureQueriesContext(connection) as queries:
            ines.get(page)
        asked.append(len(queries))

    assert asked == [asked[0]] * 3
