"""Numbers in what browsers send."""

from __future__ import annotations


def number_in(text: str | None, *, digits: int = 9) -> int | None:
    """The number that the text consists of; None for any other text, and for a number with more digits.

    Nine digits fit into every integer of the database, and 18 into an id.
    """
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= digits else None


def id_in(text: str | None) -> int:
    """The id that the text consists of; 0, which is no id, for any other text."""
    return number_in(text, digits=18) or 0
