"""Find and remove an address anywhere in the texts of stored values.

Only whole addresses match: "joann@example.com" doesn't contain ann@example.com.
"""

from __future__ import annotations

import re
from typing import Any

# What may be a part of another address: before it, and after it.
_BEFORE, _AFTER = r"(?<![\w.+%&-])", r"(?![\w-]|\.\w)"


def address_pattern(email: str) -> re.Pattern[str]:
    """Matches the address in a text, in upper or lower case."""
    return re.compile(f"{_BEFORE}{re.escape(email)}{_AFTER}", re.IGNORECASE)


def has_address(value: Any, pattern: re.Pattern[str]) -> bool:
    """Whether a text in the value, which is JSON, has the address."""
    if isinstance(value, dict):
        return any(has_address(each, pattern) for each in value.values())
    if isinstance(value, list):
        return any(has_address(each, pattern) for each in value)
    return isinstance(value, str) and pattern.search(value) is not None


def without_address(value: Any, pattern: re.Pattern[str]) -> Any:
    """The same value, with texts that don't have the address."""
    if isinstance(value, dict):
        return {name: without_address(each, pattern) for name, each in value.items()}
    if isinstance(value, list):
        return [without_address(each, pattern) for each in value]
    return pattern.sub("", value) if isinstance(value, str) else value
