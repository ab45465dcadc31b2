"""Expect a service error by its code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from accounts.errors import ServiceError


@contextmanager
def domain_error(code: str, *, match: str | None = None) -> Iterator[pytest.ExceptionInfo[ServiceError]]:
    """Expect a ServiceError with that code, whose message matches `match`."""
    with pytest.raises(ServiceError, match=match) as refused:
        yield refused
    assert refused.value.code == code
