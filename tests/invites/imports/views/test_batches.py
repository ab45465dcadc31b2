"""The list of imports, the page of one, and its downloads."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership, Organization, User
from invites import downloads
from invites.imports.presentation import rows
from invites.imports.selectors.summary import summary_of
from invites.models import Batch
from tests.files import PROBLEMS, csv_of, many, pieces_of
from tests.marked import MARKED, marked_language
from tests.pages import HTMX, downloaded, text, url_of, words_of

Run = Callable[..., Batch]
ClientOf = Callable[[User | None], Client]


# --- The batch -----------------------------------------------------------------------------------------


def test_the_page_shows_how_the_file_was_read_and_a_summary_that_adds_up(ines: Client, run: Run, member: User) -> None:
    batch = run(csv_of("ann@example.com", "ben@example.com", "member@example.com", "ann@example.com"))

    html = text(ines.get(url_of(batch)))

    for words in ("team.csv", "Ines Martin", "ReadOnly for ", "Lyon depot", "Read as UTF-8, separated by commas"):
        assert words in html
    lines = {line.label: line.count for group in ines.get(url_of(batch)).context["summary_lines"] for line in group}
    assert lines["Invited"] == 2
    assert lines["already a member"] == 1
    assert lines["twice in the file"] == 1
    assert lines["Invited"] + lines["Skipped"] + lines["Problems"] + lines["Failed"] == 4
    assert "The same address is in row 2" in html


def test_a_message_is_left_for_the_banners_when_only_a_part_of_the_page_is_taken(ines: Client, imported: Run) -> None:
    batch = imported(csv_of("ann@example.com"))
    ines.post(url_of(batch, "imports:batch_undo"), headers=HTMX)

    part = text(ines.get(url_of(batch), headers=HTMX))
    banners = text(ines.get(reverse("shell:banners", args=["acme"]), headers=HTMX))

    assert "1 invitation was revoked." not in part
    assert "1 invitation was revoked." in banners


def test_the_rows_can_be_filtered_by_a_line_of_the_summary(ines: Client, run: Run, member: User) -> None:
    batch = run(csv_of("ann@example.com", "ben@example.com", "member@example.com", "ann@example.com"))
    shown = {"": [2, 3, 4, 5], "invited": [2, 3], "accepted": [], "waiting": [2, 3], "failed": []}
    shown |= {"skipped": [4, 5], "already_member": [4], "duplicate": [5], "no such thing": [2, 3, 4, 5]}
    for outcome, numbers in shown.items():
        listed = ines.get(url_of(batch), {"outcome": outcome}).context["listed"]

        assert [row.number for row, *_ in listed] == numbers, outcome


def test_the_rows_come_in_pages_of_fifty(ines: Client, imported: Run) -> None:
    batch = imported(many(120))

    assert len(ines.get(url_of(batch)).context["listed"]) == 50
    assert [row.number for row, *_ in ines.get(url_of(batch), {"page": "3"}).context["listed"]] == list(range(102, 122))


def test_the_number_of_queries_does_not_depend_on_the_size_of_the_import(ines: Client, imported: Run) -> None:
    small, large = imported(many(2)), imported(many(60, domain="elsewhere.example.com"))
    small_page, large_page = url_of(small), url_of(large)

    with CaptureQueriesContext(connection) as for_small:
        ines.get(small_page)
    with CaptureQueriesContext(connection) as for_large:
        ines.get(large_page)

    assert len(for_large) <= len(for_small)


def test_the_report_has_every_row_and_no_formula(ines: Client, imported: Run, acme: Organization) -> None:
    batch = imported(csv_of("ann@example.com,=1+1,Lee,@SUM(A1)", "ben@example.com,Ben,-Cole,+33 1"))

    response = ines.get(url_of(batch, "imports:batch_download"))
    content = downloaded(response)

    lines = list(csv.DictReader(io.StringIO(content)))
    assert [line["Row"] for line in lines] == ["2", "3"]
    assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for line in lines for value in line.values())
    assert "'@SUM(A1)" in content
    assert response.headers["Content-Type"].startswith("text/csv")
    assert response.headers["Content-Disposition"].startswith("attachment")


def test_a_report_that_is_imported_again_has_the_cells_as_they_were(ines: Client, run: Run, imported: Run) -> None:
    phone = "+33 1 23 45"
    batch = imported(csv_of(f"ann@example.com,Ann,Lee,{phone}"))
    content = downloaded(ines.get(url_of(batch, "imports:batch_download")))

    assert f"'{phone}" in content, "A spreadsheet would calculate."
    assert run(content.encode()).rows.get().description == phone


def test_the_report_is_in_the_language_of_its_reader(ines: Client, imported: Run, admin: User) -> None:
    batch = imported(csv_of("ann@example.com", "ann@example.com"))
    User.objects.filter(pk=admin.pk).update(language=MARKED)

    with marked_language():
        response = ines.get(url_of(batch, "imports:batch_download"))
        with translation.override("en"):
            lines = list(csv.DictReader(io.StringIO(downloaded(response))))

    assert [line["[Row]"] for line in lines] == ["2", "3"]
    assert [line["[Outcome]"] for line in lines] == ["[Pending]", "[Skipped]"]
    assert [line["Email"] for line in lines] == ["ann@example.com"] * 2, "The check knows this name."


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["imports:batch_download", "imports:batch_problems_file"])
def test_a_long_download_is_streamed_without_holding_a_connection(
    ines: Client, start: Run, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "BLOCK", 3)
    monkeypatch.setattr(rows, "REPORT_BLOCK", 2)
    batch = start(csv_of(*(f"person{number}@@example.com" for number in range(10))))

    response: Any = ines.get(url_of(batch, name))
    pieces = async_to_sync(pieces_of)(response)

    assert response.is_async, "Django would read all of it first"
    assert len(pieces) >= 4
    assert connection.connection is None
    assert b"".join(pieces).count(b"@@") >= 10


def test_the_report_of_many_rows_has_each_of_them_once(
    ines: Client, start: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "REPORT_BLOCK", 3)
    batch = start(many(10))

    lines = csv.DictReader(io.StringIO(downloaded(ines.get(url_of(batch, "imports:batch_download")))))

    assert [line["Row"] for line in lines] == [str(number) for number in range(2, 12)]


def test_problem_rows_can_be_downloaded_with_their_reasons(ines: Client, start: Run) -> None:
    batch = start(PROBLEMS)

    response = ines.get(url_of(batch, "imports:batch_download"), {"outcome": "problem"})
    content = downloaded(response)

    lines = list(csv.DictReader(io.StringIO(content)))
    assert [line["Row"] for line in lines] == ["3", "4"]
    assert all(line["Detail"] for line in lines)
    assert "ben@@example.com" in content


def test_the_list_has_the_newest_batch_first(ines: Client, imported: Run) -> None:
    imported(csv_of("ann@example.com"), name="first.csv")
    imported(csv_of("ben@example.com"), name="second.csv")

    html = text(ines.get(reverse("imports:batches", args=["acme"])))

    assert html.index("second.csv") < html.index("first.csv")


def test_people_are_called_as_in_the_organization(
    ines: Client, client_of: ClientOf, imported: Run, by: Membership, colleague: Membership, limited: Membership
) -> None:
    batch = imported(csv_of("bo@example.com,Bo,Ek"))
    with CaptureQueriesContext(connection) as one:
        client_of(colleague.user).get("/o/acme/batches/")
    User.objects.filter(pk=by.user_id).update(first_name="Agnes")
    other = imported(csv_of("di@example.com,Di,Ek"))
    Batch.objects.filter(pk=other.pk).update(inviter=limited.user)

    with CaptureQueriesContext(connection) as two:
        listed = words_of(client_of(colleague.user).get("/o/acme/batches/"))

    assert "Ines Martin" in listed
    assert "Agnes" not in listed
    assert len(two) <= len(one)
    assert "Imported by Ines Martin" in words_of(ines.get(url_of(batch, "imports:batch")))


def test_an_empty_list_says_how_to_start(ines: Client) -> None:
    assert "Import CSV file" in text(ines.get(reverse("imports:batches", args=["acme"])))


# --- Stop ----------------------------------------------------------------------------------------------


def test_stopping_asks_for_confirmation(ines: Client, start: Run) -> None:
    batch = start(many(5))

    html = text(ines.get(url_of(batch, "imports:batch_stop")))

    assert "Stop inviting?" in html
    batch.refresh_from_db()
    assert batch.state == Batch.State.INVITING


def test_a_stopped_batch_says_how_many_were_invited(ines: Client, start: Run) -> None:
    batch = start(many(5))

    response = ines.post(url_of(batch, "imports:batch_stop"))

    assert response.headers["Location"] == url_of(batch)
    html = text(ines.get(url_of(batch)))
    assert "Stopped" in html
    batch.refresh_from_db()
    summary = summary_of(batch)
    assert (summary.rows, summary.invited, summary.stopped) == (5, 0, 5)


def test_stopping_what_has_ended_shows_how_it_ended(dialog: Client, imported: Run) -> None:
    response = dialog.post(url_of(imported(csv_of("ann@example.com")), "imports:batch_stop"))

    assert "1 user was invited to Acme" in text(response)
