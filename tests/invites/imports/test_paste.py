"""Pasted rows become an import like any other: the same check, corrections, questions, results and undo."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.checking import LONGEST_PASTE, MOST_PASTED_ROWS, ReadingOptions
from invites.imports.correction_jobs import Then, check_all_again
from invites.imports.corrections import apply_suggestion
from invites.imports.paste import read_paste, understand_paste
from invites.imports.presentation.names import import_name
from invites.imports.presentation.summary import how_read
from invites.imports.reading import answer, decide
from invites.imports.selectors.summary import summary_of
from invites.imports.undo import undo_import
from invites.imports.upload import start_pasted_batch
from invites.management.batch_results import batch_as_text
from invites.models import Batch, Invitation, RememberedReading
from tests.invites.imports.grid import downloaded
from tests.marked import MARKED, marked_language
from tests.pages import submit_import, url_of
from tests.rules import domain_error

CELLS = "First name\tLast name\tEmail\nAnn\tEk\tann@example.com\nفرح\tناصر\tfarah@example.com\n"
MIXED = "Ann Ek <ann@example.com>\n\nben@@example.com\nMaria Anna Lopez Ruiz <m@example.com>; Bo Li <bo@example.com>"

Paste = Callable[..., Batch]


@pytest.fixture
def paste(admin_membership: Membership, read_only: AccessSelection) -> Paste:
    """Stores pasted rows and checks them."""

    def paste(text: str) -> Batch:
        batch = start_pasted_batch(admin_membership, read_paste(admin_membership, text), selection=read_only)
        tasks.check_batch(batch.pk)
        batch.refresh_from_db()
        return batch

    return paste


def rows_of(batch: Batch) -> list[tuple[int, str, str, str]]:
    return list(batch.rows.order_by("number").values_list("number", "first_name", "last_name", "email"))


def test_good_rows_are_invited(paste: Paste, work: Callable[[Batch], Batch]) -> None:
    batch = work(paste(CELLS))

    assert (batch.state, summary_of(batch).invited) == (Batch.State.DONE, 2)
    assert rows_of(batch) == [(2, "Ann", "Ek", "ann@example.com"), (3, "فرح", "ناصر", "farah@example.com")]
    assert Invitation.objects.filter(grant=batch.grant).count() == 2


def test_an_import_of_pasted_rows_can_be_undone(
    paste: Paste, work: Callable[[Batch], Batch], admin_membership: Membership
) -> None:
    batch = work(paste(CELLS))
    undo_import(admin_membership, batch)
    batch.refresh_from_db()

    assert batch.undone_at is not None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Ann Ek <ann@example.com>\n\nben@@example.com\n", [1, 3]),
        ("ann.ek@example.com\n\nbo.lind@example.com", [1, 3]),
        # With several people in a line, rows are numbered through.
        (MIXED, [1, 2, 3, 4]),
        ("Email\tFull name\n\n\nann@example.com\tAnn Ek\nbo@@example.com\tBo", [4, 5]),
    ],
)
def test_rows_keep_their_numbers_when_their_corrected_file_is_merged(
    paste: Paste,
    admin_membership: Membership,
    ines: Client,
    grant: dict[str, Any],
    text: str,
    numbers: list[int],
) -> None:
    batch = paste(text)
    if batch.state == Batch.State.NEEDS_ANSWER:
        answer(batch, decide(batch).as_options(), by=admin_membership)
        tasks.check_batch(batch.pk)
        batch.refresh_from_db()
    assert batch.state == Batch.State.NEEDS_CORRECTION
    assert [number for number, *_rest in rows_of(batch)] == numbers

    file = downloaded(ines.get(url_of(batch, "imports:batch_problems_file")))
    submit_import(ines, file, name="fixed.csv", query=f"?correct={batch.pk}", **grant)
    batch.refresh_from_db()

    assert [number for number, *_rest in rows_of(batch)] == numbers
    assert batch.pasted_at is not None


def test_missing_names_are_filled_in_in_the_grid(
    paste: Paste, admin_membership: Membership, work: Callable[[Batch], Batch]
) -> None:
    batch = paste("chiara.rossi@example.com\n")
    assert [problem["suggestion"] for problem in batch.rows.get().problems] == ["Chiara", "Rossi"]

    for place in (1, 2):
        apply_suggestion(batch, 1, place, by=admin_membership)
    check_all_again(batch, by=admin_membership, then=Then.INVITE_IF_FIXED)
    batch.refresh_from_db()

    assert summary_of(work(batch)).invited == 1


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Ann\tEk\tann@example.com", {"columns": {"first_name": 0, "last_name": 1, "email": 2}, "header_row": 0}),
        (
            "小林 花 <ann@example.com>\n佐藤 健 <ken@example.com>",
            {"columns": {"email": 0, "full_name": 1}, "header_row": 0, "name_order": "last-first"},
        ),
    ],
)
def test_what_is_not_clear_is_asked(
    paste: Paste, admin_membership: Membership, work: Callable[[Batch], Batch], text: str, options: dict[str, Any]
) -> None:
    batch = paste(text)
    assert batch.state == Batch.State.NEEDS_ANSWER

    answer(batch, ReadingOptions(**options), by=admin_membership)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()

    assert summary_of(work(batch)).invited == len(text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        CELLS,
        MIXED,
        "ann.ek@example.com",
        "Ann\tEk\tann@example.com",
        "ann.ek@example.com\nnobody",
        "小林 花 <a@example.com>",
    ],
)
def test_the_import_finds_what_was_shown(paste: Paste, admin_membership: Membership, text: str) -> None:
    _pasted, shown = understand_paste(admin_membership, text)
    batch = paste(text)

    assert (batch.state == Batch.State.NEEDS_ANSWER) == shown.asks_columns
    if not shown.asks_columns:
        assert batch.row_total == shown.row_count
        assert summary_of(batch).problems == shown.to_fix


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \n\xa0\n", "empty"),
        ("a@example.com\n" * (MOST_PASTED_ROWS + 1), "too_many_rows"),
        ("; ".join(["a@example.com"] * (MOST_PASTED_ROWS + 1)), "too_many_rows"),
        ("x" * (LONGEST_PASTE + 1), "too_long"),
        ("x\n" * LONGEST_PASTE, "too_many_rows"),
        ("a@b.co;" * 60_000, "too_long"),
        ("a@b.co " * 60_000, "too_long"),
        ('"",' * 130_000, "too_long"),
        ("a@b.co\n" * 60_000, "too_many_rows"),
    ],
)
def test_limits(admin_membership: Membership, text: str, code: str) -> None:
    began = time.thread_time()
    with domain_error(code):
        read_paste(admin_membership, text)
    # While an admin types, this is asked again and again.
    assert time.thread_time() - began < 0.5


def test_says_how_many_rows_are_too_many(admin_membership: Membership) -> None:
    with domain_error("too_many_rows") as broken:
        read_paste(admin_membership, "a@example.com\n" * 1240)
    assert broken.value.message == (
        "That’s 1,240 rows. Save the cells as a file and upload it: files can have up to 200,000."
    )


def test_as_many_rows_as_allowed_are_imported(paste: Paste) -> None:
    people = (f"Ann{at}\tEk\ta{at}@example.com" for at in range(MOST_PASTED_ROWS))

    assert paste("\n".join(["First name\tLast name\tEmail", *people])).row_total == MOST_PASTED_ROWS


def test_somebody_without_the_permission_imports_nothing(
    admin_membership: Membership, member_membership: Membership, read_only: AccessSelection
) -> None:
    with domain_error("not_allowed"):
        start_pasted_batch(member_membership, read_paste(admin_membership, CELLS), selection=read_only)
    assert not Batch.objects.exists()


def test_nobody_grants_what_they_cannot_grant(
    limited: Membership, admin_membership: Membership, read_only: AccessSelection
) -> None:
    everything = AccessSelection.of(list(admin_membership.roles.all()), [], all_sites=True)
    with domain_error("beyond_permissions"):
        start_pasted_batch(limited, read_paste(limited, CELLS), selection=everything)
    assert not Batch.objects.exists()


# --- Its name ------------------------------------------------------------------------------------------


@pytest.fixture
def pasted(paste: Paste) -> Batch:
    with time_machine.travel(datetime(2026, 11, 24, 14, 14, tzinfo=UTC), tick=False):
        return paste(CELLS)


@time_machine.travel(datetime(2026, 11, 25, 9, 0, tzinfo=UTC), tick=False)
def test_is_named_by_when_it_was_pasted(pasted: Batch) -> None:
    assert import_name(pasted) == "Pasted Nov 24, 2:14 PM"
    assert batch_as_text(pasted).startswith(f"Import {pasted.pk}: Pasted Nov 24, 2:14 PM for Acme.")


@time_machine.travel(datetime(2027, 1, 2, tzinfo=UTC), tick=False)
def test_is_named_in_the_language_and_the_time_zone_of_the_page(pasted: Batch) -> None:
    with timezone.override("Asia/Tokyo"):
        assert "Nov 24, 2026, 11:14 PM" in import_name(pasted)
    with marked_language(), translation.override(MARKED):
        assert import_name(pasted).startswith("[Pasted ")


def test_one_pastes_again_where_one_had_pasted(ines: Client, paste: Paste) -> None:
    unclear = paste("ann@example.com\tAnn\tEk\n")
    again = f"/o/acme/import/?again={unclear.pk}"

    for path in ("", "reading/"):
        page = ines.get(f"/o/acme/batches/{unclear.pk}/{path}").content.decode()
        assert again in page
        assert "Paste again" in page
        assert "Choose another file" not in page
    chosen = re.search(r'value="(\w+)"\s+checked', ines.get(again).content.decode().partition("id_source_file")[2])
    assert chosen
    assert chosen[1] == "paste"


def test_says_nothing_about_an_encoding(pasted: Batch) -> None:
    assert how_read(pasted) == ""


def test_a_corrected_file_replaces_pasted_rows_and_their_name(
    paste: Paste, ines: Client, grant: dict[str, Any]
) -> None:
    batch = paste(f"{CELLS}Bo\tLi\tbo@@example.com")
    file = b"Email,First name,Last name\r\nbo@@example.com,Bo,Li\r\n"
    submit_import(ines, file, name="fixed.csv", query=f"?correct={batch.pk}", **grant)
    batch.refresh_from_db()

    assert (import_name(batch), batch.pasted_at, batch.row_total) == ("fixed.csv", None, 1)


def test_remembered_columns_are_named_by_when_they_were_pasted(paste: Paste, admin_membership: Membership) -> None:
    text = "Mail privé\tVorname\tNachname\nann@example.com\tAnn\tEk"
    batch = paste(text)
    assert batch.state == Batch.State.NEEDS_ANSWER
    answer(batch, decide(batch).as_options(), by=admin_membership, remember=True)
    again = paste(text)

    assert import_name(RememberedReading.objects.get()) == import_name(batch)
    assert how_read(again) == f"Read as remembered from {import_name(batch)}."


def test_every_page_shows_the_name_and_not_the_file() -> None:
    """A pasted import has no file name."""
    templates = [path for path in (settings.BASE_DIR / "templates").rglob("*.*") if path.suffix in (".html", ".txt")]
    room = (settings.BASE_DIR / "invites" / "imports" / "presentation").glob("*.py")
    named = [path.name for path in (*templates, *room) if "batch.file_name" in path.read_text()]

    assert named == ["names.py"]
