"""Correct problem rows one by one: what each change does to the row, to others, and to the batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import Membership, User
from invites.imports import correction_jobs, corrections
from invites.imports.corrections import Edit
from invites.imports.presentation.grid import shown_row
from invites.imports.selectors.grid import grid_counts
from invites.imports.selectors.summary import summary_of
from invites.imports.upload import invite_valid_rows
from invites.models import Batch, Invitation, Row
from tests.invites.conftest import TEAM
from tests.invites.imports.grid import counts, outcome, row
from tests.rules import domain_error

Run = Callable[..., Batch]

EMAIL, FIRST, LAST, DESCRIPTION = range(4)


def edit(
    batch: Batch, number: int, place: int, value: str, *, by: Membership, seen: int | None = None
) -> corrections.EditResult:
    seen = row(batch, number).version if seen is None else seen
    return corrections.edit_cells(batch, [Edit(number, place, value, seen)], by=by)


def rename(batch: Batch, number: int, first_name: str, last_name: str, *, by: Membership) -> None:
    edit(batch, number, FIRST, first_name, by=by)
    edit(batch, number, LAST, last_name, by=by)


@pytest.mark.servers
def test_at_first_all_problems_are_left(team: Batch) -> None:
    assert counts(team) == (5, 0, 0, 0)
    assert [row.number for row in Row.objects.filter(suggested_codes__contains=" email_two_at ")] == [3, 7]


@pytest.mark.parametrize(
    ("number", "place", "value", "becomes", "values"),
    [
        (3, EMAIL, "ben@example.com", "waiting", ("ben@example.com", "Ben", "Fox", "")),
        (3, EMAIL, "  BEN@Example.com ", "waiting", ("BEN@example.com", "Ben", "Fox", "")),
        (4, LAST, "Cole", "waiting", ("cat@example.com", "Cat", "Cole", "")),
        (4, LAST, "www.win.example", "problem", ("cat@example.com", "Cat", "", "")),
        (4, LAST, "\u200b", "problem", ("cat@example.com", "Cat", "", "")),
        (5, EMAIL, "dan@example", "problem", ("", "Dan", "Ray", "")),
        (3, EMAIL, "ann@example.com", "problem", ("ann@example.com", "Ben", "Fox", "")),
        (3, EMAIL, "ANN@EXAMPLE.COM", "problem", ("ANN@example.com", "Ben", "Fox", "")),
        (3, EMAIL, "ben\0@example.com", "waiting", ("ben@example.com", "Ben", "Fox", "")),
        (7, DESCRIPTION, "x" * 1001, "problem", ("", "Fay", "Orr", "")),
    ],
)
def test_an_edit_is_checked_like_the_file(
    team: Batch, by: Membership, number: int, place: int, value: str, becomes: str, values: tuple[str, ...]
) -> None:
    edit(team, number, place, value, by=by)

    found = row(team, number)
    assert outcome(team, number) == becomes
    assert (found.email, found.first_name, found.last_name, found.description) == values
    assert bool(found.problems) == (found.outcome == Row.Outcome.PROBLEM)
    assert sum(counts(team)) == 5


def test_the_problem_of_an_edited_row_is_the_new_one(team: Batch, by: Membership) -> None:
    edit(team, 3, EMAIL, "ben@example", by=by)

    found = row(team, 3)
    assert [problem["code"] for problem in found.problems] == ["email_no_ending"]
    assert found.suggested_codes == ""


def test_an_edited_row_keeps_its_kind_of_problem(team: Batch, by: Membership) -> None:
    before = grid_counts(team).kinds
    edit(team, 3, EMAIL, "ben@example.com", by=by)
    edit(team, 4, LAST, "www.win.example", by=by)
    corrections.skip_row(team, 5, by=by)

    assert grid_counts(team).kinds == before


def test_a_suggestion_is_applied(team: Batch, by: Membership) -> None:
    corrections.apply_suggestion(team, 3, EMAIL, by=by)

    assert (outcome(team, 3), row(team, 3).email) == ("waiting", "ben@example.com")
    assert counts(team) == (4, 1, 0, 0)


def test_all_suggestions_of_a_kind_are_applied_at_once(team: Batch, by: Membership) -> None:
    corrections.skip_row(team, 7, by=by)
    assert correction_jobs.apply_to_all(team, "email_two_at", by=by).changed == {3}
    corrections.restore_row(team, 7, by=by)
    assert correction_jobs.apply_to_all(team, "email_two_at", by=by).changed == {7}

    assert counts(team) == (3, 2, 0, 0)
    assert (row(team, 3).email, row(team, 7).email) == ("ben@example.com", "fay@example.com")


def test_a_row_with_too_many_cells_has_to_be_confirmed(team: Batch, by: Membership) -> None:
    edit(team, 8, FIRST, "Gustav", by=by)
    assert outcome(team, 8) == "problem"

    corrections.keep_as_shown(team, 8, by=by)
    assert (outcome(team, 8), row(team, 8).description) == ("waiting", "Day shift")

    edit(team, 8, DESCRIPTION, "Lyon", by=by)
    assert (outcome(team, 8), row(team, 8).first_name, row(team, 8).description) == ("waiting", "Gustav", "Lyon")


def test_undo_restores_cells_and_problems(team: Batch, by: Membership) -> None:
    before = {number: (row(team, number).problems, row(team, number).cells) for number in (3, 8)}
    edit(team, 3, EMAIL, "ben@example.com", by=by)
    corrections.keep_as_shown(team, 8, by=by)

    for number, (problems, cells) in before.items():
        corrections.undo(team, number, by=by)
        found = row(team, number)
        assert (found.problems, found.cells, found.edit) == (problems, cells, None)
        assert [cell.text for cell in shown_row(found).cells] == cells
    assert counts(team) == (5, 0, 0, 0)


def test_typing_the_original_value_undoes_the_edit(team: Batch, by: Membership) -> None:
    edit(team, 4, LAST, "Cole", by=by)
    edit(team, 4, LAST, "", by=by)

    assert (row(team, 4).edit, outcome(team, 4)) == (None, "problem")


def test_a_row_is_skipped_and_restored(team: Batch, by: Membership) -> None:
    edit(team, 5, FIRST, "Daniel", by=by)
    corrections.skip_row(team, 5, by=by)
    assert (outcome(team, 5), counts(team)) == ("problem skipped_by_admin", (4, 0, 0, 1))

    corrections.restore_row(team, 5, by=by)
    assert (outcome(team, 5), counts(team)) == ("problem", (5, 0, 0, 0))
    assert [cell.text for cell in shown_row(row(team, 5)).cells[:4]] == ["dan example.com", "Daniel", "Ray", ""]


# --- Rows against each other -------------------------------------------------------------------------


def test_the_first_of_two_rows_corrected_to_the_same_address_is_invited(team: Batch, by: Membership) -> None:
    edit(team, 7, EMAIL, "dan@example.com", by=by)
    rename(team, 7, "Dan", "Ray", by=by)
    assert outcome(team, 7) == "waiting"

    assert edit(team, 5, EMAIL, "dan@EXAMPLE.com", by=by).changed == {5, 7}
    assert (outcome(team, 5), outcome(team, 7)) == ("waiting", "skipped duplicate")
    assert row(team, 7).duplicate_of == 5


@pytest.mark.parametrize("how", ["edited", "undone"])
def test_a_duplicate_is_invited_when_the_first_row_changes_its_address(team: Batch, by: Membership, how: str) -> None:
    edit(team, 3, EMAIL, "kim@example.com", by=by)
    rename(team, 5, "Ben", "Fox", by=by)
    edit(team, 5, EMAIL, "kim@example.com", by=by)
    assert counts(team) == (3, 1, 1, 0)

    if how == "edited":
        edit(team, 3, EMAIL, "ben@example.com", by=by)
    else:
        corrections.undo(team, 3, by=by)

    assert (outcome(team, 5), row(team, 5).duplicate_of) == ("waiting", None)


@pytest.mark.servers
def test_checking_again_checks_all_edited_rows(team: Batch, by: Membership) -> None:
    edit(team, 3, EMAIL, "ben@example.com", by=by)
    edit(team, 5, EMAIL, "dan@example.com", by=by)
    rename(team, 5, "Ben", "Fox", by=by)
    # As if two admins had corrected two rows to the same address at the same time.
    team.rows.filter(number=5).update(email_key="ben@example.com")
    changed = dict(row(team, 5).edit or {})
    changed["cells"] = ["ben@example.com", *changed["cells"][1:]]
    Row.objects.filter(batch=team, number=5).update(edit=changed)

    invite_valid_rows(team, by=by)

    assert (outcome(team, 3), outcome(team, 5)) == ("waiting", "skipped duplicate")


# --- Others at the same batch ------------------------------------------------------------------------


def test_an_edit_of_a_row_that_someone_else_changed_is_a_conflict(team: Batch, by: Membership) -> None:
    edit(team, 3, EMAIL, "ben@example.com", by=by, seen=0)

    result = edit(team, 3, EMAIL, "bob@example.com", by=by, seen=0)

    assert (result.changed, result.overtaken) == (set(), {3})
    assert row(team, 3).email == "ben@example.com"


def test_the_same_edit_twice_is_no_conflict(team: Batch, by: Membership) -> None:
    edit(team, 3, EMAIL, "ben@@@example.com", by=by, seen=0)

    assert edit(team, 3, EMAIL, "ben@@@example.com", by=by, seen=0) == corrections.EditResult()


@pytest.mark.parametrize("number", [2, 6, 99])
def test_rows_without_problems_cannot_be_edited(team: Batch, by: Membership, number: int) -> None:
    result = corrections.edit_cells(team, [Edit(number, EMAIL, "evil@example.com", 0)], by=by)

    assert (result.changed, result.overtaken) == (set(), {number})
    assert not Row.objects.filter(email="evil@example.com").exists()


@pytest.mark.parametrize(
    ("change", "number"),
    [("apply_suggestion", 6), ("keep_as_shown", 2), ("skip_row", 6), ("restore_row", 3), ("undo", 3), ("skip_row", 99)],
)
def test_a_button_that_no_longer_fits_its_row_does_nothing(
    team: Batch, by: Membership, change: str, number: int
) -> None:
    place = {"place": EMAIL} if change == "apply_suggestion" else {}
    result = getattr(corrections, change)(team, number, by=by, **place)

    assert (result.changed, result.overtaken) == (set(), {number})
    assert counts(team) == (5, 0, 0, 0)


def test_rows_cannot_be_corrected_while_they_are_invited(team: Batch, by: Membership) -> None:
    invite_valid_rows(team, by=by)

    changes: list[Callable[[], corrections.EditResult]] = [
        lambda: edit(team, 3, EMAIL, "ben@example.com", by=by),
        lambda: corrections.apply_suggestion(team, 3, EMAIL, by=by),
        lambda: correction_jobs.apply_to_all(team, "email_two_at", by=by),
        lambda: corrections.skip_row(team, 3, by=by),
        lambda: corrections.undo(team, 3, by=by),
    ]
    for change in changes:
        with domain_error("moved_on"):
            change()
    assert counts(team) == (5, 0, 0, 0)


def test_correcting_needs_the_permission(team: Batch, manager: User) -> None:
    with domain_error("not_allowed"):
        corrections.skip_row(team, 3, by=manager.memberships.get())
    assert counts(team) == (5, 0, 0, 0)


# --- To the end --------------------------------------------------------------------------------------


def test_corrected_people_are_invited_as_corrected(team: Batch, by: Membership, work: Run) -> None:
    corrections.apply_suggestion(team, 3, EMAIL, by=by)
    edit(team, 4, LAST, "Cole", by=by)
    edit(team, 5, EMAIL, "ann@example.com", by=by)
    rename(team, 5, "Ann", "Lee", by=by)
    corrections.skip_row(team, 7, by=by)
    invite_valid_rows(team, by=by)
    work(team)

    people = Invitation.objects.order_by("email").values_list("email", "first_name", "last_name")
    assert list(people) == [
        ("ann@example.com", "Ann", "Lee"),
        ("ben@example.com", "Ben", "Fox"),
        ("cat@example.com", "Cat", "Cole"),
        ("eve@example.com", "Eve", "May"),
    ]
    summary = summary_of(team)
    assert (summary.rows, summary.invited, summary.skips["duplicate"], summary.problems) == (len(TEAM), 4, 1, 2)
