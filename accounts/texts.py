"""The types of texts that may be translated only when they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise, _StrPromise

    StrOrPromise = _StrOrPromise
    StrPromise = _StrPromise
else:  # Django names them for the type checker only.
    StrOrPromise = StrPromise = str
