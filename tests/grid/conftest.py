"""A batch with problem rows, and who mends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, User
from invites.models import Batch, Row
from invites.queries.batches import ledger_of
from invites.queries.grid import grid_counts
from tests.files import csv_of, whole_of

# Rows 2 to 8 of the spreadsheet; 3, 4, 5, 7 and 8 have problems.
TEAM = (
    "ann@example.com,Ann,Lee,Night shift",
    "ben@@example.com,Ben,Fox,",
    "cat@example.com,Cat,,",
    "dan example.com,Dan,Ray,",
    "eve@example.com,Eve,May,",
    "fay@@example.com,Fay,Orr,Porto",
    "gus@example.com,Gus,Hill,Day shift,Lyon",
)


@pytest.fixture
def by(admin_membership: Membership) -> Membership:
    """Who mends."""
    return admin_membership


@pytest.fixture
def team(start: Callable[..., Batch]) -> Batch:
    batch = start(csv_of(*TEAM))
    assert batch.state == Batch.State.NEEDS_CORRECTION
    return batch


@pytest.fixture
def script(client_of: Callable[[User | None], Client], admin: User) -> Client:
    """The admin's browser as grid.js asks."""
    client = client_of(admin)
    client.defaults["HTTP_HX_REQUEST"] = "true"
    return client


def of(batch: Batch, name: str = "batch_problems") -> str:
    return reverse(name, args=[batch.organization.slug, batch.pk])


def row(batch: Batch, number: int) -> Row:
    return batch.rows.get(number=number)


def outcome(batch: Batch, number: int) -> str:
    """The row's outcome, with its reason: "problem", "problem left_out", "skipped duplicate"."""
    found = row(batch, number)
    return f"{found.outcome} {found.reason}".strip()


def counts(batch: Batch) -> tuple[int, int, int, int]:
    """What the bar says: left, fixed, twice, left out. The ledger has to add up as well."""
    ledger = ledger_of(batch)
    assert ledger.rows == ledger.invited + ledger.skipped + ledger.problems + ledger.failed + ledger.waiting
    tally = grid_counts(batch).tally
    return tally.left, tally.fixed, tally.twice, tally.left_out


def text(response: Any) -> str:
    return str(response.content.decode())


def downloaded(response: Any) -> bytes:
    return whole_of(response)
