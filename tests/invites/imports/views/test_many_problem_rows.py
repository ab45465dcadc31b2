"""What the pages of an import cost when it has very many problem rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from invites.imports.selectors.grid import grid_counts
from invites.models import Batch
from tests.files import csv_of
from tests.plans import plan_of

Run = Callable[..., Batch]


@pytest.mark.django_db(transaction=True)
def test_the_grid_is_counted_in_one_query_that_reads_only_an_index(start: Run) -> None:
    batch = start(csv_of(*(f"person{number}@@example.com" for number in range(300)), "good@example.com"))

    with CaptureQueriesContext(connection) as captured:
        counts = grid_counts(batch)

    assert (counts.tally.left, counts.tally.waiting, counts.alike_by_code["email_two_at"]) == (300, 1, 300)
    (counting,) = captured
    plan = plan_of(counting["sql"])
    assert "row_by_outcome" in plan
    assert "COVERING INDEX" in plan or "Index Only Scan" in plan
    assert "TEMP B-TREE" not in plan
