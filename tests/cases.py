"""Tables of cases. Each test costs pytest two milliseconds, and most of these cases take far less."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any


def for_each(names: str, cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """As `pytest.mark.parametrize`, but all cases are one test. They share its fixtures, and a failure names its case."""
    known, table = [name.strip() for name in names.split(",")], list(cases)

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            assert table, "There are no cases."
            for case in table:
                values = case if len(known) > 1 else (case,)
                try:
                    test(**fixtures, **dict(zip(known, values, strict=True)))
                except BaseException as error:
                    error.add_note(f"The case: {case!r}")
                    raise

        signature = inspect.signature(test)
        others = [parameter for name, parameter in signature.parameters.items() if name not in known]
        run.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
        return run

    return decorate
