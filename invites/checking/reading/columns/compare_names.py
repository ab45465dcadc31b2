"""Compare the column names of files and sheets, and find a column by its name or letters."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from invites.checking.reading.columns.column_letters import index_of_letters
from invites.checking.reading.columns.column_names import reduce_name
from invites.checking.reading.options import NOT_USED


def signature_of(names: Sequence[str]) -> str:
    """What identifies the column names of a file, to remember how it is read; empty for a file without any."""
    reduced = reduce_names(names)
    if not reduced:
        return ""
    return hashlib.sha256("\0".join(reduced).encode()).hexdigest()[:32]


def reduce_names(cells: Sequence[str]) -> list[str]:
    """The column names as we compare them, without empty ones at the end."""
    names = [reduce_name(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def order_of(wanted: Sequence[str], there: Sequence[str]) -> tuple[int | None, ...]:
    """The index in `there` of each wanted name. None if it has another number of columns with this name, or no name.

    Of two columns with the same name, the first one is the first one there, too.
    """
    places: dict[str, list[int]] = {}
    for index, name in enumerate(there):
        places.setdefault(name, []).append(index)
    counts = Counter(wanted)
    left = {name: iter(places[name]) for name in counts if name and len(places.get(name, ())) == counts[name]}
    return tuple(next(left[name]) if name in left else None for name in wanted)


def find_column(column: str, names: Sequence[str]) -> int | None:
    """The index of the column with this name or these letters; NOT_USED without any, None if there is none."""
    if not column:
        return NOT_USED
    if column in names:
        return names.index(column)
    reduced = [reduce_name(name) for name in names]
    wanted = reduce_name(column)
    if wanted and wanted in reduced:
        return reduced.index(wanted)
    if column.isascii() and column.isalpha() and len(column) <= 2:
        return index_of_letters(column.upper())
    return None
