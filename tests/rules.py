"""A rule that a test expects to be broken, by its code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from accounts.errors import RuleBroken


@contextmanager
def rule_broken(code: str, *, match: str | None = None) -> Iterator[pytest.ExceptionInfo[RuleBroken]]:
    """What is done inside must break the rule of that code; `match` is found in its sentence."""
    with pytest.raises(RuleBroken, match=match) as refused:
        yield refused
    assert refused.value.code == code
