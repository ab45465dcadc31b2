"""A rule that a test expects to be broken, by its code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from accounts.errors import ServiceError


@contextmanager
def domain_error(code: str, *, match: str | None = None) -> Iterator[pytest.ExceptionInfo[ServiceError]]:
    """What is done inside must break the rule of that code; `match` is found in its sentence."""
    with pytest.raises(ServiceError, match=match) as refused:
        yield refused
    assert refused.value.code == code
