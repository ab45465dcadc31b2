"""Look for the one row that a condition allows."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import QuerySet

Found = TypeVar("Found")


def only_one(candidates: QuerySet[Any, Found]) -> Found | None:
    """The row; None if there is none. Unlike `first`, it sorts nothing: a constraint allows at most one such row."""
    return next(iter(candidates.order_by()), None)
