"""Find the rows of a block that may have something wrong, a column at a time.

Of a real file nearly all rows are plain: an address in small ASCII letters, names and a description as they should
be. To find the others costs least where Python's own loops in C do it: one call looks at 256 cells. Whoever is found
here is looked at again, alone and closely; whoever is not has nothing wrong, and his cells are good as they stand.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import filterfalse

from invites.checking.address import is_plain_address, sift_addresses
from invites.checking.cells import FIRST_NAME_NEEDED, LAST_NAME_NEEDED
from invites.checking.names import (
    LONGEST_SHORT_DESCRIPTION,
    LONGEST_SHORT_NAME,
    check_description,
    check_name,
    sift_descriptions,
    sift_names,
)
from invites.checking.report import Limits

_CELLS_KEPT, _LONGEST_KEPT = 10_000, 200


class Known:
    """Cells that were looked at before, so that the next one like them need not be looked at again."""

    def __init__(self, is_good: Callable[[str], bool]) -> None:
        self._is_good = is_good
        self._good: set[str] = set()
        self._wrong: set[str] = set()

    def is_wrong(self, cell: str) -> bool:
        """Whether the cell is not good as it stands."""
        if cell in self._good:
            return False
        if cell in self._wrong:
            return True
        is_good = self._is_good(cell)
        known = self._good if is_good else self._wrong
        # What is remembered comes to an end, so that the memory does.
        if len(known) < _CELLS_KEPT and len(cell) <= _LONGEST_KEPT:
            known.add(cell)
        return not is_good


class PlainRows:
    """Knows plain rows. Holds for one file."""

    def __init__(self, limits: Limits) -> None:
        self._first_names = Known(lambda name: check_name(name, FIRST_NAME_NEEDED, limits) == name)
        self._last_names = Known(lambda name: check_name(name, LAST_NAME_NEEDED, limits) == name)
        self._descriptions = Known(lambda text: check_description(text, limits) == text)
        # Limits lower than what the quick look takes for granted: everything is looked at closely.
        self._sifts = limits.max_name >= LONGEST_SHORT_NAME and limits.max_description >= LONGEST_SHORT_DESCRIPTION

    def find_others(
        self, emails: Sequence[str], first: Sequence[str], last: Sequence[str], descriptions: Sequence[str]
    ) -> set[int]:
        """The places, in the block, of the rows that are not plain. No cell holds a line break."""
        if not self._sifts:
            return set(range(len(emails)))
        return {
            *_places(emails, filterfalse(is_plain_address, sift_addresses(emails))),
            *_places(first, filter(self._first_names.is_wrong, sift_names(first))),
            *_places(last, filter(self._last_names.is_wrong, sift_names(last))),
            *_places(descriptions, filter(self._descriptions.is_wrong, sift_descriptions(descriptions))),
        }


def _places(cells: Sequence[str], some: Iterable[str]) -> Iterator[int]:
    """Where some of the cells stand, which come in the order in which they do."""
    place = -1
    for cell in some:
        place = cells.index(cell, place + 1)
        yield place
