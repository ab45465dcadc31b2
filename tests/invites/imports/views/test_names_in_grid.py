"""Names in the grid that come from full names or from addresses: one button keeps or uses them, for one row or all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership
from invites import tasks
from invites.imports.reading import answer, decide
from invites.models import Batch, Row
from tests.pages import url_of, words_of

FULL = b"Email,Full name\nmaria@example.com,Maria Elena Rossi\nanna@example.com,Anna Luisa Berg\nbo@example.com,Bo Li\n"
NAMELESS = b"Email\nchiara.rossi@example.com\nines.martin@example.com\nteam@example.com\n"


@pytest.fixture
def answered(start: Callable[..., Batch], admin_membership: Membership) -> Callable[..., Batch]:
    """A file whose questions were answered, and that was checked then."""

    def answered(content: bytes, **options: Any) -> Batch:
        batch = start(content)
        answer(batch, replace(decide(batch).as_options(), **options), by=admin_membership)
        tasks.check_batch(batch.pk)
        batch.refresh_from_db()
        assert batch.state == Batch.State.NEEDS_CORRECTION
        return batch

    return answered


def names_of(batch: Batch) -> list[tuple[str, str, str]]:
    return list(batch.rows.order_by("number").values_list("outcome", "first_name", "last_name"))


def press(client: Client, batch: Batch, button: str, kind: str = "") -> None:
    query = f"?kind={kind}" if kind else ""
    client.post(url_of(batch, "imports:batch_problems") + query, {"do": button})


def test_a_name_that_was_split_is_kept(ines: Client, answered: Callable[..., Batch]) -> None:
    batch = answered(FULL, name_order="first-last")

    words = words_of(ines.get(url_of(batch, "imports:batch_problems")))
    assert "2 rows need fixing" in words
    assert "Maria Elena This full name could be split as “Maria Elena” and “Rossi”, or in another place" in words
    assert "Keep these names" in words
    press(ines, batch, "take:2:1")

    assert names_of(batch) == [
        (Row.Outcome.WAITING, "Maria Elena", "Rossi"),
        (Row.Outcome.PROBLEM, "Anna Luisa", "Berg"),
        (Row.Outcome.WAITING, "Bo", "Li"),
    ]


def test_all_names_that_were_split_are_kept(ines: Client, answered: Callable[..., Batch]) -> None:
    batch = answered(FULL, name_order="first-last")

    grid = words_of(ines.get(url_of(batch, "imports:batch_problems"), {"kind": "unsure_full_name"}))
    assert "Apply to all 2" in grid
    press(ines, batch, "all:unsure_full_name", "unsure_full_name")

    assert {outcome for outcome, _first, _last in names_of(batch)} == {Row.Outcome.WAITING}


def test_a_name_can_be_split_in_another_place(ines: Client, answered: Callable[..., Batch]) -> None:
    batch = answered(FULL, name_order="first-last")

    form = {"do": "save", "cell-2-1": "Maria", "cell-2-2": "Elena Rossi", "seen-2": "0"}
    ines.post(url_of(batch, "imports:batch_problems"), form)

    assert names_of(batch)[0] == (Row.Outcome.WAITING, "Maria", "Elena Rossi")


def test_names_that_the_file_lacks_are_taken_from_addresses(ines: Client, answered: Callable[..., Batch]) -> None:
    batch = answered(NAMELESS, not_in_file=("first_name", "last_name"))

    words = words_of(ines.get(url_of(batch, "imports:batch_problems"), {"kind": "first_name_needed"}))
    assert "Use Chiara" in words
    assert "Use Rossi" in words
    assert "Apply to all 2" in words
    press(ines, batch, "all:first_name_needed", "first_name_needed")
    press(ines, batch, "all:last_name_needed", "last_name_needed")

    assert names_of(batch) == [
        (Row.Outcome.WAITING, "Chiara", "Rossi"),
        (Row.Outcome.WAITING, "Ines", "Martin"),
        # Nothing in the address looks like a name.
        (Row.Outcome.PROBLEM, "", ""),
    ]
