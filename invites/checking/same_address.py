"""Compare the rows that have the same address: the same person again, or another one.

Only files with such rows need the names of earlier rows, and where each address occurs first. So the check doesn't keep
them before it finds the first repeated address; then it reads the names of all rows up to there again. Names are
compared themselves, and not their hashes, so two names never count as the same by chance.
"""

from __future__ import annotations

import unicodedata
from array import array
from collections.abc import Sequence
from itertools import accumulate, repeat

from invites.checking.catalog import row_problem
from invites.checking.cells.error import CellError, Param
from invites.checking.cells.text import trim, visible
from invites.checking.columns import EMAIL, Cells
from invites.checking.problem import Problem

ADDRESS_OF_ANOTHER = "address_of_another"
# How many people in a file may have someone else's address. If there are more, the file is rejected: the address was
# hardly meant as theirs, and every edit of a row compares it with all rows that have its address.
MOST_OTHERS = 1_000
_LONGEST_NAME = 60


def name_key(first_name: str, last_name: str) -> str:
    """The name in a form in which it is compared: without regard to case, spaces and Unicode forms.

    Two rows with the same address and the same key are one person. It doesn't matter where the name is split.
    """
    name = " ".join(f"{trim(first_name)} {trim(last_name)}".split())
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def address_problem(
    *, row: int, line: int, value: str, first: int, other: Cells, sheets: Sequence[tuple[str, int]] = ()
) -> Problem:
    """The problem of a row whose address is that of another person: `other`, in row `first`.

    `sheets` are the names of several sheets, each with the number that its rows start after. Besides what the message
    shows, the parameters have the `key` of the other name.
    """
    place: dict[str, Param] = {"case": "row", "first": first}
    for sheet, before in sheets:
        if before < first:
            place = {"case": "sheet", "first": first - before, "sheet": visible(sheet)}
    params: dict[str, Param] = {
        **place,
        "number": first,
        "name": visible(f"{other.first_name} {other.last_name}", limit=_LONGEST_NAME),
        "key": name_key(other.first_name, other.last_name),
    }
    return row_problem(CellError(ADDRESS_OF_ANOTHER, params), row=row, line=line, column=EMAIL.key, value=value)


class Addresses:
    """The addresses of the rows so far, as keys in chunks. A row without one has an empty key.

    As long as none is repeated, one set of them is enough. The garbage collector tracks neither sets and dicts of
    strings and numbers, nor tuples of strings.
    """

    def __init__(self) -> None:
        self.chunks: list[Sequence[str]] = []
        self._all: set[str] = set()
        self._first_chunks: dict[str, int] = {}  # the chunk in which each address occurs first, once one is repeated
        self._are_unique = True

    def add(self, keys: Sequence[str]) -> list[int] | None:
        """Add the keys of the next chunk. The chunk in which each of them occurs first; None if all are new."""
        self.chunks.append(tuple(keys))
        if self._are_unique:
            # This is faster than to update the large set and compare its length.
            distinct = set(keys)
            distinct.discard("")
            if len(distinct) == len(keys) - keys.count("") and self._all.isdisjoint(distinct):
                self._all |= distinct
                return None
            self._are_unique = False
            self._all.clear()
            for number, earlier in enumerate(self.chunks[:-1]):
                self._find_first_chunks(earlier, number)
        return self._find_first_chunks(keys, len(self.chunks) - 1)

    def replace_last(self, keys: Sequence[str]) -> None:
        """The same for the last chunk, with some keys empty: those of repeated addresses needn't be kept."""
        self.chunks[-1] = tuple(keys)

    def _find_first_chunks(self, keys: Sequence[str], number: int) -> list[int]:
        return list(map(self._first_chunks.setdefault, keys, repeat(number)))


class Names:
    """The names of the rows so far, as one text for each chunk: this takes little more memory than the file."""

    def __init__(self) -> None:
        # With the place at which each name ends.
        self._chunks: list[tuple[str, array[int]]] = []

    def add(self, first_names: Sequence[str], last_names: Sequence[str]) -> None:
        """Add the names of the next chunk, which has as many first names as last names."""
        names = [*first_names, *last_names]
        self._chunks.append(("".join(names), array("I", accumulate(map(len, names)))))

    def name_at(self, chunk: int, position: int) -> tuple[str, str]:
        """The first and the last name at this position of a chunk."""
        text, ends = self._chunks[chunk]
        first, last = (
            text[ends[place - 1] if place else 0 : ends[place]] for place in (position, len(ends) // 2 + position)
        )
        return trim(first), trim(last)
