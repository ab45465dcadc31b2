"""A rule that a test expects to be broken, by its code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from accounts.errors import RuleBroken


@contextmanager
def rule_broken(code: str) -> Iterator[None]:
    """What is done inside must break the rule of that code."""
    with pytest.raises(RuleBroken) as refused:
        yield
    assert refused.value.code == code
