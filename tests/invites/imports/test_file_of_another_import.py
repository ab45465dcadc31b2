"""A corrected file belongs to one import. In another one, its rows would become other people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports.upload import correct_batch
from invites.models import Batch, Row
from invites.reasons import text_of
from tests.files import csv_of
from tests.invites.conftest import TEAM
from tests.pages import downloaded, submit_import, url_of, words_of

Start = Callable[..., Batch]
OTHERS = (
    "ida@example.com,Ida,Holm,",
    "jon@@example.com,Jon,Vik,",
    "kim@example.com,Kim,,",
    "leo example.com,Leo,Dahl,",
    "mia@example.com,Mia,Lund,",
    "nia@@example.com,Nia,Berg,",
)


@pytest.fixture(params=["waits", "ended"])
def batch(request: pytest.FixtureRequest, start: Start, imported: Start) -> Batch:
    """An import with rows to fix, before and after the others were invited."""
    return start(csv_of(*TEAM)) if request.param == "waits" else imported(csv_of(*TEAM))


def rows_to_fix(client: Client, batch: Batch) -> str:
    return downloaded(client.get(url_of(batch, "imports:batch_problems_file")))


def correct(batch: Batch, text: str, *, by: Membership, selection: AccessSelection) -> None:
    given = None if batch.has_invited else selection
    correct_batch(batch, file_name="fixed.csv", content=[b"\xef\xbb\xbf" + text.encode()], selection=given, by=by)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()


def people(batch: Batch) -> list[tuple[str, ...]]:
    return list(batch.rows.order_by("number").values_list("email", "first_name", "outcome", "reason"))


def test_the_rows_of_another_import_are_not_used(
    ines: Client, batch: Batch, start: Start, by: Membership, read_only: AccessSelection
) -> None:
    other = rows_to_fix(ines, start(csv_of(*OTHERS))).replace("@@", "@").replace("leo example", "leo@example")
    before = people(batch)

    correct(batch, other, by=by, selection=read_only)

    assert people(batch) == before
    assert batch.can_be_corrected
    assert "is probably that of another import" in text_of(batch.notice)
    assert not batch.parts.filter(is_correction=True).exists()


@pytest.mark.parametrize("has_ended", [False, True])
def test_one_person_is_replaced_in_the_table_and_not_by_a_file(
    ines: Client, start: Start, work: Callable[[Batch], Batch], grant: dict[str, list[int]], has_ended: bool
) -> None:
    """With one row, nothing tells the file of another import from a row whose person was replaced."""
    batch = start(csv_of("ann@example.com", "dan example.com,Dan,Ray,"), only_valid=has_ended)
    work(batch)
    file = rows_to_fix(ines, batch).replace("dan example.com,Dan,Ray", "kim@example.com,Kim,Berg")
    fields: dict[str, Any] = {} if has_ended else grant

    answer = submit_import(ines, b"\xef\xbb\xbf" + file.encode(), query=f"?correct={batch.pk}", **fields)

    assert answer.status_code == 422
    assert (
        "Its row is about another person than here, so it may be that of another import. If so, download what is left "
        "to fix here, and correct that file. To replace the person, edit the row in the table instead."
    ) in words_of(answer)
    row = batch.rows.get(number=3)
    assert (row.outcome, row.edit) == (Row.Outcome.PROBLEM, None)

    cells = {"cell-3-0": "kim@example.com", "cell-3-1": "Kim", "cell-3-2": "Berg", "seen-3": str(row.version)}
    shown = {"shown": Batch.objects.get(pk=batch.pk).created_at.isoformat()}
    ines.post(url_of(batch, "imports:batch_problems"), {"do": "whole", **cells, **shown})
    work(batch)

    assert batch.invitations.filter(email="kim@example.com", first_name="Kim").exists()
    assert not batch.invitations.filter(first_name="Dan").exists()


def test_rows_that_change_much_are_still_the_same_people(
    ines: Client, batch: Batch, by: Membership, read_only: AccessSelection
) -> None:
    fixed = rows_to_fix(ines, batch)
    for old, new in {"ben@@example.com": "b.fox@other.org", "dan example.com": "dan@other.org", "Fay": "Fée"}.items():
        fixed = fixed.replace(old, new)

    correct(batch, fixed, by=by, selection=read_only)

    assert batch.rows.get(number=3).email == "b.fox@other.org"
    assert batch.rows.get(number=5).email == "dan@other.org"
    assert batch.rows.get(number=3).outcome == Row.Outcome.WAITING


def test_an_address_without_any_name_can_be_replaced(
    ines: Client, start: Start, by: Membership, read_only: AccessSelection
) -> None:
    batch = start(csv_of("1,,", "ann@example.com"))
    fixed = rows_to_fix(ines, batch).replace("1,,", "bob@example.com,Bob,Smith")

    correct(batch, fixed, by=by, selection=read_only)

    assert batch.rows.get(number=2).email == "bob@example.com"
