"""Each column of the registry is read, stored, and shown wherever people are shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models import CharField
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ActivityEntry, Membership
from invites.activity.wording import Changed, changes_of
from invites.checking import COLUMNS, EMAIL, KEYS, Cells, Column, escape_formula
from invites.imports.corrections import Edit, edit_cells
from invites.invitations.authorization import selection_of
from invites.invitations.change import change_invitation
from invites.models import Batch, Invitation, Row
from invites.personal_data.erasure import erase_person
from invites.personal_data.export import export_person
from invites.personal_data.retention import empty_batch
from tests.files import csv_of
from tests.invites.imports.grid import grid_url
from tests.pages import downloaded, text, words_of

Run = Callable[..., Batch]
Work = Callable[[Batch], Batch]

TITLES = ",".join(column.title for column in COLUMNS)
SAMPLE = Cells(*[column.sample.format(n=1) for column in COLUMNS])
each_column = pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)


def sample_of(column: Column) -> str:
    return str(getattr(SAMPLE, column.key))


def with_bad_address(cells: Cells) -> str:
    return ",".join(cells._replace(email="user@@abc.com"))


# --- The registry itself -----------------------------------------------------------------------------


def test_cells_have_one_field_per_column() -> None:
    assert Cells._fields == tuple(column.key for column in COLUMNS)
    assert COLUMNS[0] is EMAIL


def test_no_name_stands_for_two_columns() -> None:
    names = [name for column in COLUMNS for name in (*column.aliases, *column.guesses)]
    assert len(set(names)) == len(names)


@each_column
def test_names_of_a_column_are_lowercase_letters_and_digits(column: Column) -> None:
    for name in (*column.aliases, *column.guesses):
        assert name.isalnum()
        assert name == name.casefold()


@each_column
def test_a_sample_is_in_its_normal_form(column: Column) -> None:
    assert column.check(sample_of(column)) == sample_of(column)


@each_column
def test_only_required_columns_reject_an_empty_cell(column: Column) -> None:
    assert (column.check("") != "") == column.is_required


@each_column
def test_a_cell_over_the_limit_is_rejected(column: Column) -> None:
    longer = "a" * (column.longest + 1)
    assert column.check(longer) != longer


# --- Where a column is stored and shown --------------------------------------------------------------


@each_column
@pytest.mark.parametrize("model", [Row, Invitation])
def test_both_models_have_a_field_for_each_column(model: type[Row] | type[Invitation], column: Column) -> None:
    field = model._meta.get_field(column.key)
    if isinstance(field, CharField):
        assert field.max_length is not None
        assert field.max_length >= column.longest


@pytest.fixture
def invited(imported: Run) -> Batch:
    """An import of one person, with a cell in each column."""
    return imported(csv_of(",".join(SAMPLE), header=TITLES))


@pytest.fixture
def waiting(start: Run) -> Batch:
    """An import whose only row has a cell in each column, and a bad address."""
    return start(csv_of(with_bad_address(SAMPLE), header=TITLES))


def test_an_import_stores_every_cell(start: Run, work: Work) -> None:
    invited = work(start(csv_of(",".join(SAMPLE), header=TITLES)))
    stored = Invitation.objects.values_list(*Cells._fields).get()
    assert Cells(*stored) == SAMPLE
    assert Cells(*invited.rows.values_list(*Cells._fields).get()) == SAMPLE


@each_column
def test_users_shows_the_cell_of_a_person_who_was_invited(ines: Client, invited: Batch, column: Column) -> None:
    assert sample_of(column) in text(ines.get(reverse("directory:users", args=["acme"])))


@each_column
def test_the_report_has_the_column(ines: Client, invited: Batch, column: Column) -> None:
    header, line = downloaded(ines.get(grid_url(invited, "imports:batch_download"))).splitlines()
    titles = header.split(",")
    assert line.split(",")[titles.index(column.title)] == escape_formula(sample_of(column))


@each_column
def test_the_grid_shows_the_cell(ines: Client, waiting: Batch, column: Column) -> None:
    html = text(ines.get(grid_url(waiting)))
    assert f">{column.title}</th>" in html
    assert f'data-label="{column.title}"' in html
    if column is not EMAIL:
        assert f"<bdi>{sample_of(column)}</bdi>" in html


@each_column
def test_a_cell_can_be_edited_in_the_grid(by: Membership, start: Run, column: Column) -> None:
    empty = Cells(email="user@@abc.com", first_name="A", last_name="B")
    batch = start(csv_of(",".join(empty), header=TITLES))
    edit = Edit(2, COLUMNS.index(column), sample_of(column), seen=0)
    assert edit_cells(batch, [edit], by=by).changed == {2}
    assert (batch.rows.get().edit or {})["cells"] == list(empty._replace(**{column.key: sample_of(column)}))


@pytest.mark.parametrize("column", [column for column in COLUMNS if not column.is_required], ids=lambda each: each.key)
def test_a_file_of_problem_rows_gets_a_column_that_was_typed(
    ines: Client, by: Membership, start: Run, column: Column
) -> None:
    batch = start(csv_of("user@@abc.com,A,B", header="Email,First name,Last name"))
    edit_cells(batch, [Edit(2, COLUMNS.index(column), sample_of(column), seen=0)], by=by)
    header, line = downloaded(ines.get(grid_url(batch, "imports:batch_problems_file"))).splitlines()
    assert header == f"Email,First name,Last name,{column.title},What is wrong"
    assert escape_formula(sample_of(column)) in line.split(",")


@each_column
def test_the_invite_form_asks_for_the_column_and_stores_it(
    ines: Client, grant: dict[str, list[int]], column: Column
) -> None:
    url = reverse("invitations:invite", args=["acme"])
    html = text(ines.get(url))
    assert f'name="{column.key}"' in html
    assert column.title in html
    assert ines.post(url, {**SAMPLE._asdict(), **grant}).status_code == 302
    assert getattr(Invitation.objects.get(), column.key) == sample_of(column)


@each_column
def test_a_question_about_a_file_offers_the_column(column: Column) -> None:
    assert column.key in KEYS


@each_column
def test_the_histories_name_the_cell_that_was_changed(
    ines: Client, by: Membership, invited: Batch, column: Column
) -> None:
    invitation = invited.invitations.select_related("grant").get()
    other = column.sample.format(n=2)
    change_invitation(by, invitation, selection_of(invitation.grant), cells=SAMPLE._replace(**{column.key: other}))

    assert Changed(column.title, sample_of(column), other) in changes_of(ActivityEntry.objects.latest("pk"))
    history = words_of(ines.get(reverse("directory:invitation", args=["acme", invitation.pk])))
    for cell in (sample_of(column), other):
        assert cell in history


def test_a_row_that_is_fixed_after_the_import_takes_every_cell(
    ines: Client, start: Run, work: Work, grant: dict[str, list[int]]
) -> None:
    batch = work(start(csv_of("first@abc.com,First,Person", with_bad_address(SAMPLE), header=TITLES), only_valid=True))
    url = f"{reverse('invitations:invite', args=['acme'])}?import={batch.pk}&row=3"
    assert ines.post(url, {**SAMPLE._asdict(), **grant}).status_code == 302
    assert Cells(*batch.rows.filter(number=3).values_list(*Cells._fields).get()) == SAMPLE


# --- Personal data ------------------------------------------------------------------------------------


@each_column
def test_the_export_of_a_person_has_the_cell(invited: Batch, column: Column) -> None:
    found = json.loads("".join(export_person(SAMPLE.email)))
    assert found["import_rows"][0][column.key] == found["invitations"][0][column.key] == sample_of(column)


def test_erasing_a_person_empties_every_cell(by: Membership, invited: Batch) -> None:
    invitation = invited.invitations.select_related("grant").get()
    others = [column.sample.format(n=2) for column in COLUMNS]
    cells = SAMPLE._replace(**dict(zip(Cells._fields[1:], others[1:], strict=True)))
    change_invitation(by, invitation, selection_of(invitation.grant), cells=cells)

    erase_person(SAMPLE.email)

    assert Cells(*Invitation.objects.values_list(*Cells._fields).get()) == Cells()
    assert Cells(*invited.rows.values_list(*Cells._fields).get()) == Cells()
    log = json.dumps(list(ActivityEntry.objects.values_list("details", flat=True)))
    assert [cell for cell in (*SAMPLE, *others) if cell in log] == []


def test_an_old_import_keeps_no_cell(invited: Batch) -> None:
    Batch.objects.update(ended_at=timezone.now() - timedelta(days=settings.IMPORT_ROWS_DAYS, hours=1))
    while empty_batch(invited.pk):
        pass
    assert Cells(*invited.rows.values_list(*Cells._fields).get()) == Cells()


# --- Rows that were stored before the last column was added ------------------------------------------


@pytest.fixture
def older(by: Membership, start: Run) -> Batch:
    """An import whose stored rows lack the last cell: one as checked, one edited, and one fixed."""
    bad = with_bad_address(SAMPLE)
    batch = start(csv_of(bad, bad, bad, header=TITLES))
    edits = [Edit(3, 0, "user@@@abc.com", seen=0), Edit(4, 0, "fixed@abc.com", seen=0)]
    assert edit_cells(batch, edits, by=by).changed == {3, 4}
    for row in batch.rows.all():
        row.cells = (row.cells or [])[:-1]
        if row.edit:
            row.edit["cells"] = row.edit["cells"][:-1]
        row.save()
    return batch


def test_the_pages_and_files_of_older_rows_open(ines: Client, older: Batch) -> None:
    html = text(ines.get(grid_url(older)))
    assert html.count(f'data-label="{COLUMNS[-1].title}"') == 3
    assert downloaded(ines.get(grid_url(older, "imports:batch_problems_file"))).count("\n") == 3
    assert downloaded(ines.get(grid_url(older, "imports:batch_download"))).count("\n") == 4
    assert ines.get(grid_url(older, "imports:batch")).status_code == 200


@pytest.mark.parametrize("number", [2, 3, 4])
def test_older_rows_can_be_edited_and_undone(ines: Client, older: Batch, number: int) -> None:
    seen = older.rows.get(number=number).version
    url = grid_url(older)
    ines.post(url, {"do": "save", f"cell-{number}-0": "other@abc.com", f"seen-{number}": str(seen)})
    assert older.rows.get(number=number).email == "other@abc.com"
    ines.post(url, {"do": f"undo:{number}"})
    assert older.rows.get(number=number).edit is None
    assert ines.get(url).status_code == 200
