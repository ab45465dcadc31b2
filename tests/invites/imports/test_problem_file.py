"""Problem rows as a file: what an admin downloads, and how a corrected file is merged."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites import downloads, tasks
from invites.checking import ReadingOptions
from invites.checking.reading.workbooks import workbook
from invites.imports import corrections, problem_file, reading
from invites.imports.presentation import rows
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_batch
from invites.imports.upload import correct_batch
from invites.models import Batch, Invitation
from invites.reasons import text_of
from tests.concurrency import once_after
from tests.files import csv_of, many
from tests.invites.imports.grid import counts, downloaded, grid_url, outcome, row, text
from tests.rules import domain_error
from tests.workbooks import sheet_of, workbook_of

Run = Callable[..., Batch]

WIDE = "Team;E-Mail;Vorname;Nachname;Beschreibung;Büro"
PEOPLE = (
    "Süd;ann@example.com;Ann;Größe;Nachtschicht;Köln",
    "=1+1;ben@@example.com;Jörg;Müller;Frühschicht;Zürich",
    "Nord;cat@example.com;Käthe;;;München",
    "Süd;dan@example.com;Dörte;Weiß;;Köln",
    "West;eve@@example.com;Françoise;Béranger;;Liège",
)


@pytest.fixture
def correct(by: Membership, read_only: AccessSelection, ines: Client) -> Callable[..., Any]:
    """Uploads a corrected file as the dialog does."""

    def correct(batch: Batch, content: bytes, *, name: str = "team - rows to fix.csv") -> Any:
        grant = {"roles": [role.pk for role in read_only.roles], "sites": [site.pk for site in read_only.sites]}
        query = f"?correct={batch.pk}"
        file = SimpleUploadedFile(name, content, content_type="text/csv")
        response = ines.post(reverse("imports:import", args=["acme"]) + query, {**grant, "file": file})
        batch.refresh_from_db()
        return response

    return correct


def lines_of(content: bytes, *, encoding: str = "utf-8", delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=delimiter))


def got(client: Client, batch: Batch) -> bytes:
    return downloaded(client.get(grid_url(batch, "imports:batch_problems_file")))


@pytest.mark.parametrize(
    ("encoding", "bom", "delimiter", "end"),
    [
        ("cp1252", b"", ";", "\r\n"),
        ("utf-8", b"", ",", "\n"),
        ("utf-8", b"\xef\xbb\xbf", ";", "\r\n"),
        ("utf-16-le", b"\xff\xfe", "\t", "\r\n"),
        ("utf-16-be", b"\xfe\xff", "|", "\n"),
        ("mac_roman", b"", ";", "\r"),
    ],
    ids=lambda value: repr(value),
)
def test_the_rows_have_the_format_of_the_file_and_are_merged_into_it(
    ines: Client,
    by: Membership,
    start: Run,
    work: Run,
    correct: Callable[..., Any],
    encoding: str,
    bom: bytes,
    delimiter: str,
    end: str,
) -> None:
    text = end.join([WIDE, *PEOPLE, ""]).replace(";", delimiter)
    batch = start(bom + text.encode(encoding))
    if encoding == "mac_roman":
        # A few words of this encoding aren't certain.
        reading.answer(batch, ReadingOptions(encoding=encoding), by=by)
        tasks.check_batch(batch.pk)
        batch.refresh_from_db()
    assert counts(batch) == (3, 0, 0, 0)

    content = got(ines, batch)

    assert content.startswith(bom)
    assert content.count(end.encode(encoding)) == 4
    lines = lines_of(content.removeprefix(bom), encoding=encoding, delimiter=delimiter)
    # A file that isn't Unicode has a byte that is invalid in UTF-8.
    mark = "" if encoding.startswith("utf") else "\xa0"
    assert lines[0] == [*WIDE.split(";"), f"What is wrong{mark}"]
    assert [line[:-1] for line in lines[1:]] == [
        ["'=1+1", *PEOPLE[1].split(";")[1:]],
        PEOPLE[2].split(";"),
        PEOPLE[4].split(";"),
    ]
    assert lines[1][-1] == "Row 3. Email: This address has 2 @ signs"

    corrected = content.replace("@@".encode(encoding), "@".encode(encoding))
    correct(batch, corrected.replace(f"Käthe{delimiter}".encode(encoding), f"Käthe{delimiter}Ölund".encode(encoding)))

    assert batch.file_name == "team.csv"
    assert summary_of(work(batch)).invited == 5
    people = list(Invitation.objects.order_by("email").values_list("first_name", "last_name", flat=False))
    assert people == [
        ("Ann", "Größe"),
        ("Jörg", "Müller"),
        ("Käthe", "Ölund"),
        ("Dörte", "Weiß"),
        ("Françoise", "Béranger"),
    ]
    assert [row(batch, number).email for number in (3, 4, 6)] == [
        "ben@example.com",
        "cat@example.com",
        "eve@example.com",
    ]


def test_the_file_is_named_after_the_admins_own(ines: Client, start: Run) -> None:
    batch = start(csv_of("a@@example.com,A,B,"), name="Équipe 2.csv")

    said = ines.get(grid_url(batch, "imports:batch_problems_file")).headers["Content-Disposition"]

    assert "%C3%89quipe%202%20-%20rows%20to%20fix.csv" in said


def test_the_file_has_only_rows_that_are_left_with_their_current_cells(
    ines: Client, team: Batch, by: Membership
) -> None:
    corrections.apply_suggestion(team, 3, 0, by=by)
    corrections.skip_row(team, 5, by=by)
    corrections.edit_cells(team, [corrections.Edit(7, 1, "=Fay", 0)], by=by)

    lines = lines_of(got(ines, team))

    assert [line[0] for line in lines[1:]] == ["cat@example.com", "fay@@example.com", "gus@example.com"]
    assert lines[2][1] == "'=Fay"
    # The extra cell is kept.
    assert lines[3][:4] == ["gus@example.com", "Gus", "Hill", "Day shift"]
    assert lines[3][5:] == ["Lyon"]


def test_the_file_is_utf_8_if_its_encoding_cannot_hold_a_corrected_name(
    ines: Client, start: Run, by: Membership
) -> None:
    batch = start("\r\n".join([WIDE, *PEOPLE, ""]).encode("cp1252"))
    corrections.edit_cells(batch, [corrections.Edit(3, 1, "春子", 0)], by=by)

    content = got(ines, batch)

    assert content.startswith(b"\xef\xbb\xbf")
    assert lines_of(content, encoding="utf-8-sig", delimiter=";")[1][2] == "春子"


@pytest.mark.servers
def test_a_line_that_names_the_delimiter_is_kept(ines: Client, start: Run) -> None:
    batch = start(b"sep=;\r\nEmail;First name;Last name\r\na@@example.com;A;B\r\n")

    assert got(ines, batch).startswith(b"sep=;\r\nEmail;First name;Last name;What is wrong\r\n")


def test_the_file_has_no_formulas_with_any_delimiter(ines: Client, start: Run) -> None:
    batch = start(csv_of("a@@example.com,x;=cmd,\u200b=1,y\t+2"))

    content = downloaded(ines.get(f"/o/acme/batches/{batch.pk}/report.csv")).decode("utf-8-sig")

    assert '"x;\'=cmd",\'\u200b=1,"y\t\'+2"' in content
    for delimiter in ",;\t":
        for line in csv.reader(content.splitlines(), delimiter=delimiter):
            assert not [cell for cell in line if cell.lstrip('"\u200b').startswith(("=", "+"))]


@pytest.mark.servers
def test_a_merged_word_keeps_its_spelling(
    ines: Client, start: Run, by: Membership, correct: Callable[..., Any]
) -> None:
    """The bytes of this name are valid UTF-8, too, for another letter."""
    header = WIDE.replace("ü", "u")
    batch = start("\r\n".join([header, *PEOPLE, "Ost;fay@@example.com;Fay;Lee;;Gent", ""]).encode("cp1252"))
    corrections.edit_cells(batch, [corrections.Edit(7, 1, "Ã©", 0)], by=by)
    lines = got(ines, batch).splitlines(keepends=True)

    correct(batch, b"".join([lines[0], lines[-1].replace(b"@@", b"@").replace(b"Lee", b"Low")]))

    assert (row(batch, 7).first_name, row(batch, 7).last_name) == ("Ã©", "Low")


def test_our_escaping_apostrophe_is_removed_again(
    ines: Client, start: Run, work: Run, correct: Callable[..., Any]
) -> None:
    batch = start(csv_of("a@@example.com,+Ann,-,+32 2 555", "b@@example.com,'-Ben,Lee,'=5"))

    correct(batch, got(ines, batch).replace(b"@@", b"@"))
    work(batch)

    people = list(Invitation.objects.order_by("email").values_list("first_name", "last_name", "description"))
    assert people == [("+Ann", "-", "+32 2 555"), ("'-Ben", "Lee", "'=5")]


# --- Coming back -------------------------------------------------------------------------------------


def test_the_column_is_ignored_without_a_notice(ines: Client, team: Batch, correct: Callable[..., Any]) -> None:
    correct(team, got(ines, team).replace(b"ben@@", b"ben@"))

    assert (team.ignored_columns, team.warnings) == ([], [])
    assert (outcome(team, 3), outcome(team, 7)) == ("waiting", "problem")


def test_rows_are_merged_by_number_in_any_order(ines: Client, team: Batch, correct: Callable[..., Any]) -> None:
    header, *lines = got(ines, team).splitlines(keepends=True)

    correct(team, b"".join([header, *reversed(lines)]).replace(b"@@", b"@"))

    assert [row(team, number).email for number in (2, 3, 7)] == [
        "ann@example.com",
        "ben@example.com",
        "fay@example.com",
    ]


def test_extra_rows_are_appended_and_removed_rows_are_skipped(
    ines: Client, team: Batch, correct: Callable[..., Any]
) -> None:
    header, *lines = got(ines, team).splitlines(keepends=True)
    kept = [line for line in lines if b"dan" not in line]
    extra = b"zoe@example.com,Zoe,Zed,,\r\nben@example.com,ben,FOX,,\r\n"

    correct(team, b"".join([header, *kept, extra]).replace(b"@@", b"@"))

    assert outcome(team, 5) == "problem skipped_by_admin"
    assert (row(team, 9).email, outcome(team, 10)) == ("zoe@example.com", "skipped duplicate")
    assert counts(team) == (2, 0, 0, 1)


def test_corrections_made_on_the_page_are_kept(
    ines: Client, team: Batch, by: Membership, correct: Callable[..., Any]
) -> None:
    content = got(ines, team)
    corrections.apply_suggestion(team, 3, 0, by=by)
    corrections.edit_cells(team, [corrections.Edit(4, 2, "Cole", 0)], by=by)
    corrections.skip_row(team, 5, by=by)
    corrections.keep_as_shown(team, 8, by=by)

    rows = content.splitlines(keepends=True)
    correct(team, b"".join([rows[0], rows[2].replace(b"Cat,,", b"Cat,Coleman,"), rows[4]]).replace(b"fay@@", b"fay@"))

    assert (row(team, 3).email, outcome(team, 3)) == ("ben@example.com", "waiting")
    # The file overwrites the edit.
    assert row(team, 4).last_name == "Coleman"
    assert (outcome(team, 5), outcome(team, 8)) == ("problem skipped_by_admin", "waiting")
    assert counts(team) == (0, 0, 0, 1)


def test_a_column_is_added_for_a_new_description(
    ines: Client, start: Run, by: Membership, correct: Callable[..., Any], work: Run
) -> None:
    batch = start(
        csv_of("a@@example.com,A,B", "c@example.com,C,D", "e@@example.com,E,F", header="Email,First name,Last name")
    )
    corrections.edit_cells(
        batch, [corrections.Edit(2, 0, "a@example.com", 0), corrections.Edit(2, 3, "Night", 0)], by=by
    )

    correct(batch, got(ines, batch).replace(b"@@", b"@"))
    work(batch)

    assert list(Invitation.objects.order_by("email").values_list("email", "description")) == [
        ("a@example.com", "Night"),
        ("c@example.com", ""),
        ("e@example.com", ""),
    ]


def test_extra_cells_do_not_move_into_an_added_column(
    ines: Client, start: Run, by: Membership, correct: Callable[..., Any], work: Run
) -> None:
    people = ("a@@example.com,A,B", "c@example.com,C,D,Lyon", "e@example.com,E,F,,Ghent")
    batch = start(csv_of(*people, header="Email,First name,Last name"))
    corrections.edit_cells(batch, [corrections.Edit(2, 3, "Night", 0)], by=by)
    first_only = b"\r\n".join(got(ines, batch).splitlines()[:2])

    correct(batch, first_only.replace(b"@@", b"@"))

    assert row(batch, 2).description == "Night"
    for number in (3, 4):
        assert outcome(batch, number).startswith("problem")
        assert row(batch, number).description == ""


def test_a_file_without_the_column_replaces_the_whole_file(
    team: Batch, by: Membership, work: Run, correct: Callable[..., Any]
) -> None:
    corrections.skip_row(team, 3, by=by)

    correct(team, csv_of("kim@example.com,Kim,Lee,", "ben@@example.com,Ben,Fox,"), name="whole.csv")

    assert (team.file_name, counts(team), outcome(team, 3)) == ("whole.csv", (1, 0, 0, 0), "problem")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 60,
        b"Email,First name,What is wrong\r\nann@example.com,Ann,Row 3\r\n",
        b'Email,First name,Last name,What is wrong\r\n"ben@example.com,Ben,Fox,Row 3\r\n',
        # This is only found when the file is read to the end.
        csv_of("kim,Kim,Lee,", '"lea@example.com,Lea,Orr,'),
        b"Email,First name,Last name\r\n\r\n",
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(
    ines: Client, team: Batch, by: Membership, correct: Callable[..., Any], content: bytes
) -> None:
    corrections.apply_suggestion(team, 3, 0, by=by)
    before = got(ines, team)

    response = correct(team, content)

    assert response.status_code == 422
    assert (team.state, counts(team)) == (Batch.State.NEEDS_CORRECTION, (4, 1, 0, 0))
    assert (team.file_name, got(ines, team)) == ("team.csv", before)


@pytest.mark.parametrize(
    "content", [many(31), b"Email,First name,Last name,What is wrong\r\n" + b"new@example.com,New,Lee,\r\n" * 31]
)
def test_a_file_with_too_many_rows_for_a_request_changes_nothing(
    ines: Client, team: Batch, by: Membership, correct: Callable[..., Any], content: bytes, settings: Any
) -> None:
    settings.MAX_ROWS = 30
    corrections.apply_suggestion(team, 3, 0, by=by)
    before = got(ines, team)

    correct(team, content)
    tasks.check_batch(team.pk)

    team.refresh_from_db()
    assert (team.state, counts(team)) == (Batch.State.NEEDS_CORRECTION, (4, 1, 0, 0))
    assert (team.file_name, got(ines, team)) == ("team.csv", before)
    assert " 30" in text_of(team.notice)


def test_the_dialog_says_why_a_corrected_file_is_not_used(team: Batch, correct: Callable[..., Any]) -> None:
    said = text(correct(team, csv_of("kim,Kim,Lee,", '"lea@example.com,Lea,Orr,')))

    assert "A quotation mark in row 3 is never closed." in said
    assert "Upload a corrected file" in said


def test_the_file_cannot_be_downloaded_after_the_batch_has_moved_on(ines: Client, team: Batch, by: Membership) -> None:
    from invites.imports.upload import invite_valid_rows

    invite_valid_rows(team, by=by)

    assert ines.get(grid_url(team, "imports:batch_problems_file")).headers["Location"] == grid_url(
        team, "imports:batch"
    )


def test_a_download_is_complete_even_if_the_batch_is_stopped(ines: Client, team: Batch) -> None:
    response = ines.get(grid_url(team, "imports:batch_problems_file"))
    stop_batch(Batch.objects.get())

    assert len(lines_of(downloaded(response))) == 6


@pytest.mark.parametrize("statement", ['FROM "invites_uploadpart"', 'FROM "invites_row"'])
def test_a_download_has_no_rows_of_a_corrected_file(
    ines: Client, team: Batch, by: Membership, read_only: AccessSelection, statement: str
) -> None:
    """Another admin uploads a corrected file after the file is read, and before its rows are."""

    def correct() -> None:
        other = csv_of("zoe@@example.com", "yan@example.com")
        correct_batch(Batch.objects.get(), file_name="other.csv", content=[other], selection=read_only, by=by)
        tasks.check_batch(team.pk)

    with once_after(statement, correct):
        response = ines.get(grid_url(team, "imports:batch_problems_file"))

    assert response.headers["Location"] == grid_url(team, "imports:batch")


def test_a_download_in_several_chunks_has_every_row_once(
    ines: Client, team: Batch, by: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrections.edit_cells(team, [corrections.Edit(7, 1, "=Fay", 0)], by=by)
    in_one = got(ines, team)

    monkeypatch.setattr(problem_file, "CHUNK", 2)

    assert got(ines, team) == in_one


def test_a_download_is_aborted_if_a_corrected_file_replaces_the_rows(
    ines: Client, team: Batch, by: Membership, read_only: AccessSelection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is better than one with rows of two files."""
    monkeypatch.setattr(problem_file, "CHUNK", 2)
    response = ines.get(grid_url(team, "imports:batch_problems_file"))
    other = csv_of("zoe@@example.com", *(f"yan{number}@@example.com" for number in range(9)))
    correct_batch(Batch.objects.get(), file_name="other.csv", content=[other], selection=read_only, by=by)
    tasks.check_batch(team.pk)

    with domain_error("moved_on"):
        downloaded(response)


def peak_of(client: Client, address: str) -> float:
    """The peak memory of generating the file, in MB. The file is not kept."""
    with mock.patch.object(downloads, "connections"):
        tracemalloc.start()
        try:
            async_to_sync(_read)(client.get(address))
            return tracemalloc.get_traced_memory()[1] / 1024 / 1024
        finally:
            tracemalloc.stop()


async def _read(response: Any) -> None:
    async for _piece in response.streaming_content:
        pass


def test_the_memory_of_a_download_does_not_grow_with_the_rows(
    ines: Client, start: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problem_file, "CHUNK", 50)
    monkeypatch.setattr(rows, "REPORT_BLOCK", 50)
    peaks = []
    # The first one fills caches.
    for count in (2, 150, 500):
        batch = start(csv_of(*(f"person{number}@@example.com" for number in range(count))))
        peaks.append(
            [peak_of(ines, grid_url(batch, name)) for name in ("imports:batch_problems_file", "imports:batch_download")]
        )

    _, small, large = peaks
    assert all(after < before + 0.15 for before, after in zip(small, large, strict=True)), peaks


def test_the_merged_file_is_checked_like_any_other_after_a_crash(
    ines: Client, team: Batch, correct: Callable[..., Any], work: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "start_processing", lambda batch: None)
    correct(team, got(ines, team).replace(b"@@", b"@"))
    assert team.state == Batch.State.CHECKING

    tasks.check_batch(team.pk)

    team.refresh_from_db()
    assert counts(team) == (3, 0, 0, 0)


def test_a_workbook_is_read_only_once(
    ines: Client, start: Run, work: Run, correct: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        [],
        ["Email", "First name", "Last name"],
        ["a@@example.com", "two\nlines", 'B "C", D'],
        [],
        ["b@x.org", "B", "C"],
    ]
    batch = start(workbook_of(sheet_of(rows)), name="team.xlsx")

    monkeypatch.setattr(workbook, "CHILD", ["no such program"])
    content = got(ines, batch)

    lines = lines_of(content[2:], encoding="utf-16-le", delimiter="\t")
    assert lines[1][:3] == ["a@@example.com", "two\nlines", 'B "C", D']
    assert lines[1][3].startswith("Row 3. ")
    fixed = content.replace("@@".encode("utf-16-le"), "@".encode("utf-16-le"))
    correct(batch, fixed.replace("two\nlines".encode("utf-16-le"), "A".encode("utf-16-le")))
    assert summary_of(work(batch)).invited == 2


def test_rows_of_a_workbook_are_downloaded_as_csv_and_can_be_merged_from_csv_or_a_workbook(
    ines: Client, start: Run, by: Membership, work: Run, correct: Callable[..., Any]
) -> None:
    rows = [
        ["Email", "First name", "Last name", "Team"],
        ["a@@example.com", "Ä", "春子", "=1"],
        ["b@example.com", "B", "C"],
    ]
    rows += [["c@@example.com", "C", "D", "x"]]
    batch = start(workbook_of(sheet_of(rows)), name="team.xlsx")
    assert counts(batch) == (2, 0, 0, 0)

    content = got(ines, batch)

    assert content.startswith(b"\xff\xfe")
    lines = lines_of(content[2:], encoding="utf-16-le", delimiter="\t")
    assert lines[0] == ["Email", "First name", "Last name", "Team", "What is wrong"]
    assert lines[1][:4] == ["a@@example.com", "Ä", "春子", "'=1"]

    saved = [lines[0], ["a@example.com", *lines[1][1:]], lines[2]]
    correct(batch, workbook_of(sheet_of(saved)), name="team - rows to fix.xlsx")
    assert (batch.file_name, counts(batch), row(batch, 2).first_name) == ("team.xlsx", (1, 0, 0, 0), "Ä")
    correct(batch, got(ines, batch).replace("@@".encode("utf-16-le"), "@".encode("utf-16-le")))
    assert summary_of(work(batch)).invited == 3
