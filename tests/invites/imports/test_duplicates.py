"""Rows with the same address: the same person is skipped, and about another person an admin decides."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Membership
from invites.imports import correction_jobs, correction_work, corrections, duplicates
from invites.imports.check import check_batch
from invites.imports.corrections import Edit, EditResult
from invites.imports.duplicates import find_contested, settle
from invites.imports.problem_file import problem_file
from invites.imports.selectors.progress import progress_now
from invites.imports.selectors.summary import summary_of
from invites.imports.upload import invite_valid_rows
from invites.models import Batch, Row
from invites.problems import message_of, stored_problem
from tests.files import csv_of
from tests.invites.imports.grid import counts, outcome, row

Run = Callable[..., Batch]
Start = Callable[..., Batch]

EMAIL, FIRST, LAST = range(3)
PROBLEM, ASIDE, DUPLICATE = "problem", "skipped address_of_another", "skipped duplicate"
# Row 4 is a problem of another kind.
COUPLE = (
    "x@example.com,Ann,Ek,",
    "x@example.com,Bo,Ray,Night",
    "cyd@@example.com,Cyd,Lam,",
    "dee@example.com,Dee,Orr,",
)


@pytest.fixture
def couple(start: Start) -> Batch:
    return start(csv_of(*COUPLE))


def outcomes(batch: Batch) -> list[str]:
    return [outcome(batch, number) for number in batch.rows.order_by("number").values_list("number", flat=True)]


def edit(batch: Batch, number: int, *, by: Membership, **cells: str) -> EditResult:
    names = ("email", "first_name", "last_name", "description")
    seen = row(batch, number).version
    edits = [Edit(number, names.index(name), value, seen) for name, value in cells.items()]
    return corrections.edit_cells(batch, edits, by=by)


def keep(batch: Batch, number: int, other: int, *, by: Membership, this: bool = False) -> EditResult:
    return corrections.keep_person(batch, number, other, is_this=this, by=by)


def message(batch: Batch, number: int) -> str:
    [problem] = row(batch, number).problems
    return message_of(stored_problem(problem))


def test_the_first_is_kept_and_the_second_is_a_problem(couple: Batch) -> None:
    assert outcomes(couple) == ["waiting", PROBLEM, PROBLEM, "waiting"]
    assert message(couple, 3) == "This is also the address of Ann Ek in row 2"
    assert row(couple, 3).cells == ["x@example.com", "Bo", "Ray", "Night"]
    assert counts(couple) == (2, 0, 0, 0)


def test_the_first_is_kept(couple: Batch, by: Membership) -> None:
    assert keep(couple, 3, 2, by=by).changed == {3}

    assert outcomes(couple) == ["waiting", ASIDE, PROBLEM, "waiting"]
    assert row(couple, 3).duplicate_of == 2
    assert (row(couple, 3).problems, row(couple, 3).edited_by_id) == ([], by.user_id)
    assert counts(couple) == (1, 0, 1, 0)


@pytest.mark.servers
def test_the_second_is_kept(couple: Batch, by: Membership) -> None:
    assert keep(couple, 3, 2, by=by, this=True).changed == {2, 3}

    assert outcomes(couple) == [ASIDE, "waiting", PROBLEM, "waiting"]
    assert row(couple, 2).duplicate_of == 3
    assert counts(couple) == (1, 1, 0, 0)
    assert summary_of(couple).skips["address_of_another"] == 1


@pytest.mark.parametrize("this", [False, True])
def test_a_decision_is_undone(couple: Batch, by: Membership, *, this: bool) -> None:
    before = list(couple.rows.values("number", "outcome", "reason", "problems", "cells", "edit", "duplicate_of"))
    keep(couple, 3, 2, by=by, this=this)
    corrections.undo(couple, 3, by=by)
    assert list(couple.rows.values(*before[0])) == before


def test_another_address_is_entered(couple: Batch, by: Membership) -> None:
    edit(couple, 3, by=by, email="bo@example.com")
    assert outcomes(couple)[:2] == ["waiting", "waiting"]
    edit(couple, 3, by=by, email="dee@example.com")
    assert message(couple, 3) == "This is also the address of Dee Orr in row 5"


def test_the_same_name_makes_it_a_duplicate(couple: Batch, by: Membership) -> None:
    edit(couple, 3, by=by, first_name="ann", last_name="EK")
    assert (outcome(couple, 3), row(couple, 3).duplicate_of) == (DUPLICATE, 2)


def test_an_edit_that_repeats_an_address_is_a_problem_until_it_is_changed(couple: Batch, by: Membership) -> None:
    edit(couple, 4, by=by, email="dee@example.com")
    assert message(couple, 4) == "This is also the address of Dee Orr in row 5"
    assert outcome(couple, 5) == "waiting"
    keep(couple, 4, 5, by=by, this=True)
    assert (outcome(couple, 4), outcome(couple, 5)) == ("waiting", ASIDE)

    edit(couple, 4, by=by, email="cyd@example.com")
    assert (outcome(couple, 4), outcome(couple, 5)) == ("waiting", "waiting")


def test_an_edit_drops_the_decision(couple: Batch, by: Membership) -> None:
    keep(couple, 3, 2, by=by, this=True)
    edit(couple, 3, by=by, first_name="Bob")
    assert outcomes(couple)[:2] == ["waiting", PROBLEM]


def test_a_decision_survives_a_check(couple: Batch, by: Membership) -> None:
    for this in (True, False):
        keep(couple, 3, 2, by=by, this=this)
        before = outcomes(couple)
        correction_jobs.check_all_again(couple, by=by)
        assert outcomes(couple) == before
        corrections.undo(couple, 3, by=by)


@pytest.mark.servers
def test_a_skipped_row_has_no_address(couple: Batch, by: Membership) -> None:
    corrections.skip_row(couple, 3, by=by)
    assert outcome(couple, 3) == "problem skipped_by_admin"
    corrections.restore_row(couple, 3, by=by)
    assert (outcome(couple, 3), message(couple, 3)) == (PROBLEM, "This is also the address of Ann Ek in row 2")


def test_a_decision_about_a_person_who_is_no_longer_shown_is_overtaken(start: Start, by: Membership) -> None:
    batch = start(csv_of("x@example.com,Ann,Ek,", "x@example.com,Bo,Ray,", "x@example.com,Cyd,Lam,"))
    keep(batch, 4, 2, by=by, this=True)
    assert message(batch, 3) == "This is also the address of Cyd Lam in row 4"

    assert keep(batch, 3, 2, by=by).overtaken == {3}
    assert outcomes(batch) == [ASIDE, PROBLEM, "waiting"]


def test_of_two_admins_the_first_decides(couple: Batch, by: Membership) -> None:
    keep(couple, 3, 2, by=by, this=True)
    assert keep(couple, 3, 2, by=by).overtaken == {3}
    assert outcomes(couple)[:2] == [ASIDE, "waiting"]


@pytest.mark.parametrize(
    ("names", "decide", "expected"),
    [
        ("A B A", [], ["waiting", PROBLEM, DUPLICATE]),
        ("A B A", [(3, 2, True)], [ASIDE, "waiting", DUPLICATE]),
        ("A B A", [(3, 2, False)], ["waiting", ASIDE, DUPLICATE]),
        ("A B B", [], ["waiting", PROBLEM, PROBLEM]),
        ("A B B", [(3, 2, True)], [ASIDE, "waiting", DUPLICATE]),
        ("A B B", [(4, 2, True)], [ASIDE, DUPLICATE, "waiting"]),
        ("A B B", [(3, 2, False)], ["waiting", ASIDE, PROBLEM]),
        ("A B B", [(3, 2, False), (4, 2, True)], [ASIDE, DUPLICATE, "waiting"]),
        ("A B C", [(3, 2, True)], [ASIDE, "waiting", PROBLEM]),
        ("A B C", [(3, 2, True), (4, 3, True)], [ASIDE, ASIDE, "waiting"]),
        ("A B C", [(4, 2, True), (3, 4, True)], [ASIDE, "waiting", ASIDE]),
        ("A B C", [(3, 2, False), (4, 2, True)], [ASIDE, ASIDE, "waiting"]),
        ("A B C", [(4, 2, True), (3, 4, False)], [ASIDE, ASIDE, "waiting"]),
    ],
)
def test_three_rows(
    start: Start, by: Membership, names: str, decide: list[tuple[int, int, bool]], expected: list[str]
) -> None:
    batch = start(csv_of("bad@@example.com", *(f"x@example.com,{name},Ek," for name in names.split())))
    for number, other, this in decide:
        assert not keep(batch, number + 1, other + 1, by=by, this=this).overtaken
    assert outcomes(batch)[1:] == expected
    assert find_unsettled(batch) == []

    for number, _other, _this in reversed(decide):
        corrections.undo(batch, number + 1, by=by)
    first = [PROBLEM if name != "A" else DUPLICATE for name in names.split()[1:]]
    assert outcomes(batch)[1:] == ["waiting", *first]


def find_unsettled(batch: Batch) -> list[int]:
    """The rows that would change if all rows were compared again. It changes them."""
    return sorted(settle(batch, find_contested(batch)))


def test_a_row_whose_rival_is_undone_is_asked_about_again(start: Start, by: Membership) -> None:
    """Bo was kept instead of Ann, and Cyd instead of Bo. That says nothing once Bo's row has another name."""
    batch = start(csv_of("x@example.com,Ann,Ek,", "x@example.com,Bo,Ray,", "x@example.com,Cyd,Lam,"))
    keep(batch, 3, 2, by=by, this=True)
    edit(batch, 3, by=by, first_name="Bob")
    assert outcomes(batch) == ["waiting", PROBLEM, PROBLEM]


def test_a_decision_says_nothing_about_another_name(couple: Batch, by: Membership) -> None:
    edit(couple, 4, by=by, email="x@example.com")
    keep(couple, 4, 2, by=by, this=True)
    corrections.undo(couple, 4, by=by)
    edit(couple, 4, by=by, email="y@example.com")
    edit(couple, 3, by=by, email="y@example.com")
    keep(couple, 4, 3, by=by, this=True)
    assert (outcome(couple, 3), outcome(couple, 4)) == (ASIDE, "waiting")

    edit(couple, 3, by=by, first_name="Eve")
    assert (outcome(couple, 3), message(couple, 4)) == ("waiting", "This is also the address of Eve Ray in row 3")


def test_the_address_of_a_likely_typo_may_be_taken(start: Start, by: Membership) -> None:
    """The row had no problem, and becomes a row of the grid."""
    batch = start(csv_of("ann@gmial.com,Ann,Ek,", "ann@gmail.com,Bo,Ray,", "cyd@@example.com"))
    assert counts(batch) == (1, 0, 0, 0)
    corrections.use_intended_cell(batch, 2, EMAIL, by=by)
    assert message(batch, 2) == "This is also the address of Bo Ray in row 3"
    assert counts(batch) == (2, 0, 0, 0)

    corrections.undo(batch, 2, by=by)
    assert (outcome(batch, 2), row(batch, 2).email, counts(batch)) == ("waiting", "ann@gmial.com", (1, 1, 0, 0))


def test_a_duplicate_of_the_file_stays_skipped(start: Start, by: Membership) -> None:
    """Even if the first row gets another address: it is the same person."""
    batch = start(csv_of("ann@gmial.com,Ann,Ek,", "ann@gmial.com,ann,ek,", "cyd@@example.com"))
    corrections.use_intended_cell(batch, 2, EMAIL, by=by)
    assert (outcome(batch, 2), outcome(batch, 3)) == ("waiting", DUPLICATE)


def test_only_the_valid_rows_are_invited(couple: Batch, by: Membership, work: Callable[[Batch], Batch]) -> None:
    invite_valid_rows(couple, by=by)
    work(couple)
    assert outcomes(couple) == ["invited", PROBLEM, PROBLEM, "invited"]
    assert message(couple, 3) == "This is also the address of Ann Ek in row 2"
    assert set(couple.invitations.values_list("first_name", flat=True)) == {"Ann", "Dee"}


def test_who_is_kept_is_invited(couple: Batch, by: Membership, work: Callable[[Batch], Batch]) -> None:
    keep(couple, 3, 2, by=by, this=True)
    correction_jobs.check_all_again(couple, by=by, then=correction_jobs.Then.INVITE_VALID)
    progress = progress_now(couple)
    assert progress
    assert progress.total == 2
    work(couple)
    assert set(couple.invitations.values_list("first_name", flat=True)) == {"Bo", "Dee"}
    summary = summary_of(couple)
    assert (summary.rows, summary.invited, summary.skips["address_of_another"], summary.problems) == (4, 2, 1, 1)


def test_the_problem_file_says_whose_address_it_is(couple: Batch) -> None:
    written = b"".join(problem_file(couple)).decode("utf-8-sig")
    assert "Row 3. Email: This is also the address of Ann Ek in row 2" in written


def test_the_first_of_each_is_kept_in_all_rows(start: Start, by: Membership) -> None:
    people = [f"x{number // 3}@example.com,P{number},Ek," for number in range(30)]
    batch = start(csv_of(*people))
    keep(batch, 3, 2, by=by, this=True)
    assert counts(batch) == (19, 1, 0, 0)

    correction_jobs.apply_to_all(batch, "address_of_another", by=by)

    assert counts(batch) == (0, 1, 19, 0)
    assert outcomes(batch)[:6] == [ASIDE, "waiting", ASIDE, "waiting", ASIDE, ASIDE]
    assert find_unsettled(batch) == []


def test_a_worker_keeps_the_first_of_each(start: Start, by: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correction_jobs, "ROWS_IN_REQUEST", 3)
    monkeypatch.setattr(correction_work, "CHUNK", 4)
    batch = start(csv_of(*(f"x{number // 3}@example.com,P{number},Ek," for number in range(30))))
    correction_jobs.apply_to_all(batch, "address_of_another", by=by)
    assert batch.state == Batch.State.CHECKING
    check_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, counts(batch)) == (Batch.State.NEEDS_CORRECTION, (0, 0, 20, 0))


def test_another_worker_settles_what_is_left(start: Start, by: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correction_jobs, "ROWS_IN_REQUEST", 3)
    monkeypatch.setattr(correction_work, "CHUNK", 4)
    batch = start(csv_of(*(f"x{number // 3}@example.com,P{number},Ek," for number in range(30))))
    correction_jobs.apply_to_all(batch, "address_of_another", by=by)
    calls = []

    def die_later(batch: Batch, contested: Any) -> set[int]:
        calls.append(contested)
        if len(calls) == 3:
            raise OSError("no connection")
        return settle(batch, contested)

    monkeypatch.setattr(correction_work, "settle", die_later)
    check_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, counts(batch)) == (Batch.State.CHECKING, (12, 0, 8, 0))
    check_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, counts(batch)) == (Batch.State.NEEDS_CORRECTION, (0, 0, 20, 0))


def test_more_names_than_a_decision_holds_are_asked_about(
    start: Start, by: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "MOST_NAMES", 2)
    batch = start(csv_of(*(f"x@example.com,P{number},Ek," for number in range(6))))
    for number in range(3, 7):
        keep(batch, number, 2, by=by)
    keep(batch, 7, 2, by=by, this=True)
    assert outcomes(batch) == [ASIDE, ASIDE, ASIDE, PROBLEM, PROBLEM, "waiting"]


# --- Random changes ----------------------------------------------------------------------------------

ADDRESSES = ("x@example.com", "y@example.com", "z@example.com", "bad@@example.com")
PEOPLE = (("Ann", "Ek"), ("ann", "EK"), ("Bo", "Ray"), ("Cyd", "Lam"))


def change(batch: Batch, dice: random.Random, by: Membership) -> str:
    """Do what an admin could do, and say what it was."""
    some = dice.choice(list(batch.rows.exclude(problem_codes="").order_by("number")))
    number, other = some.number, duplicates.other_number(some)
    match dice.randrange(8):
        case 0 | 1 if other:
            keep(batch, number, other, by=by, this=True)
            return f"keep {number} instead of {other}"
        case 2 if other:
            keep(batch, number, other, by=by)
            return f"keep {other} instead of {number}"
        case 3:
            corrections.undo(batch, number, by=by)
            return f"undo {number}"
        case 4:
            corrections.skip_row(batch, number, by=by)
            return f"skip {number}"
        case 5:
            corrections.restore_row(batch, number, by=by)
            return f"restore {number}"
        case 6:
            address = dice.choice(ADDRESSES)
            edit(batch, number, by=by, email=address)
            return f"edit {number} {address}"
    first, last = dice.choice(PEOPLE)
    edit(batch, number, by=by, first_name=first, last_name=last)
    return f"edit {number} {first} {last}"


def names(found: Row) -> str:
    return f"{found.first_name} {found.last_name}".lower()


def look_at(batch: Batch) -> None:
    """What must be true at any time, whatever was done."""
    rows = {each.number: each for each in batch.rows.order_by("number")}
    owners: dict[str, Row] = {}
    for each in rows.values():
        if each.outcome == Row.Outcome.WAITING:
            assert owners.setdefault(each.email_key, each) is each, "an address is invited once"
            assert not each.problems
    decisions: dict[str, set[str]] = {}
    for each in rows.values():
        decision: dict[str, Any] = (each.edit or {}).get("decision") or {}
        if decision:
            loses = {names(each)} if "under" in decision else set(decision["over"])
            decisions.setdefault(each.email_key, set()).update(loses)
    for each in rows.values():
        owner = owners.get(each.email_key)
        if each.outcome == Row.Outcome.SKIPPED:
            assert owner or each.problem_codes == ""
            if each.problem_codes:
                assert owner
                assert each.duplicate_of == owner.number
            if each.reason == Row.Reason.ADDRESS_OF_ANOTHER:
                assert names(each) in decisions[each.email_key], "nobody decided that"
            else:
                assert names(each) == names(rows[each.duplicate_of or 0])
        if duplicates.other_number(each) and each.reason == "":
            assert owner
            assert duplicates.other_number(each) == owner.number
            assert names(each) != names(owner)
            assert each.problem_codes, "it is in the grid"
            assert each.suggested_codes == " address_of_another "


@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_changes_leaves_one_owner_of_each_address(start: Start, by: Membership, seed: int) -> None:
    dice = random.Random(seed)
    people = [(dice.choice(ADDRESSES), *dice.choice(PEOPLE)) for _ in range(7)]
    batch = start(csv_of(*(",".join((*person, "")) for person in people), "bad@@example.com,Dee,Orr,"))
    fields = ("number", "outcome", "reason", "problems", "duplicate_of", "email", "edit")
    first = list(batch.rows.order_by("number").values(*fields))
    done = []
    for step in range(40):
        done.append(change(batch, dice, by))
        look_at(batch)
        if step % 8 == 7:
            before = outcomes(batch)
            assert find_unsettled(batch) == [], done
            correction_jobs.check_all_again(batch, by=by)
            assert outcomes(batch) == before, done
    for each in batch.rows.exclude(problem_codes=""):
        corrections.restore_row(batch, each.number, by=by)
        corrections.undo(batch, each.number, by=by)
    assert list(batch.rows.order_by("number").values(*fields)) == first, done


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_edits_makes_no_difference(start: Start, by: Membership, seed: int) -> None:
    dice = random.Random(seed)
    rows = ["x@example.com,Ann,Ek,", *["bad@@example.com,Dee,Orr,"] * 6]
    edits = {number: (dice.choice(ADDRESSES[:3]), *dice.choice(PEOPLE)) for number in range(3, 9)}
    found = []
    for _ in range(3):
        batch = start(csv_of(*rows))
        for number in dice.sample(sorted(edits), len(edits)):
            email, first_name, last_name = edits[number]
            edit(batch, number, by=by, email=email, first_name=first_name, last_name=last_name)
        found.append(list(batch.rows.order_by("number").values_list("outcome", "reason", "duplicate_of", "problems")))
        Batch.objects.all().delete()
    assert found[0] == found[1] == found[2]
