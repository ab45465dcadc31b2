"""How a file is read: an admin decides what isn't certain, and the organization may remember it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import AccessSelection
from invites import checking, tasks
from invites.checking import ReadingOptions
from invites.imports import corrections, reading
from invites.imports.problem_file import problem_file
from invites.imports.stop import stop_import
from invites.imports.upload import correct_batch, invite_valid_rows, start_batch
from invites.models import AccessGrant, Batch, Invitation, RememberedReading, Row
from tests.rules import domain_error
from tests.workbooks import sheet_of, workbook_of

Run = Callable[..., Batch]

FULL_NAMES = (
    "Csapat,,\r\n"
    "Név,E-mail cím,Beosztás\r\n"
    "Hegedűs Péter,peter@example.com,Villanyszerelő\r\n"
    "Szűcs Ilona,ilona@example,\r\n"
    "Kőszegi,borbala@example.com,Műszakvezető\r\n"
).encode()
# How FULL_NAMES is read.
LAST_FIRST = ReadingOptions(
    header_row=2, columns={"full_name": 0, "email": 1, "description": 2}, name_order="last-first"
)
HUNGARIAN = "Email,First name,Last name\r\npeter@example.com,Péter,Hegedűs\r\n".encode("cp1250")
IN_1250 = ReadingOptions(encoding="cp1250")


def answer(batch: Batch, options: ReadingOptions, *, by: Membership, **how: Any) -> Batch:
    reading.answer(batch, options, by=by, **how)
    tasks.start_processing(batch)
    batch.refresh_from_db()
    return batch


def people(batch: Batch) -> list[tuple[str, str, str]]:
    return list(batch.invitations.order_by("email").values_list("email", "first_name", "last_name"))


def test_a_file_that_isnt_certain_waits_and_invites_nobody(run: Run) -> None:
    batch = run(HUNGARIAN)

    assert batch.state == Batch.State.NEEDS_ANSWER
    assert reading.decide(batch).open == {"encoding"}
    assert (batch.rows.count(), Invitation.objects.count()) == (0, 0)
    assert batch.parts.exists()


def test_the_same_batch_continues_with_the_answer(run: Run, by: Membership, work: Callable[[Batch], Batch]) -> None:
    batch = work(answer(run(HUNGARIAN), IN_1250, by=by))

    assert batch.state == Batch.State.DONE
    assert batch.encoding == "Windows-1250"
    assert people(batch) == [("peter@example.com", "Péter", "Hegedűs")]
    assert batch.preview is None


def test_an_answer_must_leave_nothing_open(run: Run, by: Membership) -> None:
    batch = run(FULL_NAMES)
    with domain_error("undecided"):
        reading.answer(batch, ReadingOptions(header_row=2), by=by)

    batch.refresh_from_db()
    assert batch.state == Batch.State.NEEDS_ANSWER


def test_an_answer_cannot_name_another_encoding(run: Run, by: Membership) -> None:
    batch = run(HUNGARIAN)
    for codec in ("rot13", "utf-7", "cp866"):
        with domain_error("undecided"):
            reading.answer(batch, ReadingOptions(encoding=codec), by=by)


def test_an_admin_can_answer_for_somebody_who_has_left(
    run: Run, by: Membership, colleague: Membership, work: Callable[[Batch], Batch]
) -> None:
    batch = run(HUNGARIAN)
    User.objects.filter(pk=by.user_id).update(is_active=False)

    done = work(answer(batch, IN_1250, by=colleague))
    assert (done.state, done.inviter) == (Batch.State.DONE, colleague.user)


def test_members_who_may_no_longer_change_settings_forget_no_columns(by: Membership, acme: Organization) -> None:
    remembered = RememberedReading.objects.create(organization=acme, signature="names", reading={}, chosen_by=by.user)
    assert by.permissions()
    Membership.objects.get(pk=by.pk).roles.clear()

    with domain_error("not_allowed"):
        reading.forget(by, remembered.pk)
    assert RememberedReading.objects.exists()


def test_a_file_is_answered_for_once(run: Run, by: Membership) -> None:
    batch = run(HUNGARIAN)
    reading.answer(batch, IN_1250, by=by)

    with domain_error("not_here"):
        reading.answer(batch, ReadingOptions(encoding="cp1252"), by=by)
    assert batch.reading["encoding"] == "cp1250"


def test_members_answer_only_for_what_they_could_grant(run: Run, member: Membership) -> None:
    batch = run(HUNGARIAN)

    with domain_error("not_allowed"):
        reading.answer(batch, IN_1250, by=member)
    with domain_error("not_allowed"):
        reading.delete_undecided(batch, by=member)


@pytest.fixture
def member(by: Membership, read_only: AccessSelection) -> Membership:
    """A member who may invite, but whose sites aren't those of `read_only`."""
    role = Role.objects.create(organization=by.organization, name="Inviter", permissions=["invite_users"])
    membership = Membership.objects.create(organization=by.organization, user=User.objects.create(email="bo@acme.test"))
    membership.roles.set([role])
    return membership


def test_a_file_that_was_deleted_meanwhile_is_not_here(run: Run, by: Membership) -> None:
    batch = run(HUNGARIAN)
    same = Batch.objects.get(pk=batch.pk)
    reading.delete_undecided(batch, by=by)

    with domain_error("not_here"):
        reading.answer(same, IN_1250, by=by)
    with domain_error("not_here"):
        reading.delete_undecided(same, by=by)


def test_a_delimiter_that_was_given_stays(
    by: Membership, read_only: AccessSelection, work: Callable[[Batch], Batch]
) -> None:
    # Without being told, we would find commas.
    file = b"Mail|Given,name|Family,name\r\nann@example.com|Ann,Eva|Lee,Orr\r\n"
    options = ReadingOptions(delimiter="|")
    batch = start_batch(by, file_name="a.csv", content=[file], selection=read_only, options=options)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    assert [column.name for column in reading.decide(batch).columns] == ["Mail", "Given,name", "Family,name"]

    done = work(answer(batch, ReadingOptions(columns={"email": 0, "first_name": 1, "last_name": 2}), by=by))
    assert people(done) == [("ann@example.com", "Ann,Eva", "Lee,Orr")]


# --- Full names, titles and columns --------------------------------------------------------------------


def test_full_names_are_split_and_rows_keep_their_numbers(run: Run, by: Membership) -> None:
    batch = answer(run(FULL_NAMES), LAST_FIRST, by=by)

    assert batch.state == Batch.State.NEEDS_CORRECTION
    found = batch.rows.values_list("number", "first_name", "last_name", "outcome")
    assert list(found) == [
        (3, "Péter", "Hegedűs", Row.Outcome.WAITING),
        (4, "Ilona", "Szűcs", Row.Outcome.PROBLEM),
        (5, "Kőszegi", "", Row.Outcome.PROBLEM),
    ]


def test_the_rows_to_fix_can_be_downloaded_and_corrected(
    run: Run, by: Membership, read_only: AccessSelection, work: Callable[[Batch], Batch]
) -> None:
    batch = answer(run(FULL_NAMES), LAST_FIRST, by=by)
    corrections.edit_cells(batch, [corrections.Edit(5, 2, "Borbála", seen=0)], by=by)

    content = b"".join(problem_file(batch)).decode("utf-16")
    lines = list(csv.reader(io.StringIO(content, newline=""), delimiter="\t"))
    assert lines[0] == ["Név", "Email", "Description", "First name", "Last name", "What is wrong"]
    assert lines[1][:5] == ["Szűcs Ilona", "ilona@example", "", "Ilona", "Szűcs"]
    corrected = content.replace("ilona@example\t", "ilona@example.com\t").encode("utf-16")
    correct_batch(batch, file_name="b.csv", content=[corrected], selection=read_only, by=by)
    tasks.start_processing(batch)
    batch.refresh_from_db()

    done = work(batch)
    assert done.state == Batch.State.DONE
    assert people(done) == [
        ("borbala@example.com", "Kőszegi", "Borbála"),
        ("ilona@example.com", "Ilona", "Szűcs"),
        ("peter@example.com", "Péter", "Hegedűs"),
    ]
    assert list(done.rows.values_list("number", flat=True)) == [3, 4, 5]


def test_a_file_without_column_names_keeps_its_numbers(
    run: Run, by: Membership, read_only: AccessSelection, work: Callable[[Batch], Batch]
) -> None:
    batch = run(b"ann@example.com,Ann,Lee\r\nben@@example.com,Ben,Fox\r\n")
    options = ReadingOptions(header_row=0, columns={"email": 0, "first_name": 1, "last_name": 2})
    batch = answer(batch, options, by=by)

    corrected = b"".join(problem_file(batch)).decode("utf-16").replace("@@", "@").encode("utf-16")
    assert "Row 2." in corrected.decode("utf-16")
    correct_batch(batch, file_name="b.csv", content=[corrected], selection=read_only, by=by)
    tasks.start_processing(batch)
    batch.refresh_from_db()

    done = work(batch)
    assert [email for email, *_ in people(done)] == ["ann@example.com", "ben@example.com"]
    assert list(done.rows.values_list("number", flat=True)) == [1, 2]


def test_names_that_arent_in_the_file_are_filled_in_later(run: Run, by: Membership) -> None:
    batch = run(b"Email\r\nchiara.rossi@example.com\r\ninfo@example.com\r\n")
    options = ReadingOptions(columns={"email": 0}, not_in_file=("first_name", "last_name"))
    batch = answer(batch, options, by=by)

    assert batch.state == Batch.State.NEEDS_CORRECTION
    first, second = batch.rows.all()
    assert [problem["suggestion"] for problem in first.problems] == ["Chiara", "Rossi"]
    assert [problem["suggestion"] for problem in second.problems] == [None, None]
    corrections.apply_suggestion(batch, 2, 1, by=by)
    corrections.apply_suggestion(batch, 2, 2, by=by)
    assert batch.rows.get(number=2).outcome == Row.Outcome.WAITING


def test_a_name_that_could_be_split_elsewhere_is_a_problem_with_a_suggestion(run: Run, by: Membership) -> None:
    batch = run(b"Email,Full name\r\nmaria@example.com,Maria Elena Rossi\r\n")
    options = ReadingOptions(columns={"email": 0, "full_name": 1}, name_order="first-last")
    batch = answer(batch, options, by=by)

    row = batch.rows.get()
    assert row.problem_codes.split() == ["unsure_full_name"]
    corrections.apply_suggestion(batch, row.number, 1, by=by)
    invite_valid_rows(batch, by=by)
    row.refresh_from_db()
    assert (row.first_name, row.last_name) == ("Maria Elena", "Rossi")


def test_the_rows_are_written_before_the_database_is_locked(
    run: Run, by: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = len(connection.savepoint_ids)
    depths, write_table = [], checking.write_table

    def write(*arguments: Any) -> None:
        depths.append(len(connection.savepoint_ids))
        write_table(*arguments)

    monkeypatch.setattr(checking, "write_table", write)
    assert answer(run(FULL_NAMES), LAST_FIRST, by=by).state == Batch.State.NEEDS_CORRECTION
    assert depths == [outside]


@pytest.mark.parametrize("width", [7, 100])
def test_a_file_that_is_as_large_as_allowed_can_be_corrected(
    run: Run, by: Membership, read_only: AccessSelection, work: Callable[[Batch], Batch], width: int
) -> None:
    names = ",".join(["Email", "Full name", *(f"Note {number}" for number in range(2, width))])
    note = "n" * (3_900_000 // (width - 2))
    notes = f",{note}" * (width - 2)
    batch = run(f"{names}\r\nann@example.com,Ann Lee\r\nben@@example.com,Ben Fox{notes}\r\n".encode())
    options = ReadingOptions(columns={"email": 0, "full_name": 1}, name_order="first-last")
    batch = answer(batch, options, by=by)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    assert batch.state == Batch.State.NEEDS_CORRECTION

    corrected = b"".join(problem_file(batch)).decode("utf-16").replace("@@", "@").encode("utf-16")
    correct_batch(batch, file_name="b.csv", content=[corrected], selection=read_only, by=by)
    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.notice == []
    assert people(work(batch)) == [("ann@example.com", "Ann", "Lee"), ("ben@example.com", "Ben", "Fox")]


def test_a_character_that_no_text_has_does_not_make_the_rows_unreadable(run: Run, by: Membership) -> None:
    rows = [["Email", "Full name"], ["ann@example.com", "Ann Lee"], ["ben@@example.com", "Ben Fox_x0000_"]]
    batch = run(workbook_of(sheet_of(rows)), name="b.xlsx")
    options = ReadingOptions(columns={"email": 0, "full_name": 1}, name_order="first-last")
    batch = answer(batch, options, by=by)

    assert "Row 3." in b"".join(problem_file(batch)).decode("utf-16")
    assert batch.rows.get(number=3).problem_codes.split() == ["email_two_at", "lost_character"]


# --- Workbooks ---------------------------------------------------------------------------------------


def test_several_sheets_are_read_one_after_the_other(run: Run, by: Membership, work: Callable[[Batch], Batch]) -> None:
    header = ["Email", "First name", "Last name"]
    other = ["Last name", "Email", "First name"]
    batch = run(
        workbook_of(
            sheet_of([header, ["ann@example.com", "Ann", "Lee"], ["amy@example.com", "Amy", "Orr"]]),
            sheet_of([["Team B"], other, ["Fox", "ben@example.com", "Ben"]]),
        )
    )
    assert reading.decide(batch).open == {"sheet"}

    done = work(answer(batch, ReadingOptions(sheets=("Sheet1", "Sheet2")), by=by))

    assert people(done) == [
        ("amy@example.com", "Amy", "Orr"),
        ("ann@example.com", "Ann", "Lee"),
        ("ben@example.com", "Ben", "Fox"),
    ]
    assert list(done.rows.values_list("number", flat=True)) == [2, 3, 6]
    assert done.read_as["sheets"] == [["Sheet1", 0], ["Sheet2", 3]]


# --- Remembering -------------------------------------------------------------------------------------


def test_an_answer_is_remembered_for_files_with_the_same_columns(
    run: Run, by: Membership, work: Callable[[Batch], Batch]
) -> None:
    work(answer(run(FULL_NAMES, name="first.csv"), LAST_FIRST, by=by, remember=True))

    batch = run(FULL_NAMES.replace("Hegedűs".encode(), "Kovács".encode()))

    assert batch.state == Batch.State.NEEDS_CORRECTION
    assert batch.rows.get(number=3).first_name == "Péter"
    assert batch.read_as["remembered_from"] == RememberedReading.objects.get().file_name


def test_only_an_encoding_that_was_asked_about_is_remembered(run: Run, by: Membership) -> None:
    answer(run(FULL_NAMES), LAST_FIRST, by=by, remember=True)
    assert "encoding" not in RememberedReading.objects.get().reading

    answer(run(HUNGARIAN), IN_1250, by=by, remember=True)
    assert RememberedReading.objects.filter(reading__encoding="cp1250").exists()


def test_an_answer_that_isnt_remembered_is_asked_again(run: Run, by: Membership) -> None:
    answer(run(FULL_NAMES), LAST_FIRST, by=by)

    assert run(FULL_NAMES).state == Batch.State.NEEDS_ANSWER
    assert not RememberedReading.objects.exists()


def test_a_remembered_encoding_is_only_evidence(run: Run, by: Membership) -> None:
    answer(run(HUNGARIAN), IN_1250, by=by, remember=True)

    same = run("Email,First name,Last name\r\nilona@example.com,Ilona,Szűcs\r\n".encode("cp1250"))
    assert (same.state, same.encoding) == (Batch.State.DONE, "Windows-1250")
    assert same.read_as["names"] == ["Ilona Szűcs"]

    turkish = run("Email,First name,Last name\r\nayse@example.com,Ayşe,Yılmaz\r\n".encode("cp1254"))
    assert turkish.state == Batch.State.NEEDS_ANSWER


def test_what_one_organization_remembers_says_nothing_about_another(
    run: Run, by: Membership, globex: Organization
) -> None:
    answer(run(FULL_NAMES), LAST_FIRST, by=by, remember=True)

    assert reading.remembered_in(globex) == {}


def test_an_organization_remembers_the_latest_columns(run: Run, by: Membership, monkeypatch: Any) -> None:
    monkeypatch.setattr(reading, "MOST_REMEMBERED", 2)
    for name in ("Nom complet A", "Nom complet B", "Nom complet C"):
        batch = run(f"Email,{name}\r\nann@example.com,Ann Lee\r\n".encode())
        options = ReadingOptions(columns={"email": 0, "full_name": 1}, name_order="first-last")
        answer(batch, options, by=by, remember=True)

    found = RememberedReading.objects.values_list("column_names", flat=True)
    assert [names[1] for names in found] == ["Nom complet C", "Nom complet B"]


# --- The end of waiting ------------------------------------------------------------------------------


def test_a_file_that_isnt_wanted_is_deleted(run: Run, by: Membership) -> None:
    batch = run(HUNGARIAN)
    reading.delete_undecided(batch, by=by)

    assert not Batch.objects.exists()
    assert not AccessGrant.objects.exists()


def test_a_file_that_waits_can_be_stopped(run: Run, by: Membership) -> None:
    batch = run(HUNGARIAN)

    assert stop_import(by, batch)
    assert batch.state == Batch.State.STOPPED
    assert not batch.parts.exists()


def test_a_file_that_nobody_answers_for_is_deleted_after_a_week(run: Run) -> None:
    batch, other = run(HUNGARIAN), run(HUNGARIAN)
    Batch.objects.filter(pk=batch.pk).update(progressed_at=timezone.now() - reading.WAITS_FOR_ANSWER - timedelta(1))

    assert reading.delete_forgotten() == 1
    assert list(Batch.objects.all()) == [other]


# --- Corrected files ---------------------------------------------------------------------------------


def test_a_file_that_replaces_another_one_may_need_an_answer(
    run: Run, by: Membership, read_only: AccessSelection
) -> None:
    batch = run(b"Email,First name,Last name\r\nben@@example.com,Ben,Fox\r\n")
    assert batch.state == Batch.State.NEEDS_CORRECTION
    correct_batch(batch, file_name="new.csv", content=[HUNGARIAN], selection=read_only, by=by)
    tasks.start_processing(batch)
    batch.refresh_from_db()

    assert batch.state == Batch.State.NEEDS_ANSWER
    assert reading.decide(batch).open == {"encoding"}
    assert not batch.rows.exists()
