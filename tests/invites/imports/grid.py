"""A batch with problem rows, and the admin who corrects it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Membership
from invites.imports.selectors.grid import grid_counts
from invites.imports.selectors.summary import summary_of
from invites.models import Batch, Row
from tests.files import whole_of


@pytest.fixture
def by(admin_membership: Membership) -> Membership:
    """The member who corrects the rows."""
    return admin_membership


def grid_url(batch: Batch, name: str = "imports:batch_problems") -> str:
    return reverse(name, args=[batch.organization.slug, batch.pk])


def row(batch: Batch, number: int) -> Row:
    return batch.rows.get(number=number)


def outcome(batch: Batch, number: int) -> str:
    """The row's outcome, with its reason: "problem", "problem skipped_by_admin", "skipped duplicate"."""
    found = row(batch, number)
    return f"{found.outcome} {found.reason}".strip()


def counts(batch: Batch) -> tuple[int, int, int, int]:
    """What the bar says: left, fixed, twice, skipped. The summary has to add up, too."""
    summary = summary_of(batch)
    assert summary.rows == summary.invited + summary.skipped + summary.problems + summary.failed + summary.waiting
    tally = grid_counts(batch).tally
    return tally.left, tally.fixed, tally.twice, tally.skipped_by_admin


def text(response: Any) -> str:
    return str(response.content.decode())


def downloaded(response: Any) -> bytes:
    return whole_of(response)
