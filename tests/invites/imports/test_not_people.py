"""Rows below the last address: skipped as not a person, listed once, and imported anyway if an admin says so."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Site, User
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.checking import ReadingOptions
from invites.imports import corrections, not_people, reading
from invites.imports.corrections import Edit
from invites.imports.presentation.rows import report_lines
from invites.imports.presentation.summary import how_read, summary_lines
from invites.imports.presentation.wording import result_text
from invites.imports.selectors.grid import grid_rows
from invites.imports.selectors.not_people import not_people_rows
from invites.imports.selectors.rows import rows_of
from invites.imports.selectors.summary import Summary, summary_as_json, summary_of
from invites.imports.upload import correct_batch, invite_valid_rows
from invites.management.batch_results import batch_as_text
from invites.models import Batch, Row
from tests.files import csv_of
from tests.invites.imports.grid import counts, grid_url, outcome, row, text
from tests.workbooks import sheet_of, workbook_of

Run = Callable[..., Batch]

GOOD = csv_of("ann@example.com,Ann,Lee,", "bob@example.com,Bob,Ray,", "Total: 2,,,", "For HR only,,,")
BAD = csv_of("ann@example.com,Ann,Lee,", "bob@@example.com,Bob,Ray,", "Total: 2,,,", "For HR only,,,")
SENTENCE = "2 rows below the last address were skipped because they aren’t people: rows 4 and 5"


def adds_up(batch: Batch) -> Summary:
    """The summary, whose parts are the rows."""
    summary = summary_of(batch)
    assert summary.rows == batch.rows.count() == batch.row_total
    assert summary.rows == summary.invited + summary.skipped + summary.problems + summary.failed + summary.waiting
    return summary


def test_a_file_with_a_total_is_imported_at_once(run: Run) -> None:
    batch = run(GOOD)
    assert batch.state == Batch.State.DONE
    summary = adds_up(batch)
    assert (summary.invited, summary.skipped, summary.skips["not_a_person"], summary.problems) == (2, 2, 2, 0)
    assert [outcome(batch, number) for number in (4, 5)] == ["skipped not_a_person"] * 2
    assert how_read(batch).count(SENTENCE) == 1
    assert "2 rows aren’t people." in result_text(batch, summary)
    assert "Not a person                  2" in batch_as_text(batch)
    assert summary_as_json(batch)["skipped"]["not_a_person"] == 2


def test_the_report_has_what_the_row_has(run: Run) -> None:
    footer = b"User,Email,First name,Last name\na,ann@example.com,Ann,Lee\n\nGenerated: 01/02/2026\n"
    lines = list(report_lines(run(footer)))
    assert lines[2][0] == "4"
    assert lines[2][5:7] == ["Skipped", "Not a person: Generated: 01/02/2026"]
    lines = list(report_lines(run(GOOD)))
    assert lines[3][1:7] == ["Total: 2", "", "", "", "Skipped", "Not a person: Total: 2"]


def test_without_people_nothing_is_skipped(start: Run) -> None:
    batch = start(csv_of("Total: 2,,,", "For HR only,,,"))
    assert (batch.state, counts(batch)) == (Batch.State.NEEDS_CORRECTION, (2, 0, 0, 0))
    assert "aren’t people" not in how_read(batch)


def test_a_row_is_imported_anyway_and_skipped_again(start: Run, by: Membership) -> None:
    batch = start(BAD)
    assert counts(batch) == (1, 0, 0, 0)
    version = row(batch, 4).version

    assert not_people.import_anyway(batch, 4, by=by).changed == {4}
    assert (outcome(batch, 4), counts(batch)) == ("problem", (2, 0, 0, 0))
    assert row(batch, 4).version == version + 1
    assert [each.number for each in grid_rows(batch, "first_name_needed")] == [4]
    assert how_read(batch).endswith("1 row below the last address was skipped because it isn’t a person: row 5.")

    corrections.edit_cells(batch, [Edit(4, 0, "cat@example.com", row(batch, 4).version)], by=by)
    assert not_people.skip_again(batch, 4, by=by).changed == {4}
    assert (outcome(batch, 4), counts(batch)) == ("skipped not_a_person", (1, 0, 0, 0))
    found = row(batch, 4)
    assert (found.edit, found.editor, found.email, found.problem_codes) == (None, None, "", "")
    assert SENTENCE in how_read(batch)


def test_a_person_who_is_skipped_again_is_no_longer_the_first_with_the_address(start: Run, by: Membership) -> None:
    batch = start(BAD)
    not_people.import_anyway(batch, 4, by=by)
    not_people.import_anyway(batch, 5, by=by)
    for number in (4, 5):
        values = ["cat@example.com", "Cat", "Cole"]
        edits = [Edit(number, place, value, row(batch, number).version) for place, value in enumerate(values)]
        corrections.edit_cells(batch, edits, by=by)
    assert [outcome(batch, number) for number in (4, 5)] == ["waiting", "skipped duplicate"]
    not_people.skip_again(batch, 4, by=by)
    assert [outcome(batch, number) for number in (4, 5)] == ["skipped not_a_person", "waiting"]


def test_only_what_is_so_changes(start: Run, by: Membership) -> None:
    batch = start(BAD)
    for number in (2, 3, 9):
        assert not_people.import_anyway(batch, number, by=by).overtaken == {number}
        assert not_people.skip_again(batch, number, by=by).overtaken == {number}
    assert not_people.skip_again(batch, 4, by=by).overtaken == {4}
    not_people.import_anyway(batch, 4, by=by)
    assert not_people.import_anyway(batch, 4, by=by).overtaken == {4}
    assert row(batch, 4).version == 1


def test_the_others_are_invited(start: Run, work: Run, by: Membership) -> None:
    batch = start(BAD)
    invite_valid_rows(batch, by=by)
    batch = work(batch)
    summary = adds_up(batch)
    assert (summary.invited, summary.problems, summary.skips["not_a_person"]) == (1, 1, 2)
    assert SENTENCE in how_read(batch)


def correct(batch: Batch, by: Membership, selection: AccessSelection, *lines: str) -> Batch:
    """Upload a file of problem rows."""
    content = "\n".join(["Email,First name,Last name,Description,What is wrong", *lines]).encode()
    correct_batch(batch, file_name="corrected.csv", content=[content], selection=selection, by=by)
    tasks.check_batch(batch.pk)
    tasks.check_batch(batch.pk)
    return Batch.objects.get(pk=batch.pk)


def test_rows_stay_skipped_when_a_corrected_file_adds_people(
    start: Run, work: Run, by: Membership, read_only: AccessSelection
) -> None:
    batch = start(BAD)
    batch = correct(batch, by, read_only, "bob@example.com,Bob,Ray,,Row 3.", "cat@example.com,Cat,Cole,,")
    assert (batch.state, batch.known_rows) == (Batch.State.INVITING, {})
    summary = adds_up(work(batch))
    assert (summary.invited, summary.skips["not_a_person"]) == (3, 2)
    assert [outcome(batch, number) for number in (4, 5, 6)] == ["skipped not_a_person"] * 2 + ["invited"]


def test_a_row_that_is_imported_anyway_stays_so_after_a_correction(
    start: Run, by: Membership, read_only: AccessSelection
) -> None:
    batch = start(BAD)
    not_people.import_anyway(batch, 4, by=by)
    batch = correct(batch, by, read_only, "bob@example.com,Bob,Ray,,Row 3.", "Total: 2,Cat,,,Row 4.")
    assert batch.state == Batch.State.NEEDS_CORRECTION
    assert [outcome(batch, number) for number in (3, 4, 5)] == ["waiting", "problem", "skipped not_a_person"]
    assert counts(batch) == (1, 0, 0, 0)


def test_several_sheets_keep_their_rows_below_after_a_correction(
    start: Run, by: Membership, read_only: AccessSelection
) -> None:
    header = ["Email", "First name", "Last name"]
    sheets = [
        [header, ["ann@example.com", "Ann", "Lee"], ["Total: 1"]],
        [header, ["bob@example.com", "Bob", "Ray"], ["cat@@example.com", "Cat", "Cole"], ["Total: 2"]],
    ]
    batch = start(workbook_of(*map(sheet_of, sheets)), name="team.xlsx")
    options = ReadingOptions(sheets=("Sheet1", "Sheet2"), hidden_rows="include")
    reading.answer(batch, options, by=by)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    sentence = "aren’t people: rows 3 of Sheet1 and 4 of Sheet2"
    assert sentence in how_read(batch)
    batch = correct(batch, by, read_only, "cat@@example.com,Cat,Cole,,Row 6.")
    below = ["skipped not_a_person"]
    assert [outcome(batch, number) for number in (3, 5, 6, 7)] == [*below, "waiting", "problem", *below]
    assert sentence in how_read(batch)


# --- Pages ------------------------------------------------------------------------------------------


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def post(client: Client, batch: Batch, do: str) -> Any:
    return client.post(grid_url(batch), {"do": do}, follow=True)


def test_the_grid_lists_the_rows_once_with_import_anyway(ines: Client, start: Run) -> None:
    batch = start(BAD)
    html = text(ines.get(grid_url(batch)))
    assert words(html).count(SENTENCE) == 1
    assert re.findall(r'name="do" value="person:(\d+)"', html) == ["4", "5"]
    assert "Total: 2" in html

    page = text(post(ines, batch, "person:5"))
    assert "Row 5 is no longer skipped. Enter the name and email address." in page
    assert re.findall(r'data-grid-row="(\d+)"', page) == ["3", "5"]
    assert re.findall(r'name="do" value="person:(\d+)"', page) == ["4"]
    assert 'value="not-person:5"' in page
    assert 'value="skip:5"' not in page
    assert "Someone else changed row 5" in text(post(ines, batch, "person:5"))

    page = text(post(ines, batch, "not-person:5"))
    assert "Row 5 is skipped because it isn’t a person." in page
    assert re.findall(r'name="do" value="person:(\d+)"', page) == ["4", "5"]


def test_the_grid_says_that_notes_were_ignored(ines: Client, start: Run) -> None:
    header = "Email,First name,Last name,Description,,"
    batch = start(csv_of("ann@example.com,Ann,Lee,,,a note", "bob@@example.com,Bob,Ray,,,", header=header))
    sentence = "1 note beside the table was ignored: row 2."
    assert sentence in words(text(ines.get(grid_url(batch))))
    assert how_read(batch).count(sentence) == 1
    assert (outcome(batch, 2), counts(batch)) == ("waiting", (1, 0, 0, 0))


def test_grid_js_is_sent_to_the_row(script: Client, start: Run) -> None:
    batch = start(BAD)
    response = script.post(grid_url(batch), {"do": "person:4"})
    assert response.headers["HX-Redirect"] == f"{grid_url(batch)}?page=1#row-4"


def test_who_cant_change_the_import_sees_the_rows_without_buttons(
    client_of: Callable[[User | None], Client], start: Run, lesser: Membership
) -> None:
    batch = start(BAD)
    html = text(client_of(lesser.user).get(grid_url(batch)))
    assert "Total: 2" in html
    assert "person:4" not in html
    assert post(client_of(lesser.user), batch, "person:4").status_code == 403
    assert outcome(batch, 4) == "skipped not_a_person"


def test_results_lead_to_the_dialog_with_what_the_row_has(ines: Client, run: Run, sites: list[Site]) -> None:
    batch = run(csv_of("ann@example.com,Ann,Lee,", "Checked by,Zora,,Night shift"))
    html = text(ines.get(reverse("imports:batch", args=["acme", batch.pk])))
    assert "1 row below the last address was skipped" in words(html)
    assert "Skipped 1" in words(html)
    assert "not a person 1" in words(html)
    [address] = set(re.findall(r'href="([^"]*/invite/\?[^"]*)"', html))
    dialog = text(ines.get(unescape(address)))
    fields = dict(re.findall(r'<input[^>]*name="(email|first_name|last_name|description)"[^>]*value="([^"]*)"', dialog))
    assert fields == {"email": "Checked by", "first_name": "Zora", "description": "Night shift"}
    chosen = re.findall(r'<(?:input(?![^>]*name="send")|option)[^>]*\b(?:checked|selected)\b', dialog)
    grant = batch.grant
    assert len(chosen) == grant.roles.count() + grant.sites.count()
    assert outcome(batch, 3) == "skipped not_a_person"


def test_the_dialog_is_empty_for_other_rows(ines: Client, run: Run) -> None:
    pk = run(csv_of("ann@example.com,Ann,Lee,", "Checked by,Zora,,")).pk
    for query in (f"import={pk}&row=2", f"import={pk}&row=9", "import=0&row=3", "import=x&row=", "row=3"):
        dialog = text(ines.get(reverse("invitations:invite", args=["acme"]) + "?" + query))
        assert "Zora" not in dialog, query
        assert "ann@example.com" not in dialog, query


def test_the_dialog_shows_nothing_of_imports_that_one_cant_see(
    client_of: Callable[[User | None], Client], run: Run, outsider: User, lesser: Membership
) -> None:
    batch = run(csv_of("ann@example.com,Ann,Lee,", "Checked by,Zora,,"))
    query = f"?import={batch.pk}&row=3"
    there = client_of(outsider).get(reverse("invitations:invite", args=["globex"]) + query)
    assert "Zora" not in text(there)
    assert client_of(outsider).get(reverse("invitations:invite", args=["acme"]) + query).status_code == 404
    answer = client_of(lesser.user).get(reverse("invitations:invite", args=["acme"]) + query)
    assert answer.status_code == 403 or not re.search(r'name="roles"[^>]*checked', text(answer))


# --- Results always add up --------------------------------------------------------------------------


def lines_of(chosen: random.Random) -> Iterator[str]:
    for n in range(chosen.randint(1, 9)):
        yield chosen.choice([
            f"p{n}@example.com,Ann,Lee,", "p0@example.com,Ann,Lee,", "p0@example.com,Bob,Ray,", "admin@example.com,A,B,",
            "pending@example.com,Eve,May,", f"q{n}@@example.com,Ann,Lee,", ",Cat,Cole,", f"Total: {n},,,",
        ])  # fmt: skip
    yield from ["For HR only,,,"] * chosen.randint(0, 2)


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_invited_skipped_problems_or_failed_on_every_page(
    ines: Client, start: Run, work: Run, invite: Any, by: Membership, seed: int
) -> None:
    chosen = random.Random(seed)
    invite("pending@example.com")
    batch = start(csv_of(*lines_of(chosen)))
    if batch.state == Batch.State.NEEDS_CORRECTION:
        adds_up(batch)
        if below := not_people_rows(batch).first():
            not_people.import_anyway(batch, below.number, by=by)
            adds_up(batch)
            if chosen.random() < 0.5:
                not_people.skip_again(batch, below.number, by=by)
        if not batch.rows.filter(outcome=Row.Outcome.WAITING).exists():
            return
        invite_valid_rows(batch, by=by)
    adds_up(batch)
    batch = work(batch)
    for found in batch.rows.filter(outcome=Row.Outcome.INVITED):
        if chosen.random() < 0.3:
            batch.rows.filter(pk=found.pk).update(outcome=Row.Outcome.FAILED, reason=Row.Reason.MAIL_REFUSED)
    summary = adds_up(batch)
    sums = [line.count for group in summary_lines(summary) for line in group if not line.is_part]
    assert sum(sums) == summary.rows
    skipped = next(group for group in summary_lines(summary) if group[0].outcome == "skipped")
    assert skipped[0].count == sum(line.count for line in skipped[1:])
    printed = summary_as_json(batch)
    parts = [*printed["skipped"].values(), *(printed[name] for name in ("invited", "problems", "failed", "waiting"))]
    assert sum(parts) == printed["rows"] == summary.rows
    told = [int(line.split()[-1]) for line in batch_as_text(batch).splitlines() if line.startswith("  ")]
    assert sum(told[:-1]) == told[-1] == summary.rows
    lines = list(report_lines(batch))[1:]
    assert len(lines) == summary.rows
    assert sum(line[5] == "Skipped" for line in lines) == summary.skipped
    page = words(text(ines.get(reverse("imports:batch", args=["acme", batch.pk]))))
    assert f"Rows in the file {summary.rows}" in page
    for line in skipped:
        assert f"{line.label} {line.count}" in page
    for filtered in ("not_a_person", "skipped", "problem"):
        rows = rows_of(batch, filtered).count()
        assert rows == {"not_a_person": summary.skips["not_a_person"], "skipped": summary.skipped}.get(
            filtered, summary.problems
        )


def test_a_row_that_is_invited_by_now_is_not_skipped_again(
    run: Run, work: Callable[[Batch], Batch], by: Membership
) -> None:
    batch = run(BAD, only_valid=True)
    not_people.import_anyway(batch, 4, by=by)
    cells = ("dan@example.com", "Dan", "Fox")
    corrections.edit_cells(batch, [Edit(4, place, value, 1) for place, value in enumerate(cells)], by=by)
    invite_valid_rows(batch, by=by)
    work(batch)
    assert outcome(batch, 4) == "invited"

    # The button of a page that was shown before.
    assert not_people.skip_again(batch, 4, by=by).overtaken == {4}

    assert outcome(batch, 4) == "invited"
    assert adds_up(batch).invited == batch.invitations.count() == 2
