""" "Check how we read this file": what is asked, what follows from the answers, and who may give them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organization, User
from invites.models import Batch, RememberedReading
from tests.pages import HTMX, downloaded, fields_of, submit_import, text, triggers, url_of, words_of
from tests.workbooks import sheet_of, workbook_of

HUNGARIAN = (
    "Terepi csapat\n"
    "északi régió\n"
    "Törzsszám;Név;E-mail cím;Beosztás;Belépés\n"
    "10482;Hegedűs Péter;hegedus.p@northwind.example.com;Villanyszerelő;2019-03-04\n"
    "10517;Kőszegi Borbála;koszegi.b@northwind.example.com;Műszakvezető;2021-09-13\n"
    "10533;Szűcs Ilona;szucs.i@northwind.example.com;Hálózati technikus;2016-05-02\n"
    "10591;Törő Ádám;toro.a@northwind.example.com;;2024-01-08\n"
)
SURNAME = b"Email,First name,Team\nann@example.com,Ann,Lee\nbob@example.com,Bob,Fox\n"
PEOPLE = [["Email", "First name", "Last name"], ["ann@example.com", "Ann", "Lee"]]
OTHERS = [["Email", "First name", "Last name"], ["bob@example.com", "Bob", "Fox"], ["cat@example.com", "Cat", "Moe"]]


def reading_url(batch: Batch) -> str:
    return url_of(batch, "imports:batch_reading")


@pytest.fixture
def undecided(start: Callable[..., Batch]) -> Callable[..., Batch]:
    """A file that waits for an answer."""

    def undecided(content: bytes, name: str = "team.csv") -> Batch:
        batch = start(content, name=name)
        assert batch.state == Batch.State.NEEDS_ANSWER, (batch.state, batch.rejection)
        return batch

    return undecided


def test_columns_in_doubt_have_a_page(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)

    response = ines.get(reading_url(batch))

    words = words_of(response)
    assert response.status_code == 200
    assert "Check how we read this file" in words
    assert "Nobody has been invited yet." in words
    assert "What’s in each column?" in words
    assert "Last name choose its column" in words
    assert "Last name isn’t matched yet" in words
    assert 'action="' + reading_url(batch) in text(response)


def send(client: Client, batch: Batch, page: Any = None, **changed: Any) -> Any:
    """Send the form as the page has it, with some answers changed. None: the control isn't sent."""
    fields: dict[str, Any] = fields_of(page or client.get(reading_url(batch)))
    changed = {name.replace("__", "-"): value for name, value in changed.items()}
    fields = {name: value for name, value in {**fields, **changed}.items() if value is not None}
    return client.post(reading_url(batch), fields)


def test_a_matched_file_is_checked_and_invited(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)

    response = send(ines, batch, column__2="last_name")

    assert response.headers.get("Location") == url_of(batch)
    batch.refresh_from_db()
    assert batch.state in (Batch.State.INVITING, Batch.State.DONE)
    assert list(batch.rows.order_by("number").values_list("number", "email", "last_name")) == [
        (2, "ann@example.com", "Lee"),
        (3, "bob@example.com", "Fox"),
    ]


def test_an_open_question_is_an_error_with_a_link(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)

    response = send(ines, batch)

    assert response.status_code == 422
    assert '<a href="#column-2">Choose the column that has the last names</a>' in text(response)
    assert words_of(response).count("Choose the column that has the last names") == 2


def test_two_columns_for_one_thing_are_an_error(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)

    response = send(ines, batch, column__2="first_name")

    assert "Columns B and C are both set to First name. Choose one." in words_of(response)


def test_a_full_name_beside_a_last_name_is_an_error(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)

    response = send(ines, batch, column__1="full_name", column__2="last_name")

    assert "Column B is a full name, so column C can’t be a last name." in words_of(response)


def test_the_row_of_names_is_a_number(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)

    for row in ("", "0", "21", "x", "١", "1.5", "99999999999999999999"):
        assert "Enter a row from 1 to 20" in words_of(send(ines, batch, header_row=row)), row


def test_the_names_may_be_below_many_blank_rows(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(b"Team\n" + b"\n" * 30 + b"Email,First name,Last name\nann@example.com,Ann,Lee\n")

    send(ines, batch)

    batch.refresh_from_db()
    assert batch.state == Batch.State.INVITING


def test_a_title_and_full_names_are_read_as_suggested(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(HUNGARIAN.encode())

    page = ines.get(reading_url(batch))

    words = words_of(page)
    assert "Rows 1 and 2 are skipped: Terepi csapat, északi régió." in words
    assert "Email column C" in words
    assert "First name from column B" in words
    assert "Which comes first in a full name?" in words
    assert "Hegedűs Péter: first name Péter, last name Hegedűs" in words
    assert "Ready to check · 4 rows" in words
    response = send(ines, batch, page)
    assert response.status_code == 302
    batch.refresh_from_db()
    first = batch.rows.order_by("number").first()
    assert first is not None
    assert (first.number, first.first_name, first.last_name) == (4, "Péter", "Hegedűs")


# --- Drawn again ---------------------------------------------------------------------------------------


def redraw(client: Client, batch: Batch, page: Any, **changed: Any) -> Any:
    return send(client, batch, page, redraw="1", **changed)


def test_another_row_of_names_is_shown_and_a_chosen_column_stays(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(HUNGARIAN.encode())
    page = ines.get(reading_url(batch))

    page = redraw(ines, batch, page, column__4="description", column__3="")
    assert "Chosen by you" in words_of(page)
    page = redraw(ines, batch, page, header_row="4")

    words = words_of(page)
    assert page.status_code == 200
    assert fields_of(page)["shown"] == [":4"]
    assert fields_of(page)["column-4"] == ["description"]
    assert fields_of(page)["column-3"] == [""]
    assert "Rows 1 to 3 are skipped" not in words
    assert "Rows 1, 2 and 3 are skipped" in words
    batch.refresh_from_db()
    assert batch.state == Batch.State.NEEDS_ANSWER


def test_columns_that_nobody_has_seen_are_shown_before_the_check(ines: Client, undecided: Callable[..., Batch]) -> None:
    """Without JavaScript, *Continue* comes with another row but the columns of the old one."""
    batch = undecided(HUNGARIAN.encode())

    response = send(ines, batch, header_row="2")

    assert fields_of(response)["shown"] == [":2"]
    batch.refresh_from_db()
    assert batch.state == Batch.State.NEEDS_ANSWER


def test_a_file_without_column_names(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(b"ann@example.com,Ann,Lee\nbob@example.com,Bob,Fox\n")
    page = ines.get(reading_url(batch))
    assert fields_of(page)["no_names"] == ["1"]

    response = send(ines, batch, page, column__1="first_name", column__2="last_name")

    assert response.status_code == 302, words_of(response)
    batch.refresh_from_db()
    assert [row.number for row in batch.rows.order_by("number")] == [1, 2]


def test_a_name_that_the_file_lacks_is_filled_in_later(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(b"Email,First name\nann@example.com,Ann\nbob@example.com,Bob\n")
    page = ines.get(reading_url(batch))
    assert "Not in this file" in words_of(page)
    assert 'id="absent-email"' not in text(page)

    response = send(ines, batch, page, not_in_file="last_name")

    assert response.headers.get("Location") == url_of(batch, "imports:batch_problems")
    grid = words_of(ines.get(response.headers["Location"]))
    assert "2 rows need fixing" in grid
    assert "The last name is missing" in grid


def test_an_email_column_cannot_be_missing(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)

    response = send(ines, batch, column__0="", column__2="last_name", not_in_file="email")

    assert response.status_code == 422
    assert "Choose the column that has the email addresses" in words_of(response)


def test_many_unused_columns_are_folded(ines: Client, undecided: Callable[..., Batch]) -> None:
    names = [*(f"x{number}" for number in range(26)), "Email", "First name"]
    batch = undecided(f"{','.join(names)}\n{'1,' * 26}ann@example.com,Ann\n".encode())

    page = ines.get(reading_url(batch))

    assert "14 more columns, not used" in words_of(page)
    assert text(page).count("rc-column-folded") == 14


# --- Spelling ------------------------------------------------------------------------------------------

SPELLING = (
    "Email;First name;Last name\n"
    "p@example.com;Péter;Hegedűs\nb@example.com;Borbála;Kőszegi\ni@example.com;Ilona;Szűcs\n"
).encode("cp1250")


def test_a_spelling_has_no_suggestion(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SPELLING)

    page = ines.get(reading_url(batch))

    words = words_of(page)
    assert "Which of these is spelled right?" in words
    assert "What’s in each column?" not in words
    assert "Three names from your file. Only the underlined letters differ." in words
    assert "encoding" not in fields_of(page)
    assert re.search(r"Heged<b\s*>ű</b>s", text(page))
    assert "u with double acute" in words
    response = send(ines, batch, page)
    assert response.status_code == 422
    assert '<a href="#encoding-0">Choose the spelling that’s right</a>' in text(response)


def test_the_chosen_spelling_is_invited(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SPELLING)

    response = send(ines, batch, encoding="cp1250")

    assert response.status_code == 302
    batch.refresh_from_db()
    assert set(batch.rows.values_list("last_name", flat=True)) == {"Hegedűs", "Kőszegi", "Szűcs"}
    assert "Read as Windows-1250" in words_of(ines.get(url_of(batch)))


def test_only_a_plausible_spelling_can_be_chosen(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SPELLING)

    for codec in ("utf-7", "cp1252 ", "", "idna"):
        assert send(ines, batch, encoding=codec).status_code == 422, codec


# --- Sheets --------------------------------------------------------------------------------------------


@pytest.fixture
def two_sheets(undecided: Callable[..., Batch]) -> Batch:
    return undecided(workbook_of(sheet_of(PEOPLE), sheet_of(OTHERS)), name="crew.xlsx")


def test_the_sheet_with_most_rows_is_suggested(ines: Client, two_sheets: Batch) -> None:
    page = ines.get(reading_url(two_sheets))

    words = words_of(page)
    assert "Which sheet has your users?" in words
    assert "Sheet1 1 row Email, First name, Last name" in words
    assert fields_of(page)["sheet"] == ["1"]


def test_several_sheets_are_read_and_their_rows_named(
    ines: Client, two_sheets: Batch, work: Callable[[Batch], Batch]
) -> None:
    response = send(ines, two_sheets, sheet=["0", "1"])

    assert response.status_code == 302, words_of(response)
    two_sheets.refresh_from_db()
    work(two_sheets)
    words = words_of(ines.get(url_of(two_sheets)))
    assert "Sheet1, row 2" in words
    assert "Sheet2, row 3" in words
    assert "Sheet2, row 3" in downloaded(ines.get(url_of(two_sheets, "imports:batch_download")))


def test_no_sheet_is_an_error(ines: Client, two_sheets: Batch) -> None:
    response = send(ines, two_sheets, sheet=None)

    assert response.status_code == 422
    assert "Choose at least one sheet" in words_of(response)


def test_sheets_with_other_columns_cannot_be_read_together(ines: Client, undecided: Callable[..., Batch]) -> None:
    other = [["Mail", "Given", "Surname"], ["bob@example.com", "Bob", "Fox"]]
    batch = undecided(workbook_of(sheet_of(PEOPLE), sheet_of(other)), name="crew.xlsx")

    response = send(ines, batch, sheet=["0", "1"])

    assert response.status_code == 422
    assert "Import one of the sheets first, and then the other." in words_of(response)


def test_a_sheet_whose_columns_are_in_doubt_leads_to_the_page(ines: Client, undecided: Callable[..., Batch]) -> None:
    other = [["Email", "First name", "Team"], ["bob@example.com", "Bob", "Fox"]]
    batch = undecided(workbook_of(sheet_of(PEOPLE), sheet_of(other)), name="crew.xlsx")

    response = send(ines, batch, sheet="1")

    assert response.headers["Location"] == f"{reading_url(batch)}?sheet=1"
    page = ines.get(response.headers["Location"])
    assert "It has two sheets, and no column is named “Last name”." in words_of(page)
    response = send(ines, batch, page, column__2="last_name")
    assert response.status_code == 302, words_of(response)
    batch.refresh_from_db()
    assert [row.email for row in batch.rows.all()] == ["bob@example.com"]


def test_many_sheets_are_compact(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(workbook_of(*[sheet_of(PEOPLE)] * 9), name="crew.xlsx")

    html = text(ines.get(reading_url(batch)))

    assert "rc-sheets-compact" in html
    assert "Email, First name, Last name" not in html


# --- Remembered ----------------------------------------------------------------------------------------


def test_a_remembered_file_is_read_the_same_way_next_time(
    ines: Client, undecided: Callable[..., Batch], start: Callable[..., Batch], acme: Organization
) -> None:
    send(ines, undecided(SURNAME), column__2="last_name", remember="1")
    again = start(SURNAME.replace(b"@", b"@new."), name="next.csv")

    assert again.state == Batch.State.INVITING
    assert "Read as remembered from team.csv." in words_of(ines.get(url_of(again)))
    page = ines.get(reverse("imports:remembered_readings", args=["acme"]))
    words = words_of(page)
    assert "Email, First name, Team" in words
    assert "Last name: Team" in words
    assert "Ines Martin" in words
    [reading] = acme.remembered_readings.all()
    response = ines.post(reverse("imports:forget_reading", args=["acme", reading.pk]))
    assert response.status_code == 302
    assert not RememberedReading.objects.exists()
    assert "Nothing is remembered yet" in words_of(ines.get(response.headers["Location"]))


def test_readings_of_another_organization_are_neither_listed_nor_forgotten(
    ines: Client, undecided: Callable[..., Batch], outsider: User, client_of: Callable[..., Client]
) -> None:
    send(ines, undecided(SURNAME), column__2="last_name", remember="1")
    reading = RememberedReading.objects.get()
    client = client_of(outsider)

    assert "Nothing is remembered yet" in words_of(client.get(reverse("imports:remembered_readings", args=["globex"])))
    assert client.post(reverse("imports:forget_reading", args=["globex", reading.pk])).status_code == 404
    assert RememberedReading.objects.exists()


# --- After the upload ----------------------------------------------------------------------------------


@pytest.fixture
def dialog(ines: Client) -> Client:
    ines.defaults["HTTP_HX_REQUEST"] = "true"
    return ines


def test_a_single_question_is_shown_in_the_dialog(dialog: Client, grant: dict[str, Any]) -> None:
    response = submit_import(dialog, SPELLING, **grant)

    assert response.status_code == 200
    assert "Which of these is spelled right?" in words_of(response)
    assert "<html" not in text(response)
    assert "shell:changed" in triggers(response)


def test_columns_in_doubt_are_first_an_error_with_two_ways_out(dialog: Client, grant: dict[str, Any]) -> None:
    response = submit_import(dialog, SURNAME, **grant)

    batch, words = Batch.objects.get(), words_of(response)
    assert "The column “Last name” is missing Found Email, First name, Team Expected Email, First name" in words
    assert "Nobody has been invited yet." in words
    assert "Choose another file Match the columns here" in words
    assert f'href="{reading_url(batch)}"' in text(response)


def test_without_javascript_the_page_says_what_is_wrong(ines: Client, grant: dict[str, Any]) -> None:
    response = submit_import(ines, SURNAME, **grant)

    batch = Batch.objects.get()
    assert response.headers["Location"] == reading_url(batch)
    words = words_of(ines.get(response.headers["Location"]))
    assert "The column “Last name” is missing Found Email, First name, Team" in words


def test_another_file_replaces_one_that_waits(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)
    page = ines.get(reverse("imports:import", args=["acme"]), {"again": batch.pk})
    fields: dict[str, Any] = {name: fields_of(page).get(name, []) for name in ("roles", "sites", "all_sites")}

    response = submit_import(
        ines, b"Email,First name,Last name\nann@example.com,Ann,Lee\n", query=f"?again={batch.pk}", **fields
    )

    assert response.status_code == 302, words_of(response)
    [new] = Batch.objects.all()
    assert new.pk != batch.pk
    assert set(new.grant.roles.values_list("name", flat=True)) == {"ReadOnly"}


def test_another_file_does_not_replace_one_of_others_with_more_access(
    undecided: Callable[..., Batch], lesser: Membership, client_of: Callable[..., Client]
) -> None:
    batch = undecided(SURNAME)
    [role] = lesser.roles.all()

    response = submit_import(
        client_of(lesser.user), SURNAME, query=f"?again={batch.pk}", roles=[role.pk], sites=["all"]
    )

    assert response.status_code == 302, words_of(response)
    assert Batch.objects.filter(pk=batch.pk).exists()
    assert Batch.objects.count() == 2


def test_a_waiting_file_has_a_pill_a_banner_and_a_page(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)

    imports = ines.get(reverse("imports:batches", args=["acme"]))
    assert "Needs answer" in words_of(imports)
    assert "team.csv needs your answer. Nobody has been invited yet. Check the file" in words_of(imports)
    assert f'href="{reading_url(batch)}"' in text(imports)
    page = ines.get(url_of(batch))
    assert "Needs answer" in words_of(page)
    assert "The column “Last name” is missing" in words_of(page)
    assert "Match the columns here" in words_of(page)


# --- Deleted, answered, or not allowed -----------------------------------------------------------------


def test_a_file_is_deleted_after_a_question(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)
    url = url_of(batch, "imports:batch_delete")

    words = words_of(ines.get(url))
    assert "Delete this file?" in words
    assert "Nobody has been invited. Keep it Delete" in words
    assert Batch.objects.exists()
    response = ines.post(url)

    assert response.headers["Location"] == reverse("imports:batches", args=["acme"])
    assert not Batch.objects.exists()
    gone = ines.get(reading_url(batch))
    assert gone.status_code == 404
    assert "This file isn’t here anymore" in words_of(gone)
    assert "Choose it again" in words_of(gone)


@pytest.mark.parametrize("leaves", [True, False])
def test_deleting_leaves_a_page_of_the_file(ines: Client, undecided: Callable[..., Batch], leaves: bool) -> None:
    batch = undecided(SURNAME)
    here = f"http://testserver{reading_url(batch) if leaves else '/o/acme/users/'}"

    response = ines.post(url_of(batch, "imports:batch_delete"), headers={**HTMX, "HX-Current-URL": here})

    assert ("HX-Redirect" in response.headers) == leaves
    assert leaves or triggers(response) == {"dialog:close", "shell:changed"}


def test_another_tab_was_faster(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(SURNAME)
    page = ines.get(reading_url(batch))
    send(ines, batch, page, column__2="last_name")

    response = send(ines, batch, page, column__2="last_name")

    assert response.status_code == 409
    assert "This file isn’t here anymore" in words_of(response)
    assert ines.get(reading_url(batch)).headers["Location"] == url_of(batch)


def test_a_colleague_can_answer(
    undecided: Callable[..., Batch], colleague: Membership, client_of: Callable[..., Client]
) -> None:
    batch = undecided(SURNAME)

    response = send(client_of(colleague.user), batch, column__2="last_name")

    assert response.status_code == 302
    batch.refresh_from_db()
    assert batch.state in (Batch.State.INVITING, Batch.State.DONE)


def test_who_cannot_grant_the_access_sees_why_not(
    undecided: Callable[..., Batch], lesser: Membership, client_of: Callable[..., Client]
) -> None:
    batch, client = undecided(SURNAME), client_of(lesser.user)

    page = client.get(reading_url(batch))

    assert "You can’t change this import because it grants access you don’t have" in words_of(page)
    assert "Continue" not in words_of(page)
    assert "ann@example.com" not in text(page)
    assert client.post(reading_url(batch), {"place": "page"}).status_code == 403
    assert client.post(url_of(batch, "imports:batch_delete")).status_code == 403
    assert Batch.objects.get().state == Batch.State.NEEDS_ANSWER


def test_no_answer_breaks_the_page(ines: Client, undecided: Callable[..., Batch]) -> None:
    batch = undecided(HUNGARIAN.encode("cp1250"))
    names = (
        "place redraw sheet asks_sheet encoding hidden_rows header_row no_names shown column-0 column-99999999 column-x "
        "suggested-0 chosen not_in_file name_order remember all_columns"
    ).split()
    form = "application/x-www-form-urlencoded"

    for value in ("", "-1", "99999999", "9" * 5_000, "\0", "\ud800", "full_name", "é"):
        body = urlencode(dict.fromkeys(names, value) | {"place": "page"}, errors="surrogatepass")
        for query in (body, body.replace("redraw", "x")):
            assert ines.post(reading_url(batch), query, content_type=form).status_code in (200, 422), query
            assert ines.get(f"{reading_url(batch)}?{query}").status_code == 200, query
    assert Batch.objects.get().state == Batch.State.NEEDS_ANSWER
