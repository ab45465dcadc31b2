"""Valid addresses that look like typos: shown before anyone is invited, fixed with one click."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Membership
from invites import tasks
from invites.imports import correction_jobs, correction_work, corrections
from invites.imports.selectors.typos import typos_of
from invites.imports.upload import correct_batch, invite_valid_rows
from invites.models import Batch, CorrectionJob
from tests.files import csv_of
from tests.invites.imports.grid import counts, downloaded, grid_url, outcome, row, text
from tests.pages import text_of

Run = Callable[..., Batch]

# Rows 2 to 5.
TYPOS = ("ann@@example.com,Ann,Lee,", "fay@gmial.com,Fay,Orr,", "gus@hotmial.com,Gus,Hill,", "kim@gmail.com,Kim,Ray,")


@pytest.fixture
def typos(start: Run) -> Batch:
    batch = start(csv_of(*TYPOS))
    assert batch.state == Batch.State.NEEDS_CORRECTION
    return batch


def words(client: Client, batch: Batch, name: str = "imports:batch_problems") -> str:
    return text_of(text(client.get(grid_url(batch, name), headers={"HX-Request": "true"} if "dialog" in name else {})))


def press(client: Client, batch: Batch, do: str, **fields: str) -> Any:
    return client.post(grid_url(batch), {"do": do, **{name.replace("_", "-"): value for name, value in fields.items()}})


def test_typos_are_shown_in_the_dialog_on_the_page_and_below_the_grid(ines: Client, typos: Batch) -> None:
    assert "2 cells may have mistakes." in words(ines, typos, "imports:batch_dialog")
    for name in ("imports:batch", "imports:batch_problems"):
        told = words(ines, typos, name)
        assert "Row 3 fay@gmial.com Use gmail.com in row 3" in told
        assert "Row 4 gus@hotmial.com Use hotmail.com in row 4" in told


def test_one_click_fixes_a_typo_and_one_undoes_it(ines: Client, typos: Batch) -> None:
    response = press(ines, typos, "meant:3")

    assert response.headers["Location"].endswith("#row-3")
    assert (outcome(typos, 3), row(typos, 3).email) == ("waiting", "fay@gmail.com")
    assert "fay@gmail.com instead of fay@gmial.com . Undo row 3" in words(ines, typos)
    assert "1 cell may have a mistake" in words(ines, typos, "imports:batch_dialog")
    # It isn't a row of the grid, because it had no problem.
    assert counts(typos) == (1, 0, 0, 0)

    press(ines, typos, "undo:3")

    assert (outcome(typos, 3), row(typos, 3).email) == ("waiting", "fay@gmial.com")
    assert "Use gmail.com in row 3" in words(ines, typos)


def test_a_fixed_address_that_is_already_in_the_file_is_skipped(ines: Client, start: Run) -> None:
    batch = start(csv_of(*TYPOS, "kim@gmial.com,Kim,Ray,"))

    press(ines, batch, "meant:6")

    assert outcome(batch, 6) == "skipped duplicate"
    assert "This row is skipped. The same address is in row 5." in words(ines, batch)
    press(ines, batch, "undo:6")
    assert outcome(batch, 6) == "waiting"


def test_the_fixed_address_is_invited(ines: Client, typos: Batch, work: Run) -> None:
    press(ines, typos, "meant:3")
    press(ines, typos, "others")

    work(typos)

    assert sorted(each.to[0] for each in mail.outbox) == ["fay@gmail.com", "gus@hotmial.com", "kim@gmail.com"]
    told = words(ines, typos, "imports:batch")
    assert "Row 4: gus@hotmial.com . Did you mean gus@hotmail.com ?" in told
    assert "Everyone was invited as written." in told
    assert "fay@gmial.com" not in told


def test_a_fixed_typo_is_kept_when_a_corrected_file_is_merged(
    ines: Client, typos: Batch, by: Membership, read_only: Any
) -> None:
    corrections.use_intended_cell(typos, 3, 0, by=by)
    file = downloaded(ines.get(grid_url(typos, "imports:batch_problems_file"))).replace(b"@@", b"@@@")

    correct_batch(typos, file_name="rows.csv", content=[file], selection=read_only, by=by)
    tasks.check_batch(typos.pk)

    assert (row(typos, 3).email, row(typos, 4).email) == ("fay@gmail.com", "gus@hotmial.com")


def test_a_cell_corrected_to_a_typo_says_so_and_is_fixed_with_one_click(
    script: Client, ines: Client, typos: Batch
) -> None:
    html = text(press(script, typos, "save", cell_2_0="ann@gmial.com", seen_2="0"))

    assert "Row 2 is fixed. Did you mean ann@gmail.com? Nothing is left to fix." in text_of(html)
    assert "Use gmail.com" in text_of(html)
    assert outcome(typos, 2) == "waiting", "a typo is not a problem"

    html = text(press(script, typos, "meant:2"))

    assert "Did you mean" not in text_of(html)
    assert (outcome(typos, 2), row(typos, 2).email) == ("waiting", "ann@gmail.com")
    press(script, typos, "undo:2")
    assert outcome(typos, 2) == "problem"


def test_an_address_without_a_typo_is_not_changed(script: Client, typos: Batch) -> None:
    for do in ("meant:5", "meant:2", "meant:99", "meant"):
        assert press(script, typos, do).status_code == 200
    assert [row(typos, number).version for number in (2, 3, 4, 5)] == [0, 0, 0, 0]


def test_the_first_of_many_typos_are_listed_and_the_rest_are_counted(ines: Client, start: Run) -> None:
    some = start(csv_of("a@@example.com,A,B,", *(f"p{n}@gmial.com,A,B," for n in range(15))))
    assert (len(typos_of(some).listed), typos_of(some).more) == (10, 5)
    assert "And 5 more." in words(ines, some)

    many = start(csv_of("a@@example.com,A,B,", *(f"q{n}@gmial.com,A,B," for n in range(230))))

    assert "And 220 more." in words(ines, many)
    assert "Use all 230 suggestions" in words(ines, many)
    assert "230 cells may have mistakes." in words(ines, many, "imports:batch_dialog")


def test_without_typos_nothing_is_shown(ines: Client, team: Batch, by: Membership) -> None:
    assert "Possible mistakes" not in words(ines, team)
    invite_valid_rows(team, by=by)
    assert "may have mistakes" not in words(ines, team, "imports:batch_dialog")


DAMAGED = ("ann@@example.com,Ann,Lee,", "jo@example.com,JÃ¼rgen,MÃ¼ller,", "o’brien@example.com,M?ller,Orr,R&amp;D")


def test_damaged_cells_are_shown_with_their_fix(ines: Client, start: Run) -> None:
    batch = start(csv_of(*DAMAGED))

    told = unescape(words(ines, batch))

    assert "5 cells may have mistakes." in words(ines, batch, "imports:batch_dialog")
    assert "Row 3 JÃ¼rgen Use Jürgen in row 3 Row 3 MÃ¼ller Use Müller in row 3" in told
    assert "Row 4 o’brien@example.com Use o'brien@example.com in row 4" in told
    assert "Row 4 M?ller A letter may have been lost." in told
    assert "Use all 4 suggestions" in told
    html = text(ines.get(grid_url(batch)))
    assert html.count('id="row-3"') == 1


def test_one_click_fixes_a_cell_and_one_undoes_it(ines: Client, start: Run) -> None:
    batch = start(csv_of(*DAMAGED))

    press(ines, batch, "meant:3:2")

    assert (row(batch, 3).first_name, row(batch, 3).last_name) == ("JÃ¼rgen", "Müller")
    assert "Müller instead of MÃ¼ller . Undo row 3" in words(ines, batch)
    assert "Use Jürgen in row 3" in words(ines, batch)
    press(ines, batch, "meant:3:1")
    assert (row(batch, 3).first_name, row(batch, 3).last_name) == ("Jürgen", "Müller")

    press(ines, batch, "undo:3")

    assert (row(batch, 3).first_name, row(batch, 3).last_name) == ("JÃ¼rgen", "MÃ¼ller")


def test_one_click_fixes_all_cells(ines: Client, start: Run) -> None:
    batch = start(csv_of(*DAMAGED, "fay@gmial.com,Fay,Orr,"))

    press(ines, batch, "meant-all")

    fixed = [row(batch, number) for number in (3, 4, 5)]
    assert [(each.email, each.first_name, each.last_name, each.description) for each in fixed] == [
        ("jo@example.com", "Jürgen", "Müller", ""),
        ("o'brien@example.com", "M?ller", "Orr", "R&D"),
        ("fay@gmail.com", "Fay", "Orr", ""),
    ]
    assert "1 cell may have a mistake." in words(ines, batch, "imports:batch_dialog")
    assert "suggestions" not in words(ines, batch)


def test_one_click_fixes_more_cells_than_a_report_keeps(ines: Client, start: Run) -> None:
    batch = start(csv_of("ann@@example.com,Ann,Lee,", *(f"p{n}@example.com,JÃ¼rgen,MÃ¼ller," for n in range(550))))
    assert "Use all 1,100 suggestions" in words(ines, batch)
    assert batch.warnings == []

    press(ines, batch, "meant-all")

    assert set(batch.rows.values_list("first_name", "last_name")) == {("Ann", "Lee"), ("Jürgen", "Müller")}
    assert typos_of(batch).open == 0
    press(ines, batch, "undo:3")
    assert "Use all 2 suggestions" in words(ines, batch)


@pytest.mark.parametrize("dies", [False, True])
def test_a_worker_fixes_many_rows(
    ines: Client, start: Run, monkeypatch: pytest.MonkeyPatch, by: Membership, *, dies: bool
) -> None:
    monkeypatch.setattr(correction_jobs, "ROWS_IN_REQUEST", 5)
    monkeypatch.setattr(correction_work, "CHUNK", 4)
    # Row 13 becomes a duplicate of row 14.
    batch = start(
        csv_of(
            "ann@@example.com,Ann,Lee,",
            *(f"p{n}@gmial.com,JÃ¼rgen,Orr," for n in range(11)),
            "p10@gmail.com,Jürgen,Orr,",
        )
    )

    press(ines, batch, "meant-all")
    batch.refresh_from_db()
    assert batch.state == Batch.State.CHECKING
    assert "Using the suggestions" in words(ines, batch, "imports:batch_dialog")
    if dies:
        save, calls = correction_work._save_chunk, [True, False, True, True, True]
        monkeypatch.setattr(correction_work, "_save_chunk", lambda *args: save(*args) if calls.pop(0) else 1 / 0)
        tasks.check_batch(batch.pk)
        assert CorrectionJob.objects.get().rows_done == 4
    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == Batch.State.NEEDS_CORRECTION
    assert not CorrectionJob.objects.exists()
    emails = list(batch.rows.filter(number__gt=2).order_by("number").values_list("email", flat=True))
    assert emails == [*(f"p{n}@gmail.com" for n in range(11)), "p10@gmail.com"]
    assert outcome(batch, 13) == "skipped duplicate"
    assert {each.edited_by_id for each in batch.rows.filter(edit__isnull=False)} == {by.user_id}
    assert typos_of(batch).open == 0


def test_a_typo_of_a_domain_of_the_file_is_fixed_with_the_others(ines: Client, start: Run) -> None:
    people = (f"p{n}@northwind.example.com,A,B," for n in range(40))
    batch = start(csv_of("ann@@example.com,Ann,Lee,", *people, "q@nortwhind.example.com,JÃ¼rgen,B,"))
    assert row(batch, 43).open_doubts == 2

    press(ines, batch, "meant-all")

    fixed = row(batch, 43)
    assert (fixed.email, fixed.first_name, fixed.open_doubts) == ("q@northwind.example.com", "Jürgen", 0)


def test_a_damaged_cell_is_invited_as_written(ines: Client, start: Run, work: Run) -> None:
    batch = start(csv_of(*DAMAGED))
    press(ines, batch, "others")

    work(batch)

    assert row(batch, 3).first_name == "JÃ¼rgen"
    told = words(ines, batch, "imports:batch")
    assert "Row 3: JÃ¼rgen . Did you mean Jürgen ?" in told
    assert "Row 4: M?ller . A letter may have been lost." in told
    assert "Everyone was invited as written." in told
