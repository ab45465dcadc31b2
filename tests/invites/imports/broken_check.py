"""The product's settings with a bug in the check, for tests that run the product in separate processes."""

from collections.abc import Iterator
from typing import Any

from config.settings import *  # noqa: F403
from invites import checking


def _raise(check: checking.Check, *_: Any) -> Iterator[checking.Block]:
    raise ZeroDivisionError("a bug of ours")


checking.Check.blocks = _raise  # type: ignore[method-assign, assignment]
