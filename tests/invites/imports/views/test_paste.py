"""Pasting in the Import dialog: what it says while somebody types, and what Import does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from invites.checking import LONGEST_PASTE
from invites.imports.presentation.names import import_name
from invites.models import Batch, UploadPart
from tests.files import csv_of
from tests.pages import HTMX, joined_words_of, text, url_of, words_of

CELLS = "First name\tLast name\tEmail\r\nAnn\tEk\tann@example.com\r\nLena\tHoff\tlena hoff@example.com\r\n"


def import_url(name: str = "import") -> str:
    return reverse(f"imports:{name}", args=["acme"])


def submit(client: Client, pasted: str, **fields: Any) -> Any:
    return client.post(import_url(), {"source": "paste", "pasted": pasted, **fields})


def understood(client: Client, pasted: str, **fields: Any) -> str:
    """What the dialog says about a text."""
    response = client.post(import_url("understand_pasted"), {"pasted": pasted, **fields}, headers=HTMX)
    assert response.status_code == 200
    return words_of(response)


# --- Import --------------------------------------------------------------------------------------------


def test_good_rows_go_on_to_inviting(ines: Client, grant: dict[str, Any]) -> None:
    response = submit(ines, "Ann Ek <ann@example.com>; Bo Li <bo@example.com>", **grant)

    batch = Batch.objects.get()
    assert response.headers["Location"] == url_of(batch)
    assert (batch.state, batch.row_total, batch.file_name) == (Batch.State.INVITING, 2, "")
    assert import_name(batch) in words_of(ines.get(url_of(batch)))


def test_rows_with_problems_lead_to_the_grid(ines: Client, grant: dict[str, Any]) -> None:
    response = submit(ines, CELLS, **grant)

    batch = Batch.objects.get()
    assert response.headers["Location"] == url_of(batch, "imports:batch_problems")
    assert batch.rows.get(outcome="problem").number == 3


def test_columns_that_are_not_clear_lead_to_their_page(ines: Client, grant: dict[str, Any]) -> None:
    response = submit(ines, "Ann\tEk\tann@example.com", **grant)

    batch = Batch.objects.get()
    page = url_of(batch, "imports:batch_reading")
    assert response.headers["Location"] == page
    assert "What’s in each column?" in words_of(ines.get(page))


def test_the_dialog_continues_with_the_progress(dialog: Client, grant: dict[str, Any]) -> None:
    response = submit(dialog, "Ann Ek <ann@example.com>", **grant)

    assert "Pasted" in words_of(response)
    assert "Uploaded" not in words_of(response)


@pytest.mark.parametrize(("source", "expected"), [("paste", "ann@example.com"), ("file", "ben@example.com")])
def test_only_what_is_shown_is_imported(ines: Client, grant: dict[str, Any], source: str, expected: str) -> None:
    file = SimpleUploadedFile("team.csv", csv_of("ben@example.com"), content_type="text/csv")
    ines.post(import_url(), {"source": source, "pasted": "Ann Ek <ann@example.com>", "file": file, **grant})

    assert [row.email for row in Batch.objects.get().rows.all()] == [expected]


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "Paste at least one row."),
        (" \r\n\t", "Paste at least one row."),
        ("a@example.com\r\n" * 1240, "That’s 1,240 rows. Save the cells as a file and upload it"),
        ("x" * (LONGEST_PASTE + 1), "That’s too much text. Save the cells as a file and upload it"),
    ],
)
def test_errors_say_what_to_do_and_keep_what_was_pasted(
    ines: Client, grant: dict[str, Any], pasted: str, said: str
) -> None:
    response = submit(ines, pasted, **grant)

    assert response.status_code == 422
    assert words_of(response).count(said) == 1
    assert response.context["form"]["pasted"].value() == pasted
    assert not Batch.objects.exists()


def test_errors_of_other_fields_keep_what_was_pasted(ines: Client) -> None:
    html = text(submit(ines, CELLS))

    assert 'value="paste"\n        checked' in html
    assert "lena hoff@example.com\r\n</textarea>" in html
    assert "1 row needs fixing" in html
    assert "Choose at least one role." in html
    assert "Choose a CSV file." not in html


def test_a_line_break_at_the_start_is_kept(ines: Client) -> None:
    """A browser drops the first one in a textarea."""
    assert ">\n\r\nann@example.com</textarea>" in text(submit(ines, "\r\nann@example.com"))


def test_a_corrected_file_cannot_be_pasted(ines: Client, grant: dict[str, Any], start: Callable[..., Batch]) -> None:
    batch = start(csv_of("ann@@example.com"))
    query = f"?correct={batch.pk}"

    assert "Paste from a spreadsheet" not in text(ines.get(import_url() + query))
    response = ines.post(import_url() + query, {"source": "paste", "pasted": "Ann Ek <ann@example.com>", **grant})
    assert "Choose a CSV file." in text(response)


# --- Understood ----------------------------------------------------------------------------------------


def test_understanding_stores_nothing(ines: Client) -> None:
    assert "1 person , 1 row needs fixing" in understood(ines, CELLS)

    assert not Batch.objects.exists()
    assert not UploadPart.objects.exists()


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("Ann Ek <ann@example.com>", ["1 person, no problems"]),
        ("Ann Ek <ann@example.com>\nBo Li <bo@example.com>", ["2 people, no problems"]),
        ("ann.ek@example.com\ninfo@example.com", ["2 people, names missing", "Use the names in the addresses"]),
        (CELLS, ["An email address can’t contain a space.", "Remove the space", "Row 3"]),
        ("Ann\tEk\tann@example.com", ["1 row", "After you choose Import, we’ll ask what’s in each column."]),
        ("a@example.com\n" * 1240, ["That’s 1,240 rows.", "files can have up to 200,000"]),
        ("Name\tPhone\nAnn\t1", ["The columns “Email”, “First name” and “Last name” are missing."]),
        ("Ann Ek <a@example.com>\nAnn Ek <a@example.com>", ["1 person", "Same address as row 1"]),
        ("\n".join(f"Ann Ek{at} <a{at}@example.com>" for at in range(13)), ["Show all 13 rows"]),
        (f"{CELLS.splitlines()[0]}\nAnn\tEk\ta@example.com\nTotal\t1\t", ["1 person, no problems", "Not a person."]),
        ("JÃ¼rgen Ek <a@example.com>", ["1 person, no problems", "Jürgen"]),
        ("", []),
    ],
)
def test_says_what_it_understood(ines: Client, pasted: str, said: list[str]) -> None:
    words = understood(ines, pasted)

    for sentence in said:
        assert sentence in words
    if not said:
        assert words == ""


def test_shows_rows_that_need_fixing_first_and_then_all(ines: Client) -> None:
    lines = [f"Ann Ek <a{at}@example.com>" for at in range(30)] + ["Bo Li <bo@@example.com>"]
    few, everything = understood(ines, "\n".join(lines)), understood(ines, "\n".join(lines), all_rows="1")

    assert few.index("bo@@example.com") < few.index("a0@example.com")
    assert "a9@example.com" not in few
    assert "a29@example.com" in everything
    assert "Show all" not in everything


def test_counts_lines_of_a_text_of_which_only_the_beginning_is_sent(ines: Client, grant: dict[str, Any]) -> None:
    beginning = "x" * (LONGEST_PASTE + 1)

    assert "That’s 200,001 rows." in understood(ines, beginning, pasted_lines="200001")
    assert "That’s too much text." in understood(ines, beginning, pasted_lines="3")
    assert "That’s 200,001 rows." in words_of(submit(ines, beginning, pasted_lines="200001", **grant))
    assert "no problems" in understood(ines, "Ann Ek <a@example.com>", pasted_lines="many")


def test_a_fix_says_what_it_writes(ines: Client) -> None:
    response = ines.post(import_url("understand_pasted"), {"pasted": CELLS})

    assert 'data-paste-line="3"' in text(response)
    assert 'data-paste-text="Lena\tHoff\tlenahoff@example.com"' in text(response)
    assert "Remove the space, row 3" in joined_words_of(response)


def test_markup_in_a_text_is_shown_as_text(ines: Client) -> None:
    response = ines.post(import_url("understand_pasted"), {"pasted": '<b>x</b> "<i>" <a"b@example.com>\n<script>'})

    assert "<script>" not in text(response)
    assert "<b>" not in text(response)


def test_a_null_character_is_left_out(ines: Client, grant: dict[str, Any]) -> None:
    submit(ines, "Ann\0 Ek <ann@example.com>\0", **grant)

    assert [row.email for row in Batch.objects.get().rows.all()] == ["ann@example.com"]


def test_only_members_who_may_invite_are_answered(
    client_of: Callable[[User | None], Client], admin: User, member: User, outsider: User
) -> None:
    for user, status in ((admin, 200), (member, 403), (outsider, 404), (None, 302)):
        answer = client_of(user).post(import_url("understand_pasted"), {"pasted": CELLS})
        assert answer.status_code == status
        assert ("Lena" in text(answer)) == (status == 200)


def test_only_a_post_is_answered(ines: Client) -> None:
    assert ines.get(import_url("understand_pasted")).status_code == 405
